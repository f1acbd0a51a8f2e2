// KeyTable<State>: a state for every key, in bounded memory; what keyed limiters keep their budgets in.
//
// A hand goes round the table. Whenever a new key comes, it passes two entries and takes away those that are
// idle; when the table is full, it looks at a few more and the one that is closest to idle must go. So a
// table is about as large as the number of keys that are busy, and never has more than max_keys. (The idea is
// the incremental expiry of Redis and memcached: no timer, no list, no word of memory for it.)
//
// State is a small plain struct. Pointers are valid until the next insert or erase. Cost: O(1), one cache
// miss a look-up; 1.33 to 2.7 times (9 + sizeof(State)) bytes a key, the former when it is full.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/base/assert.hpp"
#include "core/base/probe_table.hpp"
#include "core/base/time.hpp"

namespace syslab {

template <class State>
class KeyTable {
 public:
  // Requires: 1 <= max_keys < 2^31.
  explicit KeyTable(std::size_t max_keys) : max_keys_(max_keys) {
    SYSLAB_ASSERT(max_keys >= 1 && max_keys < (std::size_t{1} << 31));
  }

  std::size_t size() const { return table_.size(); }
  std::size_t max_keys() const { return max_keys_; }
  std::size_t size_bytes() const { return table_.buckets() * (sizeof(Entry) + 1); }
  // How many keys were taken away that were not idle.
  std::uint64_t forgotten() const { return forgotten_; }

  State* find(std::uint64_t key) { return const_cast<State*>(std::as_const(*this).find(key)); }
  const State* find(std::uint64_t key) const {
    const Entry* entry = table_.find(fold_hash(key), [key](const Entry& e) { return e.key == key; });
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
    // The last growth is not to double, but to what is allowed.
    if (4 * (size() + 1) > 3 * table_.buckets() && 3 * table_.buckets() >= 2 * max_keys_) {
      table_.reserve(max_keys_);
    }
    return &table_.insert(fold_hash(key), {key, state})->state;
  }

  // Requires: the key is in the table.
  void erase(std::uint64_t key) {
    table_.erase(table_.find(fold_hash(key), [key](const Entry& e) { return e.key == key; }));
  }

  void clear() {
    table_.clear();
    hand_ = 0;
    forgotten_ = 0;
  }

  // Calls visit(state) for each, in an order that depends on nothing but what was inserted and erased.
  template <class Visit>
  void for_each(const Visit& visit) const {
    for (std::size_t i = 0; i < table_.buckets(); ++i) {
      if (const Entry* entry = table_.at(i)) visit(entry->state);
    }
  }

  void check_invariants() const {
    SYSLAB_ASSERT(size() <= max_keys_);
    std::size_t held = 0;
    for (std::size_t i = 0; i < table_.buckets(); ++i) {
      const Entry* entry = table_.at(i);
      if (entry == nullptr) continue;
      SYSLAB_ASSERT(find(entry->key) == &entry->state);
      ++held;
    }
    SYSLAB_ASSERT(held == size());
  }

 private:
  struct Entry {
    std::uint64_t key;
    State state;
    std::uint64_t hash() const { return fold_hash(key); }
  };
  static constexpr int kSwept = 2;
  // How many keys are looked at when one must go: the hand goes round, so idle ones are found soon.
  static constexpr int kCandidates = 8;

  // Requires: size() > 0.
  const Entry* next() {
    for (;;) {
      hand_ = hand_ + 1 < table_.buckets() ? hand_ + 1 : 0;
      if (const Entry* entry = table_.at(hand_)) return entry;
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
    table_.erase(entry);
  }

  ProbeTable<Entry> table_;
  std::size_t max_keys_;
  std::size_t hand_ = 0;  // a bucket
  std::uint64_t forgotten_ = 0;
};

}  // namespace syslab
