// LIFO: the newest entry leaves.
//
// What came first stays for good, so a loop over more keys than fit still hits, where LRU never does; but
// what is popular today never gets in. Cost: O(1) a call, 8 bytes an entry beside what every cache needs.
#pragma once

#include <memory>
#include <string_view>

#include "core/cache/cache.hpp"
#include "core/cache/slot_lists.hpp"

namespace syslab {

class Lifo {
 public:
  static constexpr std::string_view kName = "lifo";

  void resize(std::size_t slots) { lists_.resize(slots); }
  void on_insert(Slot slot, const Entrant&) { lists_.push_front(kAge, slot); }
  void on_hit(Slot) {}
  Slot victim(const Entrant&) const { return lists_.front(kAge); }
  void on_remove(Slot slot, Leaving) { lists_.unlink(slot); }
  void clear() { lists_.clear(); }
  void prefetch(Slot) const {}
  template <class Visit>
  void for_each(Visit&& visit) const {  // the next victim last
    for (Slot slot = lists_.back(kAge); slot != kAge; slot = lists_.previous(slot)) visit(slot);
  }
  // Invariant: the list holds every entry once, newest first.
  void check_invariants() const { lists_.check_invariants(kAge); }

 private:
  static constexpr SlotLists::List kAge = 0;
  SlotLists lists_;
};

// Requires: capacity.amount >= 1.
std::unique_ptr<Cache> make_lifo(CacheCapacity capacity);

}  // namespace syslab
