#include "core/sketch/counting_bloom.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/assert.hpp"

namespace syslab {

CountingBloom::CountingBloom(const BloomOptions& options) : options_(options) {
  SYSLAB_ASSERT(options.bits >= 1 && options.hashes >= 1 && options.hashes <= Bloom::kMostHashes);
  counters_.resize((options.bits + 1) / 2);
}

void CountingBloom::clear() {
  std::fill(counters_.begin(), counters_.end(), 0);
  size_ = 0;
}

// Where a key's places coincide it counts there twice, on its way in and on its way out.
bool CountingBloom::add(std::uint64_t hash) {
  Probes probes(hash);
  for (int i = 0; i < options_.hashes; ++i) {
    const std::uint64_t place = probes.next(options_.bits);
    if (const unsigned count = counter(place); count != kStuck) set(place, count + 1);
  }
  ++size_;
  return true;
}

bool CountingBloom::contains(std::uint64_t hash) const {
  Probes probes(hash);
  for (int i = 0; i < options_.hashes; ++i) {
    if (counter(probes.next(options_.bits)) == 0) return false;
  }
  return true;
}

bool CountingBloom::remove(std::uint64_t hash) {
  if (!contains(hash) || size_ == 0) return false;
  Probes probes(hash);
  for (int i = 0; i < options_.hashes; ++i) {
    const std::uint64_t place = probes.next(options_.bits);
    // Zero is possible for a key that never was added, whose places coincide.
    if (const unsigned count = counter(place); count != kStuck && count != 0) set(place, count - 1);
  }
  --size_;
  return true;
}

std::optional<Error> CountingBloom::merge(const Sketch& other) {
  const auto* bloom = dynamic_cast<const CountingBloom*>(&other);
  if (bloom == nullptr || bloom->options_.bits != options_.bits ||
      bloom->options_.hashes != options_.hashes) {
    return unlike(*this, other);
  }
  for (std::uint64_t i = 0; i < options_.bits; ++i) set(i, std::min(kStuck, counter(i) + bloom->counter(i)));
  size_ += bloom->size_;
  return std::nullopt;
}

std::uint64_t CountingBloom::stuck() const {
  std::uint64_t n = 0;
  for (std::uint64_t i = 0; i < options_.bits; ++i) n += counter(i) == kStuck;
  return n;
}

void CountingBloom::check_invariants() const {
  // Each key counts k times, unless counters are stuck or keys were taken out that never were in.
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < options_.bits; ++i) sum += counter(i);
  SYSLAB_ASSERT(stuck() > 0 || sum >= size_ * static_cast<std::uint64_t>(options_.hashes));
  SYSLAB_ASSERT(options_.bits % 2 == 0 || counters_.back() >> 4 == 0);
}

std::string CountingBloom::describe() const {
  return fmt::format("bloom{{bits = {}, hashes = {}, counting = true}}", options_.bits, options_.hashes);
}

}  // namespace syslab
