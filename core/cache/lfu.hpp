// LFU: the entry that was used least often since it came leaves; of equals, the one whose count is oldest.
//
// Counts begin at 1 with every insertion, so what left and came back starts anew, and what was popular
// yesterday keeps its count today. Cost: O(1) a call whatever the counts are, 12 bytes an entry and 32 bytes
// a distinct count beside what every cache needs. Paper: Matani, Shah & Mitra, "An O(1) algorithm for
// implementing the LFU cache eviction scheme", 2010 (arXiv 2110.11602).
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "core/cache/cache.hpp"
#include "core/cache/slot_lists.hpp"

namespace syslab {

// Groups of equal count stand in a list, lowest count first; each has a queue of its entries, oldest first:
//
//   count 1: d e   <->   count 2: b   <->   count 7: a c
//
// A hit moves an entry to the end of the next group, which is made if it is missing; so both ends are always
// at hand.
class Lfu {
 public:
  static constexpr std::string_view kName = "lfu";

  Lfu() { clear(); }

  void resize(std::size_t slots) { nodes_.resize(slots); }
  void on_insert(Slot slot, const Entrant&) {
    const Group lowest = groups_[kEnds].next;
    append(lowest != kEnds && groups_[lowest].count == 1 ? lowest : new_group(1, kEnds), slot);
  }
  void on_hit(Slot slot) {
    const Group group = nodes_[slot].group;
    const std::uint64_t count = groups_[group].count + 1;
    const Group next = groups_[group].next;
    if (next != kEnds && groups_[next].count == count) {
      take_out(slot);
      append(next, slot);
    } else if (groups_[group].first == groups_[group].last) {
      groups_[group].count = count;  // alone: its group becomes the next one
    } else {
      take_out(slot);
      append(new_group(count, group), slot);
    }
  }
  Slot victim(const Entrant&) const { return groups_[groups_[kEnds].next].first; }
  void on_remove(Slot slot, Leaving) { take_out(slot); }
  void clear() {
    groups_.assign(1, {});
    free_ = kEnds;
  }
  void prefetch(Slot slot) const { __builtin_prefetch(nodes_.data() + slot); }
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (Group group = groups_[kEnds].previous; group != kEnds; group = groups_[group].previous) {
      for (Slot slot = groups_[group].last; slot != kNoSlot; slot = nodes_[slot].previous) visit(slot);
    }
  }
  // Invariant: counts rise from group to group, no group is empty, every entry knows its group.
  void check_invariants() const {
    std::uint64_t below = 0;
    for (Group group = groups_[kEnds].next; group != kEnds; group = groups_[group].next) {
      const GroupNode& node = groups_[group];
      SYSLAB_ASSERT(node.count > below);
      SYSLAB_ASSERT(node.first != kNoSlot && nodes_[node.first].previous == kNoSlot);
      SYSLAB_ASSERT(groups_[node.next].previous == group);
      below = node.count;
      Slot last = kNoSlot;
      for (Slot slot = node.first; slot != kNoSlot; slot = nodes_[slot].next) {
        SYSLAB_ASSERT(nodes_[slot].group == group && nodes_[slot].previous == last);
        last = slot;
      }
      SYSLAB_ASSERT(last == node.last);
    }
  }

 private:
  using Group = std::uint32_t;
  static constexpr Group kEnds = 0;  // before the first group and behind the last one
  struct Node {
    Slot previous = kNoSlot, next = kNoSlot;
    Group group = kEnds;
  };
  struct GroupNode {
    std::uint64_t count = 0;
    Group previous = kEnds, next = kEnds;
    Slot first = kNoSlot, last = kNoSlot;
  };

  Group new_group(std::uint64_t count, Group after) {
    Group group = free_;
    if (group != kEnds) {
      free_ = groups_[group].next;
    } else {
      group = static_cast<Group>(groups_.size());
      groups_.emplace_back();
    }
    const Group next = groups_[after].next;
    groups_[group] = {count, after, next, kNoSlot, kNoSlot};
    groups_[after].next = group;
    groups_[next].previous = group;
    return group;
  }
  void append(Group group, Slot slot) {
    const Slot last = groups_[group].last;
    nodes_[slot] = {last, kNoSlot, group};
    (last == kNoSlot ? groups_[group].first : nodes_[last].next) = slot;
    groups_[group].last = slot;
  }
  void take_out(Slot slot) {
    const Node node = nodes_[slot];
    GroupNode& group = groups_[node.group];
    (node.previous == kNoSlot ? group.first : nodes_[node.previous].next) = node.next;
    (node.next == kNoSlot ? group.last : nodes_[node.next].previous) = node.previous;
    if (group.first != kNoSlot) return;
    groups_[group.previous].next = group.next;
    groups_[group.next].previous = group.previous;
    group.next = free_;
    free_ = node.group;
  }

  std::vector<Node> nodes_;
  std::vector<GroupNode> groups_;
  Group free_ = kEnds;  // of groups, linked by next
};

// Requires: capacity.amount >= 1.
std::unique_ptr<Cache> make_lfu(CacheCapacity capacity);

}  // namespace syslab
