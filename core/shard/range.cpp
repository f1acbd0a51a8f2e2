#include "core/shard/range.hpp"

#include <algorithm>

#include "core/base/assert.hpp"

namespace syslab {

std::vector<Value> even_splits(std::vector<Value> sample, std::size_t ranges) {
  std::sort(sample.begin(), sample.end());
  std::vector<Value> splits;
  for (std::size_t i = 1; i < ranges && !sample.empty(); ++i) {
    const Value& at = sample[i * sample.size() / ranges];
    if (sample.front() < at && (splits.empty() || splits.back() < at)) splits.push_back(at);
  }
  return splits;
}

RangeRouter::RangeRouter(std::vector<Value> splits) {
  std::sort(splits.begin(), splits.end());
  splits.erase(std::unique(splits.begin(), splits.end()), splits.end());
  ranges_.push_back({});
  for (Value& at : splits) {
    SYSLAB_ASSERT(!at.is_nil());
    ranges_.push_back({std::move(at), kNobody});
  }
}

std::size_t RangeRouter::range_of(const Value& key) const {
  const auto above = std::upper_bound(ranges_.begin() + 1, ranges_.end(), key,
                                      [](const Value& k, const Range& range) { return k < range.from; });
  return static_cast<std::size_t>(above - ranges_.begin()) - 1;
}

std::vector<std::size_t> RangeRouter::touched(const KeyRange& range) const {
  if (!range.to.is_nil() && !(range.from < range.to)) return {};
  std::vector<std::size_t> places;
  for (std::size_t i = range.from.is_nil() ? 0 : range_of(range.from); i < ranges_.size(); ++i) {
    if (i > 0 && !range.to.is_nil() && !(ranges_[i].from < range.to)) break;
    places.push_back(ranges_[i].shard);
  }
  std::sort(places.begin(), places.end());
  places.erase(std::unique(places.begin(), places.end()), places.end());
  return places;
}

std::size_t RangeRouter::memory_bytes() const {
  std::size_t bytes = ranges_.capacity() * sizeof(Range);
  for (const Range& range : ranges_) bytes += range.from.size_bytes();
  return bytes;
}

bool RangeRouter::split(const Value& at) {
  SYSLAB_ASSERT(!at.is_nil());
  const std::size_t i = range_of(at);
  if (i > 0 && ranges_[i].from == at) return false;
  ranges_.insert(ranges_.begin() + static_cast<std::ptrdiff_t>(i) + 1, {at, ranges_[i].shard});
  return true;
}

bool RangeRouter::merge(const Value& at) {
  const std::size_t i = range_of(at);
  if (i == 0 || !(ranges_[i].from == at)) return false;
  ranges_.erase(ranges_.begin() + static_cast<std::ptrdiff_t>(i));
  return true;
}

std::vector<std::uint32_t> RangeRouter::counts() const {
  std::vector<std::uint32_t> has(shards_.size(), 0);
  for (const Range& range : ranges_) {
    if (range.shard != kNobody) ++has[range.shard];
  }
  return has;
}

void RangeRouter::build(std::span<const std::uint32_t> order) {
  for (Range& range : ranges_) range.shard = kNobody;
  if (shards_.empty()) return;
  const auto share = shares_of(static_cast<std::uint32_t>(ranges_.size()), shards_,
                               std::vector<std::uint32_t>(shards_.size(), 0));
  std::size_t next = 0;
  for (const std::uint32_t place : order) {
    for (std::uint32_t i = 0; i < share[place]; ++i) ranges_[next++].shard = place;
  }
}

void RangeRouter::added(std::size_t place) {
  for (Range& range : ranges_) range.shard += range.shard != kNobody && range.shard >= place;
  if (shards_.size() == 1) {
    for (Range& range : ranges_) range.shard = 0;
    return;
  }
  // Whole ranges, the last ones first, of those which have more than their share.
  auto has = counts();
  const auto share = shares_of(static_cast<std::uint32_t>(ranges_.size()), shards_, has);
  for (std::size_t i = ranges_.size(); i-- > 0 && has[place] < share[place];) {
    std::uint32_t& owner = ranges_[i].shard;
    if (owner == place || has[owner] <= share[owner]) continue;
    --has[owner];
    ++has[place];
    owner = static_cast<std::uint32_t>(place);
  }
}

void RangeRouter::removed(std::size_t place) {
  for (Range& range : ranges_) {
    if (range.shard == place) range.shard = kNobody;
    range.shard -= range.shard != kNobody && range.shard > place;
  }
  if (shards_.empty()) return;
  auto has = counts();
  const auto relative = [&](std::uint32_t shard) { return has[shard] / shards_[shard].weight; };
  for (std::size_t i = 0; i < ranges_.size(); ++i) {
    if (ranges_[i].shard != kNobody) continue;
    const std::uint32_t below = i > 0 ? ranges_[i - 1].shard : kNobody;
    std::size_t k = i + 1;
    while (k < ranges_.size() && ranges_[k].shard == kNobody) ++k;
    const std::uint32_t above = k < ranges_.size() ? ranges_[k].shard : kNobody;
    std::uint32_t heir = below == kNobody ? above : below;
    if (below != kNobody && above != kNobody && relative(above) < relative(below)) heir = above;
    if (heir == kNobody) {  // nobody has a range: those who are there share them all
      for (std::uint32_t s = heir = 0; s < shards_.size(); ++s) {
        if (relative(s) < relative(heir)) heir = s;
      }
    }
    ranges_[i].shard = heir;
    ++has[heir];
  }
}

void RangeRouter::check_invariants() const {
  Router::check_invariants();
  SYSLAB_ASSERT(!ranges_.empty() && ranges_[0].from.is_nil());
  for (std::size_t i = 0; i < ranges_.size(); ++i) {
    SYSLAB_ASSERT(i < 2 || ranges_[i - 1].from < ranges_[i].from);
    SYSLAB_ASSERT(shards_.empty() ? ranges_[i].shard == kNobody : ranges_[i].shard < shards_.size());
  }
}

}  // namespace syslab
