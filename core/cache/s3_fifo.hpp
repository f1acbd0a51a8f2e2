// S3-FIFO: three FIFO queues. Newcomers pass through a small one; who was not hit at least twice there leaves
// soon and is remembered; everybody else, and who comes back while remembered, goes into the main one.
//
// The idea is quick demotion: most keys are asked for once and should not stay long. Nothing moves on a hit,
// which only counts to 3. `main` is a CLOCK with that counter. Shares as in the paper: small 10 %, ghosts as
// many as fill 90 %. Follows the authors' libCacheSim of 2024: an entry enters `main` with its counter at 0,
// and while the cache fills for the first time newcomers may exceed the small queue's share. In bytes, an
// entry that is heavier than the small queue's share starts in `main`; libCacheSim refuses it. Cost: O(1) a
// call, amortised; 32 bytes an entry beside what every cache needs, and some 48 a ghost. Paper: Yang, Zhang,
// Qiu, Yue & Rashmi, "FIFO queues are all you need for cache eviction", SOSP 2023.
#pragma once

#include <memory>
#include <string_view>

#include "core/cache/cache.hpp"
#include "core/cache/ghosts.hpp"
#include "core/cache/segments.hpp"

namespace syslab {

struct S3FifoOptions {
  double small = 0.1;  // shares of the capacity
  double ghosts = 0.9;
  unsigned threshold = 2;  // hits in the small queue that earn a place in the main one; 1 to 3
};

class S3Fifo {
 public:
  static constexpr std::string_view kName = "s3_fifo";

  S3Fifo(CacheCapacity capacity, const S3FifoOptions& options)
      : small_limit_(share_of(capacity.amount, options.small)),
        main_limit_(capacity.amount - small_limit_),
        ghost_limit_(share_of(capacity.amount, options.ghosts)),
        threshold_(options.threshold) {}

  void resize(std::size_t slots) { queues_.resize(slots); }
  void on_insert(Slot slot, const Entrant& entrant) {
    meet(entrant);
    const bool to_main = returned_ || (entrant.weight > 1 && entrant.weight >= small_limit_);
    queues_.insert(to_main ? kMain : kSmall, slot, entrant);
    met_ = false;
  }
  void on_hit(Slot slot) {
    std::uint32_t& hits = queues_.mark(slot);
    if (hits < kMostHits) ++hits;
  }
  Slot victim(const Entrant& entrant) {
    meet(entrant);
    if (queues_.weight(kMain) <= main_limit_) {
      while (!queues_.empty(kSmall)) {
        const Slot slot = queues_.back(kSmall);
        std::uint32_t& hits = queues_.mark(slot);
        if (hits < threshold_) return slot;
        hits = 0;
        queues_.move(slot, kMain);
      }
    }
    for (;;) {
      // The main queue can be empty only in bytes, where heavy entries left it.
      const Slot slot = queues_.back(queues_.empty(kMain) ? kSmall : kMain);
      std::uint32_t& hits = queues_.mark(slot);
      if (hits == 0) return slot;
      --hits;
      queues_.move(slot, kMain);
    }
  }
  void on_remove(Slot slot, Leaving why) {
    if (why == Leaving::evicted && queues_.list_of(slot) == kSmall) {
      ghosts_.add(queues_.entrant(slot), ghost_limit_);
    }
    queues_.remove(slot);
  }
  void clear() {
    queues_.clear();
    ghosts_.clear();
    met_ = false;
  }
  void prefetch(Slot slot) const { queues_.prefetch(slot); }
  template <class Visit>
  void for_each(Visit&& visit) const {
    queues_.for_each(kMain, visit);
    queues_.for_each(kSmall, visit);
  }
  // Invariant: every entry is in one queue, and the ghosts keep to their share.
  void check_invariants() const {
    queues_.check_invariants(kSmall);
    queues_.check_invariants(kMain);
    ghosts_.check_invariants();
    SYSLAB_ASSERT(ghosts_.weight() <= ghost_limit_);
  }

 private:
  static constexpr Segments::List kSmall = 0, kMain = 1;
  static constexpr std::uint32_t kMostHits = 3;

  // Whether a newcomer is remembered counts as of when it comes, before others leave for it.
  void meet(const Entrant& entrant) {
    if (met_) return;
    met_ = true;
    returned_ = ghosts_.take(entrant.identity);
  }

  std::uint64_t small_limit_, main_limit_, ghost_limit_;
  unsigned threshold_;
  Segments queues_;
  Ghosts ghosts_;
  bool met_ = false, returned_ = false;
};

// Requires: capacity.amount >= 1; shares from 0 to 1; 1 <= threshold <= 3.
std::unique_ptr<Cache> make_s3_fifo(CacheCapacity capacity, const S3FifoOptions& options = {});

}  // namespace syslab
