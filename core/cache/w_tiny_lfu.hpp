// W-TinyLFU: a small LRU window for newcomers before a large SLRU; to get from one into the other, a key must
// have been asked for more often than the one that would have to leave.
//
// How often, a FrequencySketch estimates, also for keys that are not here. The window lets a new key gather
// requests before it is judged. Shares as in Caffeine: window 1 %, and of the rest 80 % protected, 20 % on
// probation. Every request counts, and so does every contest for the candidate, as in libCacheSim. Hit ratios
// are within 0.005 of that, not equal (tests/cache/hit_counts_test.cpp): its sketch has ten hashes and wide
// counters and ages after 32 times the capacity, ours after 20 additions an entry, of which a miss makes two;
// and it fills the protected part with whoever comes first. No hill climbing: the window's share is fixed.
// Cost: O(1) a call; 32 bytes an entry beside what every cache needs, and 8 to 16 for the sketch. Paper:
// Einziger, Friedman & Manes, "TinyLFU: a highly efficient cache admission policy", ACM TOS 2017.
#pragma once

#include <memory>
#include <string_view>

#include "core/cache/cache.hpp"
#include "core/cache/frequency_sketch.hpp"
#include "core/cache/segments.hpp"

namespace syslab {

struct WTinyLfuOptions {
  double window = 0.01;  // of the capacity
  double protect = 0.8;  // of the rest
};

class WTinyLfu {
 public:
  static constexpr std::string_view kName = "w_tiny_lfu";

  WTinyLfu(CacheCapacity capacity, const WTinyLfuOptions& options)
      : window_limit_(std::max<std::uint64_t>(share_of(capacity.amount, options.window), 1)),
        protected_limit_(share_of(capacity.amount - window_limit_, options.protect)) {}

  void resize(std::size_t slots) { lists_.resize(slots); }
  void on_insert(Slot slot, const Entrant& entrant) {
    sketch_.fit(++entries_);
    sketch_.add(entrant.identity);
    lists_.insert(kWindow, slot, entrant);
    // Room in the main part is taken without a contest. One entry stays, however heavy.
    while (lists_.weight(kWindow) > window_limit_ && lists_.back(kWindow) != slot) {
      lists_.move(lists_.back(kWindow), kProbation);
    }
  }
  void on_hit(Slot slot) {
    sketch_.add(lists_.entrant(slot).identity);
    const Segments::List list = lists_.list_of(slot);
    lists_.move(slot, list == kWindow ? kWindow : kProtected);
    while (lists_.weight(kProtected) > protected_limit_) lists_.move(lists_.back(kProtected), kProbation);
  }
  Slot victim(const Entrant& entrant) {
    const Segments::List main = lists_.empty(kProbation) ? kProtected : kProbation;
    if (lists_.empty(main)) return lists_.back(kWindow);
    const bool contest = !lists_.empty(kWindow) && (entrant.weight > window_limit_ ||
                                                    lists_.weight(kWindow) > window_limit_ - entrant.weight);
    if (!contest) return lists_.back(main);
    const Slot candidate = lists_.back(kWindow), settled = lists_.back(main);
    const std::uint64_t identity = lists_.entrant(candidate).identity;
    const bool wins = sketch_.estimate(identity) > sketch_.estimate(lists_.entrant(settled).identity);
    sketch_.add(identity);
    if (!wins) return candidate;
    lists_.move(candidate, kProbation);
    return settled;
  }
  void on_remove(Slot slot, Leaving) {
    lists_.remove(slot);
    --entries_;
  }
  void clear() {
    lists_.clear();
    sketch_.clear();
    entries_ = 0;
  }
  void prefetch(Slot slot) const { lists_.prefetch(slot); }
  template <class Visit>
  void for_each(Visit&& visit) const {
    lists_.for_each(kProtected, visit);
    lists_.for_each(kWindow, visit);
    lists_.for_each(kProbation, visit);
  }
  // Invariant: every entry is in one list, and the protected ones keep to their share.
  void check_invariants() const {
    for (const Segments::List list : {kWindow, kProbation, kProtected}) lists_.check_invariants(list);
    SYSLAB_ASSERT(lists_.weight(kProtected) <= protected_limit_);
  }

 private:
  static constexpr Segments::List kWindow = 0, kProbation = 1, kProtected = 2;
  // Additions for each entry until the sketch ages: a miss may add twice, so some 10 to 20 requests.
  static constexpr std::uint64_t kSample = 20;

  std::uint64_t window_limit_, protected_limit_;
  Segments lists_;
  std::size_t entries_ = 0;
  FrequencySketch sketch_{kSample};
};

// Requires: capacity.amount >= 1; shares from 0 to 1.
std::unique_ptr<Cache> make_w_tiny_lfu(CacheCapacity capacity, const WTinyLfuOptions& options = {});

}  // namespace syslab
