// SlotBag: a set of slots from which any one can be picked by number, for policies that choose at random.
//
// The slots lie side by side; taking one out moves the last one into its place. Cost: O(1), 8 bytes a slot.
#pragma once

#include <vector>

#include "core/base/assert.hpp"
#include "core/cache/basic_cache.hpp"

namespace syslab {

class SlotBag {
 public:
  void resize(std::size_t slots) { places_.resize(slots); }
  void clear() { slots_.clear(); }
  std::size_t size() const { return slots_.size(); }
  // Requires: index < size().
  Slot operator[](std::size_t index) const { return slots_[index]; }

  void insert(Slot slot) {
    places_[slot] = static_cast<std::uint32_t>(slots_.size());
    slots_.push_back(slot);
  }
  // Requires: it is in the bag.
  void remove(Slot slot) {
    const std::uint32_t place = places_[slot];
    slots_[place] = slots_.back();
    places_[slots_[place]] = place;
    slots_.pop_back();
  }

  void check_invariants() const {
    for (std::size_t i = 0; i < slots_.size(); ++i) SYSLAB_ASSERT(places_[slots_[i]] == i);
  }

 private:
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> places_;  // by slot
};

}  // namespace syslab
