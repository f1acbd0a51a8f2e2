// Belady's OPT: the entry whose next use is farthest in the future leaves. Nobody can do better, and nobody
// can do it without knowing the future: so it takes the trace first, and is the bound that others are
// measured against.
//
// The cache is then meant to be asked for exactly the trace, once. A request that is not the next one of the
// trace is taken as the next occurrence of its key there, and what lies between counts as over; a key that
// does not come again is never used again. Optimal in entries only: with sizes the optimum is NP-hard
// (Chrobak et al. 2012), and this is then a good heuristic, not a bound.
//
// Cost: O(log n) a request; 8 bytes for each request of the trace and some 24 for each distinct key in it,
// shared by all caches made from one; 24 bytes an entry and 8 a distinct key beside what every cache needs.
// Paper: Belady, "A study of replacement algorithms for a virtual-storage computer", IBM Systems Journal
// 1966.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "core/base/slot_index.hpp"
#include "core/cache/basic_cache.hpp"

namespace syslab {

// When every key of a trace is asked for. Immutable once it is made.
class FutureUses {
 public:
  using Position = std::uint32_t;  // of a request in the trace
  static constexpr Position kNever = ~Position{0};

  // Requires: fewer than 2^32 - 1 requests in all.
  void add(std::span<const std::uint64_t> ids);

  std::size_t requests() const { return next_.size(); }
  std::size_t keys() const { return first_.size(); }
  // The number of a key from 0 on; keys() where the trace does not have it.
  std::size_t find(std::uint64_t identity) const;
  Position first(std::size_t key) const { return first_[key]; }
  // The next request for the same key.
  Position next(Position position) const { return next_[position]; }

 private:
  SlotIndex index_;  // key + 1
  std::vector<std::uint64_t> identities_;
  std::vector<Position> first_, last_;  // by key
  std::vector<Position> next_;          // by position
};

class Belady {
 public:
  static constexpr std::string_view kName = "belady";

  explicit Belady(std::shared_ptr<const FutureUses> future);

  void resize(std::size_t slots) { entries_.resize(slots); }
  void on_insert(Slot slot, const Entrant& entrant);
  void on_hit(Slot slot);
  Slot victim(const Entrant&) const { return heap_.front(); }
  void on_remove(Slot slot, Leaving);
  void clear();
  void prefetch(Slot slot) const { __builtin_prefetch(entries_.data() + slot, 1); }
  template <class Visit>
  void for_each(
      Visit&& visit) const {  // the next victim last; of the others, those used sooner come earlier, roughly
    for (std::size_t i = heap_.size(); i-- > 0;) visit(heap_[i]);
  }
  // Invariant: the heap holds every entry once, none below one that is used sooner.
  void check_invariants() const;

 private:
  using Position = FutureUses::Position;
  struct Entry {
    std::uint32_t key = 0;  // number in the trace
    Position next_use = FutureUses::kNever;
    std::uint32_t place = 0;  // in the heap
  };

  Position use(std::uint32_t key);
  void put(std::size_t place, Slot slot) {
    heap_[place] = slot;
    entries_[slot].place = static_cast<std::uint32_t>(place);
  }
  void rise(std::size_t place);
  void sink(std::size_t place);

  std::shared_ptr<const FutureUses> future_;
  std::vector<Position> upcoming_;  // by key: its first request that was not yet made
  Position now_ = 0;                // requests before this one are over
  std::vector<Entry> entries_;      // by slot
  std::vector<Slot> heap_;          // who is used last on top
};

// Requires: capacity.amount >= 1; future is not null.
std::unique_ptr<Cache> make_belady(CacheCapacity capacity, std::shared_ptr<const FutureUses> future);

}  // namespace syslab
