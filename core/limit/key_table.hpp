// KeyTable<State>: a state for every key, in bounded memory; what keyed limiters keep their budgets in.
//
// A hand goes round the table. Whenever a new key comes, it passes two entries and takes away those that are
// idle; when the table is full, it looks at a few more and the one that is closest to idle must go. So a
// table is about as large as the number of keys that are busy, and never has more than max_keys. (The idea is
// the incremental expiry of Redis and memcached: no timer, no list, no word of memory for it.)
//
// State is a small plain struct. One array of keys with their states, with linear probing and deletion by
// shifting back, at most 2/3 full: a look-up is a few instructions and nearly always one cache miss, so that
// many of them overlap. (core/base/probe_table.hpp has a byte for each bucket beside the array, which pays
// where entries are large or often missing; here keys are compared as quickly as bytes.) Pointers are valid
// until the next insert or erase. Not for keys of an adversary. Cost: O(1); 1.5 to 3 times (8 +
// sizeof(State)) bytes a key, the former when it is full.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/assert.hpp"
#include "core/base/probe_table.hpp"  // fold_hash
#include "core/base/time.hpp"

namespace syslab {

template <class State>
class KeyTable {
  static_assert(std::is_trivially_copyable_v<State>);

 public:
  // Requires: 1 <= max_keys < 2^31.
  explicit KeyTable(std::size_t max_keys) : max_keys_(max_keys) {
    SYSLAB_ASSERT(max_keys >= 1 && max_keys < (std::size_t{1} << 31));
    clear();
  }

  std::size_t size() const { return size_; }
  std::size_t max_keys() const { return max_keys_; }
  std::size_t size_bytes() const { return entries_.size() * sizeof(Entry); }
  // How many keys were taken away that were not idle.
  std::uint64_t forgotten() const { return forgotten_; }

  State* find(std::uint64_t key) { return const_cast<State*>(std::as_const(*this).find(key)); }
  const State* find(std::uint64_t key) const {
    const Entry* entry = locate(key);
    return entry == nullptr ? nullptr : &entry->state;
  }

  // Requires: the key is not in the table. `idle_at(state)` says from when on a state may go without harm,
  // Instant::max() that it never may; `leave(state)` is told of each that goes. Null where the table is full
  // and none may go: that takes a walk through the table to find out.
  template <class IdleAt, class Leave>
  State* insert(std::uint64_t key, const State& state, Instant now, const IdleAt& idle_at,
                const Leave& leave) {
    for (int i = 0; i < kSwept && size() > 0; ++i) {
      if (const Entry* entry = next(); idle_at(entry->state) <= now) remove(entry, leave);
    }
    if (size() == max_keys_) {
      const Entry* entry = closest_to_idle(now, idle_at);
      if (entry == nullptr) return nullptr;
      forgotten_ += idle_at(entry->state) > now;
      remove(entry, leave);
    }
    if (3 * (size_ + 1) > 2 * entries_.size()) {
      rehash(std::min(2 * entries_.size(), most_buckets()));  // the last growth is to what is allowed
    }
    ++size_;
    return &place({name(key), state})->state;
  }

  // Requires: the key is in the table.
  void erase(std::uint64_t key) {
    const Entry* entry = locate(key);
    SYSLAB_ASSERT(entry != nullptr);
    erase(entry);
  }

  void clear() {
    entries_.assign(std::min<std::size_t>(16, most_buckets()), Entry{kFree, {}});
    size_ = 0;
    hand_ = 0;
    forgotten_ = 0;
  }

  // Calls visit(state) for each, in an order that depends on nothing but what was inserted and erased.
  template <class Visit>
  void for_each(const Visit& visit) const {
    for (const Entry& entry : entries_) {
      if (entry.key != kFree) visit(entry.state);
    }
  }

  void check_invariants() const {
    SYSLAB_ASSERT(size() <= max_keys_);
    std::size_t held = 0;
    for (const Entry& entry : entries_) {
      if (entry.key == kFree) continue;
      SYSLAB_ASSERT(find(entry.key) == &entry.state);
      ++held;
    }
    SYSLAB_ASSERT(3 * held <= 2 * entries_.size());
    SYSLAB_ASSERT(held == size());
  }

 private:
  struct Entry {
    std::uint64_t key;
    State state;
  };
  // Marks what is free. The key of this number, which nobody has (names are hashed), shares a state with the
  // next.
  static constexpr std::uint64_t kFree = 0x8C1F5A3D9E2B7064;
  static constexpr int kSwept = 2;
  // How many keys are looked at when one must go: the hand goes round, so idle ones are found soon.
  static constexpr int kCandidates = 8;

  // Requires: size() > 0.
  const Entry* next() {
    for (;;) {
      hand_ = hand_ + 1 < entries_.size() ? hand_ + 1 : 0;
      if (entries_[hand_].key != kFree) return &entries_[hand_];
    }
  }

  template <class IdleAt>
  const Entry* closest_to_idle(Instant now, const IdleAt& idle_at) {
    const Entry* best = nullptr;
    Instant best_at = Instant::max();
    for (std::size_t seen = 0; seen < size() && (seen < kCandidates || best == nullptr); ++seen) {
      const Entry* entry = next();
      const Instant at = idle_at(entry->state);
      if (at < best_at) {
        best = entry;
        best_at = at;
        if (at <= now) break;
      }
    }
    return best;
  }

  template <class Leave>
  void remove(const Entry* entry, const Leave& leave) {
    leave(entry->state);
    erase(entry);
  }

  const Entry* locate(std::uint64_t key) const {
    key = name(key);
    const Entry* const entries = entries_.data();
    const std::size_t buckets = entries_.size();
    const std::size_t i = home(key);
    // Nine of ten are in the first four places. Which one is a coin toss, so it is not left to a branch: a
    // wrong guess would cost more than all four comparisons, and stop the next look-up from starting
    // meanwhile.
    if (i + 3 < buckets) {
      const Entry* entry = entries + i;
      entry += entry->key != key;
      entry += entry->key != key;
      entry += entry->key != key;
      if (entry->key == key) [[likely]]
        return entry;
    }
    return walk(key, i);
  }

  [[gnu::noinline]] const Entry* walk(std::uint64_t key, std::size_t i) const {
    for (;;) {
      if (entries_[i].key == key) return &entries_[i];
      if (entries_[i].key == kFree) return nullptr;
      if (++i == entries_.size()) i = 0;
    }
  }

  static std::uint64_t name(std::uint64_t key) { return key == kFree ? key + 1 : key; }
  // A fraction of the table (Lemire 2016): any number of buckets will do.
  std::size_t home(std::uint64_t key) const {
    return static_cast<std::size_t>((fold_hash(key) >> 32) * entries_.size() >> 32);
  }
  std::size_t most_buckets() const { return max_keys_ + max_keys_ / 2 + 2; }
  std::size_t steps(std::size_t from, std::size_t to) const {
    return to - from + (to < from ? entries_.size() : 0);
  }

  Entry* place(const Entry& entry) {
    std::size_t i = home(entry.key);
    while (entries_[i].key != kFree) i = i + 1 < entries_.size() ? i + 1 : 0;
    entries_[i] = entry;
    return &entries_[i];
  }

  void erase(const Entry* entry) {
    auto hole = static_cast<std::size_t>(entry - entries_.data());
    for (std::size_t i = hole;;) {
      i = i + 1 < entries_.size() ? i + 1 : 0;
      if (entries_[i].key == kFree) break;
      // It may move to the hole if its home is not behind it.
      if (steps(home(entries_[i].key), i) >= steps(hole, i)) {
        entries_[hole] = entries_[i];
        hole = i;
      }
    }
    entries_[hole].key = kFree;
    --size_;
  }

  void rehash(std::size_t buckets) {
    std::vector<Entry> old(buckets, Entry{kFree, {}});
    old.swap(entries_);
    for (const Entry& entry : old) {
      if (entry.key != kFree) place(entry);
    }
  }

  std::vector<Entry> entries_;
  std::size_t size_ = 0;
  std::size_t max_keys_;
  std::size_t hand_ = 0;  // a bucket
  std::uint64_t forgotten_ = 0;
};

}  // namespace syslab
