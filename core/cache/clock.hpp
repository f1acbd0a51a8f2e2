// CLOCK: FIFO with second chances. A hit sets a mark; the oldest entry leaves unless it is marked: then the
// mark is taken away and it counts as new.
//
// Nearly LRU for the price of a bit that is set on a hit. With `bits` above 1 the mark is a small counter:
// what was hit often survives as many rounds. Cost: O(1) a call, amortised over the hits that set the marks;
// 9 bytes an entry beside what every cache needs. Paper: Corbato, "A paging experiment with the Multics
// system", MIT Project MAC 1968. The same policy as FIFO-Reinsertion and Second Chance.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "core/cache/cache.hpp"
#include "core/cache/slot_lists.hpp"

namespace syslab {

struct ClockOptions {
  int bits = 1;  // 1 to 8
};

class ClockPolicy {
 public:
  static constexpr std::string_view kName = "clock";

  explicit ClockPolicy(const ClockOptions& options) : most_((1u << options.bits) - 1) {}

  void resize(std::size_t slots) {
    lists_.resize(slots);
    marks_.resize(slots);
  }
  void on_insert(Slot slot, const Entrant&) {
    lists_.push_front(kAge, slot);
    marks_[slot] = 0;
  }
  void on_hit(Slot slot) {
    if (marks_[slot] < most_) ++marks_[slot];
  }
  Slot victim(const Entrant&) {
    Slot slot = lists_.back(kAge);
    while (marks_[slot] != 0) {
      --marks_[slot];
      lists_.unlink(slot);
      lists_.push_front(kAge, slot);
      slot = lists_.back(kAge);
    }
    return slot;
  }
  void on_remove(Slot slot, Leaving) { lists_.unlink(slot); }
  void clear() { lists_.clear(); }
  void prefetch(Slot slot) const { __builtin_prefetch(marks_.data() + slot, 1); }
  template <class Visit>
  void for_each(Visit&& visit) const {  // by age: a mark may save the last one
    lists_.for_each(kAge, visit);
  }
  // Invariant: the list holds every entry once; no mark exceeds what the bits can count.
  void check_invariants() const {
    lists_.check_invariants(kAge);
    lists_.for_each(kAge, [&](Slot slot) { SYSLAB_ASSERT(marks_[slot] <= most_); });
  }

 private:
  static constexpr SlotLists::List kAge = 0;
  unsigned most_;
  SlotLists lists_;
  std::vector<std::uint8_t> marks_;
};

// Requires: capacity.amount >= 1; 1 <= bits <= 8.
std::unique_ptr<Cache> make_clock(CacheCapacity capacity, const ClockOptions& options = {});

}  // namespace syslab
