// Ghosts: whom a policy remembers after they left, by identity, in the order in which they left.
//
// A ghost has the weight that its entry had, so that a list of ghosts can be limited like a cache. Cost: O(1)
// expected a call, about 48 bytes a ghost.
#pragma once

#include <vector>

#include "core/base/probe_table.hpp"
#include "core/base/slot_index.hpp"
#include "core/cache/slot_lists.hpp"

namespace syslab {

class Ghosts {
 public:
  std::size_t size() const { return index_.size(); }
  std::uint64_t weight() const { return weight_; }
  bool contains(std::uint64_t identity) const { return find(identity) != kNoSlot; }

  // The newest from now on; the oldest are forgotten until all weigh no more than `limit`. One that is
  // heavier than that is not remembered.
  void add(const Entrant& entrant, std::uint64_t limit) {
    take(entrant.identity);
    if (entrant.weight > limit) return;
    trim(limit - entrant.weight);
    Slot slot;
    if (!free_.empty()) {
      slot = free_.back();
      free_.pop_back();
    } else {
      slot = static_cast<Slot>(kFirstSlot + ghosts_.size());
      ghosts_.emplace_back();
      if (slot >= slots_) lists_.resize(slots_ = 2 * slot);
    }
    at(slot) = {entrant.identity, entrant.weight};
    weight_ += entrant.weight;
    index_.insert(fold_hash(entrant.identity), slot);
    lists_.push_front(kAge, slot);
  }
  // Forgets one; false where it was not remembered.
  bool take(std::uint64_t identity) {
    const Slot slot = find(identity);
    if (slot == kNoSlot) return false;
    remove(slot);
    return true;
  }
  // Forgets the oldest until the others weigh no more than this.
  void trim(std::uint64_t weight) {
    while (weight_ > weight) remove(lists_.back(kAge));
  }
  void clear() {
    index_.clear();
    lists_.clear();
    ghosts_.clear();
    free_.clear();
    weight_ = 0;
  }

  // Invariant: list and index hold the same ghosts, and their weights add up.
  void check_invariants() const {
    lists_.check_invariants(kAge);
    std::size_t ghosts = 0;
    std::uint64_t weight = 0;
    lists_.for_each(kAge, [&](Slot slot) {
      SYSLAB_ASSERT(find(at(slot).identity) == slot);
      ++ghosts;
      weight += at(slot).weight;
    });
    SYSLAB_ASSERT(ghosts == index_.size() && ghosts + free_.size() == ghosts_.size());
    SYSLAB_ASSERT(weight == weight_);
  }

 private:
  struct Ghost {
    std::uint64_t identity = 0;
    std::uint64_t weight = 0;
  };
  static constexpr SlotLists::List kAge = 0;

  Ghost& at(Slot slot) { return ghosts_[slot - kFirstSlot]; }
  const Ghost& at(Slot slot) const { return ghosts_[slot - kFirstSlot]; }
  Slot find(std::uint64_t identity) const {
    return index_.find(fold_hash(identity), [&](Slot slot) { return at(slot).identity == identity; });
  }
  void remove(Slot slot) {
    weight_ -= at(slot).weight;
    index_.erase(fold_hash(at(slot).identity), slot);
    lists_.unlink(slot);
    free_.push_back(slot);
  }

  SlotIndex index_;
  SlotLists lists_;
  std::vector<Ghost> ghosts_;
  std::vector<Slot> free_;
  Slot slots_ = kFirstSlot;
  std::uint64_t weight_ = 0;
};

}  // namespace syslab
