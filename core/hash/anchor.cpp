#include "core/hash/anchor.hpp"

namespace syslab {

Anchor::Anchor(std::uint32_t capacity) : buckets_(capacity) {
  SYSLAB_ASSERT(capacity >= 1 && capacity <= kMostCapacity);
  build({});
}

PlacementTraits Anchor::limits() const {
  PlacementTraits traits = kTraits;
  traits.nodes_max = capacity();
  return traits;
}

void Anchor::build(std::span<const std::uint32_t> order) {
  const std::uint32_t all = capacity();
  const auto used = static_cast<std::uint32_t>(order.size());
  working_.resize(all);
  last_.resize(all);
  bucket_at_.assign(used, 0);
  removed_.clear();
  for (std::uint32_t b = 0; b < all; ++b) {
    buckets_[b] = {0, b};
    working_[b] = last_[b] = b;
  }
  // Those beyond leave first, the highest before the others, so that bucket `used` is the next one to come.
  for (std::uint32_t b = all; b-- > used;) {
    removed_.push_back(b);
    buckets_[b].left = b;
  }
  for (std::uint32_t b = 0; b < used; ++b) {
    buckets_[b].next = order[b];
    bucket_at_[order[b]] = b;
  }
}

void Anchor::added(std::size_t place) {
  const auto used = static_cast<std::uint32_t>(bucket_at_.size());
  const std::uint32_t b = removed_.back();
  removed_.pop_back();
  buckets_[b].left = 0;
  last_[working_[used]] = used;
  working_[last_[b]] = b;
  bucket_at_.insert(bucket_at_.begin() + static_cast<std::ptrdiff_t>(place), b);
  for (std::size_t i = place; i < bucket_at_.size(); ++i)
    buckets_[bucket_at_[i]].next = static_cast<std::uint32_t>(i);
}

void Anchor::removed(std::size_t place) {
  const std::uint32_t b = bucket_at_[place];
  bucket_at_.erase(bucket_at_.begin() + static_cast<std::ptrdiff_t>(place));
  for (std::size_t i = place; i < bucket_at_.size(); ++i)
    buckets_[bucket_at_[i]].next = static_cast<std::uint32_t>(i);
  const auto used = static_cast<std::uint32_t>(bucket_at_.size());
  removed_.push_back(b);
  buckets_[b].left = used;
  working_[last_[b]] = buckets_[b].next = working_[used];
  last_[working_[used]] = last_[b];
}

void Anchor::check() const {
  const std::size_t used = nodes_.size();
  SYSLAB_ASSERT(bucket_at_.size() == used && removed_.size() + used == capacity());
  for (std::size_t i = 0; i < used; ++i) {
    SYSLAB_ASSERT(buckets_[bucket_at_[i]].left == 0 && buckets_[bucket_at_[i]].next == i);
    SYSLAB_ASSERT(last_[working_[i]] == i && buckets_[working_[i]].left == 0);
  }
  // The last to leave saw the fewest left behind.
  for (std::size_t i = 0; i < removed_.size(); ++i) {
    SYSLAB_ASSERT(buckets_[removed_[i]].left == capacity() - 1 - i);
  }
}

std::unique_ptr<Placement> make_anchor(std::uint32_t capacity) {
  return std::make_unique<Anchor>(capacity);
}

}  // namespace syslab
