// FIFO: the entry that came first leaves, however often it was used.
//
// A hit changes nothing, so nothing has to be locked or moved on a read; the price is that popular entries
// leave and come back. Cost: O(1) a call, 8 bytes an entry beside what every cache needs. Paper: Belady, "A
// study of replacement algorithms for a virtual-storage computer", IBM Systems Journal 1966, which also found
// that more room can mean more misses (Belady, Nelson & Shedler 1969).
#pragma once

#include <memory>
#include <string_view>

#include "core/cache/cache.hpp"
#include "core/cache/slot_lists.hpp"

namespace syslab {

class Fifo {
 public:
  static constexpr std::string_view kName = "fifo";

  void resize(std::size_t slots) { lists_.resize(slots); }
  void on_insert(Slot slot, const Entrant&) { lists_.push_front(kAge, slot); }
  void on_hit(Slot) {}
  Slot victim(const Entrant&) const { return lists_.back(kAge); }
  void on_remove(Slot slot, Leaving) { lists_.unlink(slot); }
  void clear() { lists_.clear(); }
  void prefetch(Slot) const {}
  template <class Visit>
  void for_each(Visit&& visit) const {
    lists_.for_each(kAge, visit);
  }
  // Invariant: the list holds every entry once, newest first.
  void check_invariants() const { lists_.check_invariants(kAge); }

 private:
  static constexpr SlotLists::List kAge = 0;
  SlotLists lists_;
};

// Requires: capacity.amount >= 1.
std::unique_ptr<Cache> make_fifo(CacheCapacity capacity);

}  // namespace syslab
