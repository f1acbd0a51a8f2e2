#include "core/id/short_codes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/exact_math.hpp"
#include "core/base/value.hpp"

namespace syslab {
namespace {

constexpr std::string_view kMethods[] = {"random", "hash", "counter", "sequence"};

// base^length, or 0 where that is 2^63 or more.
std::uint64_t codes_of(std::uint64_t base, std::size_t length) {
  std::uint64_t codes = 1;
  for (std::size_t i = 0; i < length; ++i) {
    if (__builtin_mul_overflow(codes, base, &codes) || codes >> 63 != 0) return 0;
  }
  return codes;
}

}  // namespace

std::string ShortCodes::valid(const ShortCodesOptions& o) {
  if (const std::string wrong = Base62::valid(o.alphabet); !wrong.empty()) return "alphabet: " + wrong;
  if (o.length < 1 || o.length > 62) return fmt::format("length: expected 1 to 62, got {}", o.length);
  if (codes_of(o.alphabet.size(), o.length) == 0) {
    return fmt::format("length: {}^{} codes are 2^63 or more; take fewer characters", o.alphabet.size(),
                       o.length);
  }
  if (o.most_tries < 1) return "tries: expected at least 1";
  return "";
}

ShortCodes::ShortCodes(const ShortCodesOptions& o)
    : options_(o),
      digits_(o.alphabet),
      space_(codes_of(o.alphabet.size(), o.length)),
      permutation_(std::max<std::uint64_t>(space_, 1), o.seed),
      rng_(o.seed) {
  SYSLAB_ASSERT(valid(o).empty());
}

std::uint64_t ShortCodes::candidate(std::string_view text, std::uint64_t attempt) {
  switch (options_.method) {
    case ShortCodesOptions::Method::random:
      return rng_.below(space_);
    case ShortCodesOptions::Method::hash: {
      __extension__ const auto product =
          static_cast<unsigned __int128>(Value(text).hash(mix64(options_.seed + attempt))) * space_;
      return static_cast<std::uint64_t>(product >> 64);
    }
    case ShortCodesOptions::Method::counter:
      return permutation_.permute(counter_);
    case ShortCodesOptions::Method::sequence:
      return counter_;
  }
  return 0;
}

Expected<std::string> ShortCodes::assign(std::string_view text) {
  // Equal texts have one code by their hash, also when there is no other left.
  const bool by_hash = options_.method == ShortCodesOptions::Method::hash;
  if (!by_hash && (size() >= space_ || size() >= kMostHeld)) {
    return make_error("exhausted", fmt::format("all {} codes are given out", size()));
  }
  for (std::uint64_t attempt = 0; attempt < options_.most_tries; ++attempt) {
    const std::uint64_t code = candidate(text, attempt);
    ++tries_;
    worst_tries_ = std::max(worst_tries_, attempt + 1);
    const Entry* taken = find(code);
    if (taken == nullptr) {
      if (size() >= kMostHeld) break;
      codes_.insert(fold_hash(code), {code, static_cast<std::uint32_t>(texts_.size())});
      texts_.emplace_back(text);
      ++counter_;
      return digits_.encode(code, options_.length);
    }
    if (by_hash && texts_[taken->text] == text) return digits_.encode(code, options_.length);
    ++collisions_;
  }
  return make_error("exhausted", fmt::format("{} tries met only taken codes; {} of {} are given out",
                                             options_.most_tries, size(), space_));
}

Expected<std::string> ShortCodes::resolve(std::string_view code) const {
  if (code.size() != options_.length) {
    return make_error("malformed",
                      fmt::format("a code has {} characters, and this has {}", options_.length, code.size()));
  }
  const Expected<std::uint64_t> number = digits_.decode(code);
  if (!number) return number.error();
  const Entry* entry = find(*number);
  if (entry == nullptr) return make_error("not_found", fmt::format("no text has the code '{}'", code));
  return texts_[entry->text];
}

double ShortCodes::expected_collisions() const {
  const auto n = static_cast<double>(size());
  const auto all = static_cast<double>(space_);
  if (options_.method == ShortCodesOptions::Method::counter ||
      options_.method == ShortCodesOptions::Method::sequence) {
    return 0;
  }
  // The sum of N / (N - i) - 1 is N (H_N - H_(N-n)) - n. Small rests are added one by one, large ones by the
  // logarithm that harmonic numbers tend to.
  if (all <= 1e6) {
    double sum = 0;
    for (double i = 0; i < n; ++i) sum += i / (all - i);
    return sum;
  }
  const double rest = std::max(all - n, 1.0);
  return all * (exact_log1p(n / rest) + 0.5 / all - 0.5 / rest) - n;
}

std::string ShortCodes::describe() const {
  return fmt::format("{}, {} of {} codes of {} characters", kMethods[static_cast<int>(options_.method)],
                     size(), space_, options_.length);
}

void ShortCodes::check_invariants() const {
  SYSLAB_ASSERT(codes_.size() == texts_.size());
  SYSLAB_ASSERT(size() <= space_);
  SYSLAB_ASSERT(tries_ >= collisions_ + size());
  std::size_t held = 0;
  for (std::size_t i = 0; i < codes_.buckets(); ++i) {
    const Entry* entry = codes_.at(i);
    if (entry == nullptr) continue;
    SYSLAB_ASSERT(entry->code < space_ && entry->text < texts_.size());
    SYSLAB_ASSERT(find(entry->code) == entry);
    ++held;
  }
  SYSLAB_ASSERT(held == size());
}

}  // namespace syslab
