// Segments: the queues of a policy that has several, with the weight that is in each.
//
// A SlotLists that also knows, for each entry, its identity, its weight, the list it is in and a small mark
// that the policy may use; so the shares of the queues work in entries and in bytes alike. Cost: O(1), 32
// bytes a slot.
#pragma once

#include <algorithm>
#include <vector>

#include "core/cache/slot_lists.hpp"

namespace syslab {

class Segments {
 public:
  using List = SlotLists::List;

  void resize(std::size_t slots) {
    lists_.resize(slots);
    entries_.resize(slots);
  }
  void clear() {
    lists_.clear();
    std::fill_n(weights_, kFirstSlot, 0);
  }

  void insert(List list, Slot slot, const Entrant& entrant) {
    entries_[slot] = {entrant.identity, entrant.weight, list, 0};
    lists_.push_front(list, slot);
    weights_[list] += entrant.weight;
  }
  void remove(Slot slot) {
    lists_.unlink(slot);
    weights_[entries_[slot].list] -= entries_[slot].weight;
  }
  // To the front of a list: another one or the same.
  void move(Slot slot, List to) {
    Entry& entry = entries_[slot];
    lists_.unlink(slot);
    lists_.push_front(to, slot);
    if (entry.list != to) {
      weights_[entry.list] -= entry.weight;
      weights_[to] += entry.weight;
      entry.list = to;
    }
  }

  bool empty(List list) const { return lists_.empty(list); }
  Slot back(List list) const { return lists_.back(list); }
  std::uint64_t weight(List list) const { return weights_[list]; }
  List list_of(Slot slot) const { return entries_[slot].list; }
  Entrant entrant(Slot slot) const { return {entries_[slot].identity, entries_[slot].weight}; }
  // 0 in a new entry.
  std::uint32_t& mark(Slot slot) { return entries_[slot].mark; }

  void prefetch(Slot slot) const {
    __builtin_prefetch(entries_.data() + slot, 1);
    lists_.prefetch(slot);
  }
  template <class Visit>
  void for_each(List list, Visit&& visit) const {
    lists_.for_each(list, visit);
  }

  // Every entry knows its list, and the weights add up.
  void check_invariants(List list) const {
    lists_.check_invariants(list);
    std::uint64_t weight = 0;
    lists_.for_each(list, [&](Slot slot) {
      SYSLAB_ASSERT(entries_[slot].list == list);
      weight += entries_[slot].weight;
    });
    SYSLAB_ASSERT(weight == weights_[list]);
  }

 private:
  struct Entry {
    std::uint64_t identity = 0;
    std::uint64_t weight = 0;
    List list = 0;
    std::uint32_t mark = 0;
  };
  SlotLists lists_;
  std::vector<Entry> entries_;
  std::uint64_t weights_[kFirstSlot] = {};
};

// A share of a capacity, rounded down. Requires: 0 <= share <= 1.
inline std::uint64_t share_of(std::uint64_t capacity, double share) {
  const double part = static_cast<double>(capacity) * share;
  return part >= static_cast<double>(capacity) ? capacity : static_cast<std::uint64_t>(part);
}

}  // namespace syslab
