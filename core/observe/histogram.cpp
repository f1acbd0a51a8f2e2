#include "core/observe/histogram.hpp"

#include <algorithm>
#include <cmath>

namespace syslab {
namespace {

// Growth in whole blocks bounds the number of reallocations by the range (under 60 at the default precision
// for anything between a nanosecond and a second); a block costs 256 bytes.
constexpr std::uint32_t kBlock = 32;

}  // namespace

void Histogram::cover(std::uint32_t first, std::uint32_t last) {
  first = first / kBlock * kBlock;
  std::uint32_t end = last / kBlock * kBlock + kBlock;
  if (counts_.empty()) {
    first_ = first;
    counts_.resize(end - first);
    return;
  }
  first = std::min(first, first_);
  end = std::max(end, first_ + static_cast<std::uint32_t>(counts_.size()));
  if (first == first_) {
    counts_.resize(end - first);
    return;
  }
  std::vector<std::uint64_t> wider(end - first);
  std::copy(counts_.begin(), counts_.end(), wider.begin() + (first_ - first));
  counts_ = std::move(wider);
  first_ = first;
}

void Histogram::merge(const Histogram& other) {
  SYSLAB_ASSERT(precision_bits_ == other.precision_bits_);
  if (other.empty()) return;
  cover(other.first_, other.first_ + static_cast<std::uint32_t>(other.counts_.size()) - 1);
  // By index, and the size read once: `other` may be this histogram.
  const std::size_t offset = other.first_ - first_;
  for (std::size_t i = 0, n = other.counts_.size(); i < n; ++i) counts_[offset + i] += other.counts_[i];
  add(other.min_, other.max_, other.count_, other.sum_);
}

std::int64_t Histogram::percentile(double p) const {
  if (empty() || !(p > 0)) return min();
  // 99.9 / 100 * 1000 comes out just above 999 in binary; the factor takes such a rounding back before ceil.
  const double rank = std::ceil(p / 100 * static_cast<double>(count_) * (1 - 0x1p-48));
  if (!(rank < static_cast<double>(count_))) return max_;
  const auto wanted = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(rank));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen >= wanted) return std::clamp(high_of(first_ + i), min_, max_);
  }
  return max_;
}

}  // namespace syslab
