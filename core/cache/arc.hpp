// ARC: balances recency against frequency by itself.
//
// Two LRU lists: `recent` holds who was asked for once, `frequent` who was asked for again. Each has a list
// of ghosts of those who left it. A request for a ghost says "this list was too short", and moves the target
// of `recent`'s length. Nothing to tune. The learning step is max(1, other ghosts / these ghosts), rounded
// down, times the weight of the newcomer; it is taken when the newcomer comes, before anyone leaves for it.
// Ghosts and entries together weigh at most twice the capacity. Cost: O(1) a call; 32 bytes an entry beside
// what every cache needs, and some 48 a ghost. Paper: Megiddo & Modha, "ARC: a self-tuning, low overhead
// replacement cache", FAST 2003.
#pragma once

#include <memory>
#include <string_view>

#include "core/cache/cache.hpp"
#include "core/cache/ghosts.hpp"
#include "core/cache/segments.hpp"

namespace syslab {

class Arc {
 public:
  static constexpr std::string_view kName = "arc";

  explicit Arc(CacheCapacity capacity) : capacity_(capacity.amount) {}

  void resize(std::size_t slots) { lists_.resize(slots); }
  void on_insert(Slot slot, const Entrant& entrant) {
    meet(entrant);
    recent_ghosts_.take(entrant.identity);
    frequent_ghosts_.take(entrant.identity);
    lists_.insert(came_from_ == kNowhere ? kRecent : kFrequent, slot, entrant);
    met_ = false;
    // The paper makes room among the ghosts before the replacement, case by case; the outcome is the same.
    recent_ghosts_.trim(capacity_ - lists_.weight(kRecent));
    frequent_ghosts_.trim(sum(capacity_ - lists_.weight(kRecent) - recent_ghosts_.weight(),
                              capacity_ - lists_.weight(kFrequent)));
  }
  void on_hit(Slot slot) { lists_.move(slot, kFrequent); }
  Slot victim(const Entrant& entrant) {
    meet(entrant);
    const std::uint64_t recent = lists_.weight(kRecent);
    const bool from_recent = recent > target_ || (recent == target_ && came_from_ == kFrequent);
    const Segments::List list = from_recent ? kRecent : kFrequent;
    return lists_.back(lists_.empty(list) ? kRecent + kFrequent - list : list);
  }
  void on_remove(Slot slot, Leaving why) {
    if (why == Leaving::evicted) {
      if (lists_.list_of(slot) == kRecent) {
        recent_ghosts_.add(lists_.entrant(slot), capacity_);
      } else {
        frequent_ghosts_.add(lists_.entrant(slot), sum(capacity_, capacity_));
      }
    }
    lists_.remove(slot);
  }
  void clear() {
    lists_.clear();
    recent_ghosts_.clear();
    frequent_ghosts_.clear();
    target_ = 0;
    met_ = false;
  }
  void prefetch(Slot slot) const { lists_.prefetch(slot); }
  template <class Visit>
  void for_each(Visit&& visit) const {
    const bool recent_is_next = lists_.weight(kRecent) > target_;
    lists_.for_each(recent_is_next ? kFrequent : kRecent, visit);
    lists_.for_each(recent_is_next ? kRecent : kFrequent, visit);
  }
  // Invariant: every entry is in one list, and the target is no more than the capacity.
  void check_invariants() const {
    lists_.check_invariants(kRecent);
    lists_.check_invariants(kFrequent);
    recent_ghosts_.check_invariants();
    frequent_ghosts_.check_invariants();
    SYSLAB_ASSERT(target_ <= capacity_);
  }

 private:
  static constexpr Segments::List kRecent = 0, kFrequent = 1, kNowhere = 2;

  // Learns from a newcomer that is a ghost: once, with the first victim or else at the insertion.
  void meet(const Entrant& entrant) {
    if (met_) return;
    met_ = true;
    const std::uint64_t recent = recent_ghosts_.weight(), frequent = frequent_ghosts_.weight();
    if (recent_ghosts_.contains(entrant.identity)) {
      came_from_ = kRecent;
      target_ += std::min(capacity_ - target_, step(frequent / recent, entrant.weight));
    } else if (frequent_ghosts_.contains(entrant.identity)) {
      came_from_ = kFrequent;
      target_ -= std::min(target_, step(recent / frequent, entrant.weight));
    } else {
      came_from_ = kNowhere;
    }
  }
  static std::uint64_t sum(std::uint64_t a, std::uint64_t b) { return a > ~b ? ~std::uint64_t{0} : a + b; }
  // No more than the capacity, so that no product overflows.
  std::uint64_t step(std::uint64_t ratio, std::uint64_t weight) const {
    ratio = std::max<std::uint64_t>(ratio, 1);
    return weight > capacity_ / ratio ? capacity_ : ratio * weight;
  }

  std::uint64_t capacity_;
  Segments lists_;
  Ghosts recent_ghosts_, frequent_ghosts_;
  std::uint64_t target_ = 0;  // of what `recent` weighs
  bool met_ = false;
  Segments::List came_from_ = kNowhere;
};

// Requires: capacity.amount >= 1.
std::unique_ptr<Cache> make_arc(CacheCapacity capacity);

}  // namespace syslab
