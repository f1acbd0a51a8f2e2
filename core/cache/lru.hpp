// LRU: the entry that was not used for the longest time leaves.
//
// One list in order of use: a hit moves the entry to the front, the victim is the back. The yardstick of all
// other policies; weak against scans, which push out everything that was popular. Cost: O(1) a call, 8 bytes
// an entry beside what every cache needs: 24 for a key that is an id, and twice as much right after its
// arrays have grown. A replay is 0.9 to 1.2 times as fast as a bare loop over an open-addressing table with
// links, which does nothing else (tests/bench/cache_bench.cpp; FIFO and SIEVE the same against theirs; ARC,
// S3-FIFO, W-TinyLFU, 2Q and LIRS 0.3 to 0.5 of bare LRU, SLRU and random 0.7, sampled 0.2). Paper: Mattson,
// Gecsei, Slutz & Traiger, "Evaluation techniques for storage hierarchies", IBM Systems Journal 1970.
#pragma once

#include <memory>
#include <string_view>

#include "core/cache/cache.hpp"
#include "core/cache/slot_lists.hpp"

namespace syslab {

class Lru {
 public:
  static constexpr std::string_view kName = "lru";

  void resize(std::size_t slots) { lists_.resize(slots); }
  void on_insert(Slot slot, const Entrant&) { lists_.push_front(kUse, slot); }
  void on_hit(Slot slot) {
    lists_.unlink(slot);
    lists_.push_front(kUse, slot);
  }
  Slot victim(const Entrant&) const { return lists_.back(kUse); }
  void on_remove(Slot slot, Leaving) { lists_.unlink(slot); }
  void clear() { lists_.clear(); }
  void prefetch(Slot slot) const { lists_.prefetch(slot); }
  template <class Visit>
  void for_each(Visit&& visit) const {
    lists_.for_each(kUse, visit);
  }
  // Invariant: the list holds every entry once, most recently used first.
  void check_invariants() const { lists_.check_invariants(kUse); }

 private:
  static constexpr SlotLists::List kUse = 0;
  SlotLists lists_;
};

// Requires: capacity.amount >= 1.
std::unique_ptr<Cache> make_lru(CacheCapacity capacity);

}  // namespace syslab
