// SLRU: LRU in segments. An entry begins in the lowest segment and rises by one with each hit; a segment that
// is full lets its oldest entry down to the one below; who falls out of the lowest leaves.
//
// So an entry needs several hits to be safe, and a scan only pushes out what was never hit. Follows the
// variant with equal segments of libCacheSim: while there is room, a newcomer takes the lowest segment that
// has some. Hit counts equal its to the integer (tests/cache/hit_counts_test.cpp). Cost: O(1) a call in
// entries; in bytes a hit may let several small entries down; 32 bytes an entry beside what every cache
// needs. Paper: Karedla, Love & Wherry, "Caching strategies to improve disk system performance", IEEE
// Computer 1994; with four segments: Huang et al., "An analysis of Facebook photo caching", SOSP 2013.
#pragma once

#include <memory>
#include <string_view>

#include "core/cache/cache.hpp"
#include "core/cache/segments.hpp"

namespace syslab {

struct SlruOptions {
  int segments = 4;  // 1 to 8; 1 is LRU
};

class Slru {
 public:
  static constexpr std::string_view kName = "slru";

  Slru(CacheCapacity capacity, const SlruOptions& options)
      : count_(static_cast<Segments::List>(options.segments)), limit_(capacity.amount / count_) {}

  void resize(std::size_t slots) { segments_.resize(slots); }
  void on_insert(Slot slot, const Entrant& entrant) {
    Segments::List list = 0;
    while (list < count_ && !fits(list, entrant.weight)) ++list;
    segments_.insert(list < count_ ? list : 0, slot, entrant);
  }
  void on_hit(Slot slot) {
    Segments::List list = segments_.list_of(slot);
    if (list + 1 == count_) {
      segments_.move(slot, list);
      return;
    }
    segments_.move(slot, ++list);
    for (; list > 0; --list) {
      while (segments_.weight(list) > limit_) segments_.move(segments_.back(list), list - 1);
    }
  }
  Slot victim(const Entrant&) const {
    Segments::List list = 0;
    while (segments_.empty(list)) ++list;
    return segments_.back(list);
  }
  void on_remove(Slot slot, Leaving) { segments_.remove(slot); }
  void clear() { segments_.clear(); }
  void prefetch(Slot slot) const { segments_.prefetch(slot); }
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (Segments::List list = count_; list-- > 0;) segments_.for_each(list, visit);
  }
  // Invariant: every segment but the lowest keeps to its share.
  void check_invariants() const {
    for (Segments::List list = 0; list < count_; ++list) {
      segments_.check_invariants(list);
      SYSLAB_ASSERT(list == 0 || segments_.weight(list) <= limit_);
    }
  }

 private:
  bool fits(Segments::List list, std::uint64_t weight) const {  // a sum could overflow
    return weight <= limit_ && segments_.weight(list) <= limit_ - weight;
  }

  Segments::List count_;
  std::uint64_t limit_;  // of one segment
  Segments segments_;
};

// Requires: capacity.amount >= 1; 1 <= segments <= 8.
std::unique_ptr<Cache> make_slru(CacheCapacity capacity, const SlruOptions& options = {});

}  // namespace syslab
