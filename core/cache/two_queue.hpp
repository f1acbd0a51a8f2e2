// 2Q: newcomers wait in a short FIFO; only who is asked for again after having left it gets into the LRU of
// the rest.
//
// Three queues: `in` (a FIFO, a quarter of the room), `out` (ghosts of those who left `in`, as many as fill
// half of the room) and `main` (LRU). Hits in `in` mean nothing: several requests right after the first are
// one use. Shares as in the paper's full version and libCacheSim: 25 % and 50 %. Cost: O(1) a call; 32 bytes
// an entry beside what every cache needs, and some 48 a ghost. Paper: Johnson & Shasha, "2Q: a low overhead
// high performance buffer management replacement algorithm", VLDB 1994.
#pragma once

#include <memory>
#include <string_view>

#include "core/cache/cache.hpp"
#include "core/cache/ghosts.hpp"
#include "core/cache/segments.hpp"

namespace syslab {

struct TwoQueueOptions {
  double in = 0.25;  // shares of the capacity
  double ghosts = 0.5;
};

class TwoQueue {
 public:
  static constexpr std::string_view kName = "two_queue";

  TwoQueue(CacheCapacity capacity, const TwoQueueOptions& options)
      : in_limit_(share_of(capacity.amount, options.in)),
        ghost_limit_(share_of(capacity.amount, options.ghosts)) {}

  void resize(std::size_t slots) { queues_.resize(slots); }
  void on_insert(Slot slot, const Entrant& entrant) {
    meet(entrant);
    queues_.insert(returned_ ? kMain : kIn, slot, entrant);
    met_ = false;
  }
  void on_hit(Slot slot) {
    if (queues_.list_of(slot) == kMain) queues_.move(slot, kMain);
  }
  Slot victim(const Entrant& entrant) {
    meet(entrant);
    const bool from_in = queues_.weight(kIn) > in_limit_ || queues_.empty(kMain);
    return queues_.back(from_in ? kIn : kMain);
  }
  void on_remove(Slot slot, Leaving why) {
    if (why == Leaving::evicted && queues_.list_of(slot) == kIn) {
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
    const bool in_is_next = queues_.weight(kIn) > in_limit_;
    queues_.for_each(in_is_next ? kMain : kIn, visit);
    queues_.for_each(in_is_next ? kIn : kMain, visit);
  }
  // Invariant: every entry is in one queue, and the ghosts keep to their share.
  void check_invariants() const {
    queues_.check_invariants(kIn);
    queues_.check_invariants(kMain);
    ghosts_.check_invariants();
    SYSLAB_ASSERT(ghosts_.weight() <= ghost_limit_);
  }

 private:
  static constexpr Segments::List kIn = 0, kMain = 1;

  // The first that the policy hears of a newcomer, with the first victim or else at the insertion: whether it
  // was a ghost counts as of now, before others leave.
  void meet(const Entrant& entrant) {
    if (met_) return;
    met_ = true;
    returned_ = ghosts_.take(entrant.identity);
  }

  std::uint64_t in_limit_, ghost_limit_;
  Segments queues_;
  Ghosts ghosts_;
  bool met_ = false, returned_ = false;
};

// Requires: capacity.amount >= 1; shares from 0 to 1.
std::unique_ptr<Cache> make_two_queue(CacheCapacity capacity, const TwoQueueOptions& options = {});

}  // namespace syslab
