// ProbeTable<Entry>: the open-addressing hash table of the house, for whoever keeps millions of small entries
// by hash.
//
// Beside the entries lies one byte per bucket: 0 where it is free, else seven bits of the hash. A look-up
// compares eight such bytes at once, from the home bucket on, and so nearly always goes straight to the right
// entry: no chain of unpredictable branches, and the bytes of 100 000 entries stay in the processor's cache.
// (The idea is Abseil's Swiss table; here with linear probing and deletion by shifting back, so that there
// are no marks of the dead to sweep.) At most 3/4 full; any number of buckets. Deterministic: no addresses,
// no randomness. Not for keys of an adversary.
//
// Entry is a small plain struct with `std::uint64_t hash() const`, good in its upper 32 and its lower 7 bits;
// the lower ones are looked at only by look-ups, so an entry may forget them. Pointers to entries are valid
// until the next insert or erase. Cost: O(1) expected, one cache miss; 1.33 to 2.7 times (sizeof(Entry) + 1)
// bytes an entry.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/assert.hpp"

namespace syslab {

// A quick hash of a number for such tables: one wide multiplication, both halves folded (Wang Yi's wyhash).
// Good for any pattern of numbers, and half the price of mix64.
inline std::uint64_t fold_hash(std::uint64_t x) {
  __extension__ const auto product =
      static_cast<unsigned __int128>(x ^ 0x9E3779B97F4A7C15ull) * 0xD6E8FEB86659FD93ull;
  return static_cast<std::uint64_t>(product >> 64) ^ static_cast<std::uint64_t>(product);
}

template <class Entry>
class ProbeTable {
  static_assert(std::is_trivially_copyable_v<Entry>);
  static_assert(std::endian::native == std::endian::little);

 public:
  ProbeTable() { clear(); }

  std::size_t size() const { return size_; }
  std::size_t buckets() const { return buckets_; }

  // The entry with this hash for which `same(entry)` is true, or null.
  template <class Same>
  Entry* find(std::uint64_t hash, Same&& same) {
    return const_cast<Entry*>(std::as_const(*this).find(hash, same));
  }
  template <class Same>
  const Entry* find(std::uint64_t hash, Same&& same) const {
    const std::uint64_t pattern = kOnes * tag_of(hash);
    for (std::size_t i = home(hash);; i = wrap(i + kGroup)) {
      const std::uint64_t group = load(i);
      const std::uint64_t free = zero_bytes(group);
      // What lies behind a free bucket does not count. Only the lowest zero byte is certain, so `same` has
      // the last word.
      for (std::uint64_t match = zero_bytes(group ^ pattern) & (lowest(free) - 1); match != 0;
           match &= match - 1) {
        const Entry& entry = entries_[wrap(i + byte_of(match))];
        if (same(entry)) [[likely]]
          return &entry;
      }
      if (free != 0) return nullptr;
    }
  }

  // Requires: no equal entry is in the table; entry.hash() agrees with `hash` in its upper 32 bits.
  Entry* insert(std::uint64_t hash, const Entry& entry) {
    if (4 * (size_ + 1) > 3 * buckets()) rehash(2 * buckets());
    ++size_;
    return place(hash, entry);
  }

  // Requires: the entry is in this table.
  void erase(const Entry* entry) {
    auto hole = static_cast<std::size_t>(entry - entries_.data());
    SYSLAB_ASSERT(hole < buckets() && tags_[hole] != 0);
    for (std::size_t i = wrap(hole + 1); tags_[i] != 0; i = wrap(i + 1)) {
      // It may move to the hole if its home is not behind it.
      if (steps(home(entries_[i].hash()), i) >= steps(hole, i)) {
        entries_[hole] = entries_[i];
        set_tag(hole, tags_[i]);
        hole = i;
      }
    }
    set_tag(hole, 0);
    --size_;
  }

  void clear() {
    size_ = 0;
    allocate(16);
  }

  // Room for so many entries without growing.
  void reserve(std::size_t entries) {
    if (4 * entries > 3 * buckets()) rehash(entries + entries / 3 + 1);
  }

  // The entry of a bucket, or null where it is free: for walking around. Requires: bucket < buckets().
  const Entry* at(std::size_t bucket) const { return tags_[bucket] != 0 ? &entries_[bucket] : nullptr; }

  // Starts loading what find(hash) will touch.
  void prefetch(std::uint64_t hash) const {
    const std::size_t i = home(hash);
    __builtin_prefetch(tags_.data() + i);
    __builtin_prefetch(entries_.data() + i);
  }

 private:
  static constexpr std::size_t kGroup = 8;
  static constexpr std::uint64_t kOnes = 0x0101010101010101;
  static constexpr std::uint64_t kHighBits = 0x8080808080808080;

  static std::uint8_t tag_of(std::uint64_t hash) { return static_cast<std::uint8_t>(hash | 0x80); }
  static std::uint64_t zero_bytes(std::uint64_t x) { return (x - kOnes) & ~x & kHighBits; }
  static std::uint64_t lowest(std::uint64_t x) { return x & -x; }
  static std::size_t byte_of(std::uint64_t mask) {
    return static_cast<std::size_t>(std::countr_zero(mask)) / 8;
  }

  // A fraction of the table (Lemire 2016): any number of buckets will do.
  std::size_t home(std::uint64_t hash) const {
    return static_cast<std::size_t>((hash >> 32) * buckets() >> 32);
  }
  std::size_t wrap(std::size_t i) const { return i < buckets_ ? i : i - buckets_; }
  std::size_t steps(std::size_t from, std::size_t to) const {
    return to - from + (to < from ? buckets() : 0);
  }

  std::uint64_t load(std::size_t i) const {
    std::uint64_t group;
    std::memcpy(&group, &tags_[i], sizeof group);
    return group;
  }
  // The first tags are repeated behind the last, so that a group can be loaded anywhere.
  void set_tag(std::size_t i, std::uint8_t tag) {
    tags_[i] = tag;
    if (i < kGroup) tags_[buckets() + i] = tag;
  }

  Entry* place(std::uint64_t hash, const Entry& entry) {
    std::size_t i = home(hash);
    for (;; i = wrap(i + kGroup)) {
      if (const std::uint64_t free = zero_bytes(load(i)); free != 0) {
        i = wrap(i + byte_of(free));
        break;
      }
    }
    entries_[i] = entry;
    set_tag(i, tag_of(hash));
    return &entries_[i];
  }

  void allocate(std::size_t buckets) {
    SYSLAB_ASSERT(buckets <= std::size_t{1} << 32);
    buckets_ = buckets;
    entries_.assign(buckets, Entry());
    tags_.assign(buckets + kGroup, 0);
  }

  void rehash(std::size_t buckets) {
    std::vector<Entry> entries;
    std::vector<std::uint8_t> tags;
    entries.swap(entries_);
    tags.swap(tags_);
    allocate(buckets);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (tags[i] != 0) place((entries[i].hash() & ~std::uint64_t{0xFF}) | tags[i], entries[i]);
    }
  }

  std::vector<Entry> entries_;
  std::vector<std::uint8_t> tags_;
  std::size_t buckets_ = 0;
  std::size_t size_ = 0;
};

}  // namespace syslab
