// SlotIndex: from a 64-bit hash to a slot number in the caller's own arrays. The keys stay with the caller,
// who tells on a match whether it is the right one, so one index serves numbers, strings and per-client state
// alike.
//
// Open addressing with linear probing, load at most 1/2. A bucket holds the slot and the upper 32 bits of the
// hash: the bits that differ between neighbours filter nearly every wrong key without touching the caller's
// memory, and the home position can be had from them, so deletion (by shifting back, no tombstones) and
// growth read nothing else. Home is the top bits of the hash: use a hash whose top bits are good (mix64,
// xxh3, a multiply).
//
// Cost: find, insert, erase O(1) expected, one cache miss; 16 bytes an entry at full load. Slots are 1 to
// 2^31.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/assert.hpp"

namespace syslab {

using Slot = std::uint32_t;
inline constexpr Slot kNoSlot = 0;

class SlotIndex {
 public:
  SlotIndex() { clear(); }

  std::size_t size() const { return size_; }

  // The slot with this hash for which `same(slot)` is true, or kNoSlot.
  template <class Same>
  Slot find(std::uint64_t hash, Same&& same) const {
    const auto tag = static_cast<std::uint32_t>(hash >> 32);
    for (std::size_t i = home(tag);; i = (i + 1) & mask_) {
      const Bucket& bucket = buckets_[i];
      if (bucket.slot == kNoSlot) return kNoSlot;
      if (bucket.tag == tag && same(bucket.slot)) return bucket.slot;
    }
  }

  // Requires: the slot is not in the index.
  void insert(std::uint64_t hash, Slot slot) {
    if (2 * (size_ + 1) > buckets_.size()) rehash(2 * buckets_.size());
    place({static_cast<std::uint32_t>(hash >> 32), slot});
    ++size_;
  }

  // Requires: the slot is in the index under this hash.
  void erase(std::uint64_t hash, Slot slot) {
    std::size_t hole = home(static_cast<std::uint32_t>(hash >> 32));
    while (buckets_[hole].slot != slot) {
      SYSLAB_ASSERT(buckets_[hole].slot != kNoSlot);
      hole = (hole + 1) & mask_;
    }
    for (std::size_t i = hole;;) {
      i = (i + 1) & mask_;
      if (buckets_[i].slot == kNoSlot) break;
      // The entry at i may fill the hole if its home is not cyclically within (hole, i].
      if (((i - home(buckets_[i].tag)) & mask_) >= ((i - hole) & mask_)) {
        buckets_[hole] = buckets_[i];
        hole = i;
      }
    }
    buckets_[hole] = {};
    --size_;
  }

  void clear() {
    buckets_.assign(kMinBuckets, {});
    size_ = 0;
    fit();
  }

  // Makes room for this many entries at once.
  void reserve(std::size_t entries) {
    if (2 * entries > buckets_.size()) rehash(std::bit_ceil(2 * entries));
  }

  // Starts loading the bucket of a hash that is about to be looked up.
  void prefetch(std::uint64_t hash) const {
    __builtin_prefetch(buckets_.data() + home(static_cast<std::uint32_t>(hash >> 32)));
  }
  // The slot that a look-up would probably end at, from the home bucket alone; may be wrong or kNoSlot.
  Slot guess(std::uint64_t hash) const { return buckets_[home(static_cast<std::uint32_t>(hash >> 32))].slot; }

 private:
  struct Bucket {
    std::uint32_t tag = 0;
    Slot slot = kNoSlot;
  };
  static constexpr std::size_t kMinBuckets = 16;
  static constexpr std::size_t kMaxBuckets = std::size_t{1} << 32;

  std::size_t home(std::uint32_t tag) const { return tag >> shift_; }

  void place(Bucket bucket) {
    std::size_t i = home(bucket.tag);
    while (buckets_[i].slot != kNoSlot) i = (i + 1) & mask_;
    buckets_[i] = bucket;
  }

  void rehash(std::size_t buckets) {
    SYSLAB_ASSERT(buckets <= kMaxBuckets);
    std::vector<Bucket> old(buckets);
    old.swap(buckets_);
    fit();
    for (const Bucket& bucket : old) {
      if (bucket.slot != kNoSlot) place(bucket);
    }
  }

  void fit() {
    mask_ = buckets_.size() - 1;
    shift_ = 32 - std::countr_zero(buckets_.size());
  }

  std::vector<Bucket> buckets_;  // a power of two
  std::size_t mask_ = 0;
  int shift_ = 0;
  std::size_t size_ = 0;
};

}  // namespace syslab
