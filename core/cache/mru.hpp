// MRU: the entry that was used last leaves.
//
// Right where what was just used will not be used again for long: a scan in a loop. There it is optimal, and
// anywhere else it is the worst choice. Cost: O(1) a call, 8 bytes an entry beside what every cache needs.
// Paper: Chou & DeWitt, "An evaluation of buffer management strategies for relational database systems", VLDB
// 1985.
#pragma once

#include <memory>
#include <string_view>

#include "core/cache/cache.hpp"
#include "core/cache/slot_lists.hpp"

namespace syslab {

class Mru {
 public:
  static constexpr std::string_view kName = "mru";

  void resize(std::size_t slots) { lists_.resize(slots); }
  void on_insert(Slot slot, const Entrant&) { lists_.push_front(kUse, slot); }
  void on_hit(Slot slot) {
    lists_.unlink(slot);
    lists_.push_front(kUse, slot);
  }
  Slot victim(const Entrant&) const { return lists_.front(kUse); }
  void on_remove(Slot slot, Leaving) { lists_.unlink(slot); }
  void clear() { lists_.clear(); }
  void prefetch(Slot slot) const { lists_.prefetch(slot); }
  template <class Visit>
  void for_each(Visit&& visit) const {  // the next victim last
    for (Slot slot = lists_.back(kUse); slot != kUse; slot = lists_.previous(slot)) visit(slot);
  }
  // Invariant: the list holds every entry once, most recently used first.
  void check_invariants() const { lists_.check_invariants(kUse); }

 private:
  static constexpr SlotLists::List kUse = 0;
  SlotLists lists_;
};

// Requires: capacity.amount >= 1.
std::unique_ptr<Cache> make_mru(CacheCapacity capacity);

}  // namespace syslab
