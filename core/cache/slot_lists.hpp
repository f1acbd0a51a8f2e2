// SlotLists: up to eight doubly linked lists threaded through one array of links, for policies that are made
// of queues.
//
// List i's sentinel is slot i (see kFirstSlot), so linking needs no case for an empty list or an end. A slot
// is in at most one list; moving it is unlink and push_front. Cost: O(1), 8 bytes a slot.
#pragma once

#include <vector>

#include "core/base/assert.hpp"
#include "core/cache/basic_cache.hpp"

namespace syslab {

class SlotLists {
 public:
  using List = Slot;  // 0 to kFirstSlot - 1

  SlotLists() { clear(); }

  void resize(std::size_t slots) { links_.resize(slots); }
  void clear() {
    links_.resize(std::max<std::size_t>(links_.size(), kFirstSlot));
    for (Slot list = 0; list < kFirstSlot; ++list) links_[list] = {list, list};
  }

  void push_front(List list, Slot slot) {
    const Slot first = links_[list].next;
    links_[slot] = {list, first};
    links_[first].previous = slot;
    links_[list].next = slot;
  }
  void unlink(Slot slot) {
    const Link link = links_[slot];
    links_[link.previous].next = link.next;
    links_[link.next].previous = link.previous;
  }

  // The ends of a list and the neighbours of a slot; the list itself, as a slot, where there is none.
  Slot front(List list) const { return links_[list].next; }
  Slot back(List list) const { return links_[list].previous; }
  Slot next(Slot slot) const { return links_[slot].next; }
  Slot previous(Slot slot) const { return links_[slot].previous; }
  bool empty(List list) const { return front(list) == list; }

  void prefetch(Slot slot) const { __builtin_prefetch(links_.data() + slot); }

  template <class Visit>
  void for_each(List list, Visit&& visit) const {
    for (Slot slot = front(list); slot != list; slot = next(slot)) visit(slot);
  }

  // Both directions agree.
  void check_invariants(List list) const {
    Slot slot = list;
    do {
      SYSLAB_ASSERT(links_[links_[slot].next].previous == slot);
      slot = links_[slot].next;
    } while (slot != list);
  }

 private:
  struct Link {
    Slot previous = kNoSlot;
    Slot next = kNoSlot;
  };
  std::vector<Link> links_;
};

}  // namespace syslab
