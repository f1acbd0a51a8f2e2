#include "core/sketch/bloom.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "core/base/assert.hpp"
#include "core/base/exact_math.hpp"

namespace syslab {

BloomOptions bloom_for(double capacity, double rate) {
  SYSLAB_ASSERT(capacity >= 1 && rate > 0 && rate < 1);
  constexpr double kLn2 = 0.693147180559945309;
  const double bits = std::clamp(std::ceil(-capacity * exact_log(rate) / (kLn2 * kLn2)), 1.0, 0x1p62);
  const double hashes = std::clamp(std::floor(bits / capacity * kLn2 + 0.5), 1.0, double{Bloom::kMostHashes});
  return {static_cast<std::uint64_t>(bits), static_cast<int>(hashes)};
}

double bloom_false_positives(const BloomOptions& o, double keys) {
  const double log_zero = o.hashes * keys * exact_log1p(-1 / static_cast<double>(o.bits));
  return exact_pow(-exact_expm1(log_zero), o.hashes);
}

Bloom::Bloom(const BloomOptions& options) : options_(options) {
  SYSLAB_ASSERT(options.bits >= 1 && options.hashes >= 1 && options.hashes <= kMostHashes);
  words_.resize((options.bits + 63) / 64);
}

Bloom::Bloom(const BloomOptions& options, std::vector<std::uint64_t> words, std::uint64_t size)
    : options_(options), words_(std::move(words)), size_(size) {
  SYSLAB_ASSERT(words_.size() == (options.bits + 63) / 64);
}

void Bloom::clear() {
  std::fill(words_.begin(), words_.end(), 0);
  size_ = 0;
}

bool Bloom::remove(std::uint64_t) {
  SYSLAB_ASSERT(removable());
  return false;
}

std::optional<Error> Bloom::merge(const Sketch& other) {
  const auto* bloom = dynamic_cast<const Bloom*>(&other);
  if (bloom == nullptr || bloom->options_.bits != options_.bits ||
      bloom->options_.hashes != options_.hashes) {
    return unlike(*this, other);
  }
  for (std::size_t i = 0; i < words_.size(); ++i) words_[i] |= bloom->words_[i];
  size_ += bloom->size_;
  return std::nullopt;
}

double Bloom::fill() const {
  std::uint64_t set = 0;
  for (const std::uint64_t word : words_) set += static_cast<std::uint64_t>(std::popcount(word));
  return static_cast<double>(set) / static_cast<double>(options_.bits);
}

void Bloom::check_invariants() const {
  // A key sets at most k bits, and no bit behind the last is set.
  SYSLAB_ASSERT(fill() * static_cast<double>(options_.bits) <= static_cast<double>(size_) * options_.hashes);
  const std::uint64_t used = options_.bits % 64;
  SYSLAB_ASSERT(used == 0 || words_.back() >> used == 0);
}

std::string Bloom::describe() const {
  return fmt::format("bloom{{bits = {}, hashes = {}}}", options_.bits, options_.hashes);
}

}  // namespace syslab
