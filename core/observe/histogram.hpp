// A mergeable histogram of non-negative integers (nanoseconds, bytes, ...) with a bounded relative error.
//
// Log-linear buckets as in HdrHistogram (Tene): every power of two is cut into 2^precision_bits buckets of
// equal width, so a bucket is at most 2^-precision_bits of its values wide, and values below
// 2^(precision_bits + 1) are exact. Everything is integer, so merging is exact and the order of records and
// merges leaves no trace. Count, sum, least and largest value are exact.
//
// Cost: record O(1), about 3 ns; percentile O(buckets). Memory: 8 bytes a bucket between the least and the
// largest value seen, at most 58 * 2^precision_bits of them; an empty histogram has none.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "core/base/assert.hpp"

namespace syslab {

class Histogram {
 public:
  // 7 bits: relative error at most 1/128. Requires: 1 <= precision_bits <= 14.
  explicit Histogram(int precision_bits = 7) : precision_bits_(precision_bits) {
    SYSLAB_ASSERT(precision_bits >= 1 && precision_bits <= 14);
  }

  // Requires: value >= 0.
  void record(std::int64_t value) { record(value, 1); }
  void record(std::int64_t value, std::uint64_t times) {
    SYSLAB_ASSERT(value >= 0);
    if (times == 0) return;
    const std::uint32_t index = index_of(value);
    // One comparison for both ends: below first_ the difference wraps round.
    if (index - first_ >= counts_.size()) [[unlikely]] {
      cover(index, index);
    }
    counts_[index - first_] += times;
    add(value, value, times, static_cast<Sum>(value) * times);
  }

  // Adds everything that `other` has recorded. Requires: the same precision.
  void merge(const Histogram& other);

  std::uint64_t count() const { return count_; }
  bool empty() const { return count_ == 0; }
  // The exact extremes; 0 if empty.
  std::int64_t min() const { return empty() ? 0 : min_; }
  std::int64_t max() const { return max_; }
  // 0 if empty.
  double mean() const { return empty() ? 0 : sum() / static_cast<double>(count_); }
  double sum() const { return static_cast<double>(sum_); }
  int precision_bits() const { return precision_bits_; }

  // The least bucket end v such that at least p percent of the values are <= v: never below the exact
  // percentile, and above it by at most a 2^-precision_bits part. percentile(0) is min(), percentile(100) is
  // max(); 0 if empty.
  std::int64_t percentile(double p) const;

  // Calls f(low, high, count) for every bucket that is not empty, in rising order; it holds values low..high
  // inclusive.
  template <class F>
  void for_each(F&& f) const {
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      if (counts_[i] != 0) f(low_of(first_ + i), high_of(first_ + i), counts_[i]);
    }
  }

  // True if both hold the same counts: what was recorded may differ within buckets only in ways that keep the
  // sum.
  bool operator==(const Histogram& other) const = default;

 private:
  __extension__ using Sum = unsigned __int128;

  // Below 2^(b+1) the index is the value. Above, e doublings on, the value is shifted right by e, which
  // leaves its upper b+1 bits, and e blocks of 2^b buckets lie below.
  std::uint32_t index_of(std::int64_t value) const {
    const auto v = static_cast<std::uint64_t>(value);
    const int shift = std::bit_width(v | ((2ull << precision_bits_) - 1)) - (precision_bits_ + 1);
    return (static_cast<std::uint32_t>(shift) << precision_bits_) + static_cast<std::uint32_t>(v >> shift);
  }
  std::int64_t low_of(std::uint64_t index) const {
    const std::uint64_t block = index >> precision_bits_;
    if (block < 2) return static_cast<std::int64_t>(index);
    const std::uint64_t shift = block - 1;
    return static_cast<std::int64_t>((index - (shift << precision_bits_)) << shift);
  }
  std::int64_t high_of(std::uint64_t index) const {
    const std::uint64_t block = index >> precision_bits_;
    return block < 2 ? low_of(index) : low_of(index) + static_cast<std::int64_t>((1ull << (block - 1)) - 1);
  }

  void add(std::int64_t least, std::int64_t largest, std::uint64_t count, Sum sum) {
    if (least < min_) min_ = least;
    if (largest > max_) max_ = largest;
    count_ += count;
    sum_ += sum;
  }
  void cover(std::uint32_t first, std::uint32_t last);

  // Invariant: counts_ covers whole blocks of kBlock indices, from that of min_ to that of max_, so equal
  // contents have equal vectors.
  int precision_bits_;
  std::uint32_t first_ = 0;
  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  std::int64_t min_ = INT64_MAX;
  std::int64_t max_ = 0;
  Sum sum_ = 0;
};

}  // namespace syslab
