// SIEVE: FIFO with a hand that sifts out what was not used since it last came by.
//
// Entries stand in order of age and never move. A hit sets a mark. The hand walks from the oldest to the
// newest: it takes away marks, and the first entry without one leaves; there the hand stays, so what it
// spared is behind it and what is new is before it. CLOCK moves the spared ones to the front, which is the
// only difference, and the reason that SIEVE sifts out one-hit wonders sooner. Not scan-resistant. Cost: O(1)
// a call, amortised; a hit writes one byte; 9 bytes an entry beside what every cache needs. Paper: Zhang,
// Yang, Yue, Vigfusson & Rashmi, "SIEVE is simpler than LRU", NSDI 2024.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "core/cache/cache.hpp"
#include "core/cache/slot_lists.hpp"

namespace syslab {

class Sieve {
 public:
  static constexpr std::string_view kName = "sieve";

  void resize(std::size_t slots) {
    lists_.resize(slots);
    used_.resize(slots);
  }
  void on_insert(Slot slot, const Entrant&) {
    lists_.push_front(kAge, slot);
    used_[slot] = 0;
  }
  void on_hit(Slot slot) { used_[slot] = 1; }
  Slot victim(const Entrant&) {
    Slot slot = hand_ != kAge ? hand_ : lists_.back(kAge);
    while (used_[slot] != 0) {
      used_[slot] = 0;
      slot = lists_.previous(slot);
      if (slot == kAge) slot = lists_.back(kAge);
    }
    hand_ = slot;
    return slot;
  }
  void on_remove(Slot slot, Leaving) {
    if (slot == hand_) hand_ = lists_.previous(slot);
    lists_.unlink(slot);
  }
  void clear() {
    lists_.clear();
    hand_ = kAge;
  }
  void prefetch(Slot slot) const { __builtin_prefetch(used_.data() + slot, 1); }
  template <class Visit>
  void for_each(Visit&& visit) const {  // by age: the hand may be elsewhere
    lists_.for_each(kAge, visit);
  }
  // Invariant: the list holds every entry once, newest first; the hand is at one of them, or at the list's
  // end.
  void check_invariants() const {
    lists_.check_invariants(kAge);
    bool found = hand_ == kAge;
    lists_.for_each(kAge, [&](Slot slot) { found = found || slot == hand_; });
    SYSLAB_ASSERT(found);
  }

 private:
  static constexpr SlotLists::List kAge = 0;
  SlotLists lists_;
  std::vector<std::uint8_t> used_;
  Slot hand_ = kAge;  // kAge: it begins anew at the oldest
};

// Requires: capacity.amount >= 1.
std::unique_ptr<Cache> make_sieve(CacheCapacity capacity);

}  // namespace syslab
