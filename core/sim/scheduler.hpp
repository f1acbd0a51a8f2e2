// The event queue of a world: actions at instants of virtual time, run in order, those of one instant in the
// order in which they were scheduled.
//
// A monotone radix heap behind a short sorted front (essay: scheduler.cpp). Cost: about log2(range/gap)
// sequential moves an event, in practice 30 to 70 ns up to a million pending; cancel O(1). Memory: 16 bytes a
// pending event and 24 a slot; closures come from size-classed free lists. Deterministic; not thread-safe.
// Paper: Ahuja, Mehlhorn, Orlin & Tarjan 1990, "Faster algorithms for the shortest path problem".
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/assert.hpp"
#include "core/base/time.hpp"
#include "core/runtime/timer.hpp"

namespace syslab {

class Scheduler {
 public:
  using Action = void (*)(void* context);

  Scheduler() = default;
  ~Scheduler();  // destroys the closures that never ran
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  Instant now() const { return Instant(Duration(static_cast<std::int64_t>(now_))); }
  // Events that have run since the start.
  std::uint64_t executed() const { return executed_; }
  // Events that are still to run; cancelled ones do not count.
  std::size_t size() const { return live_; }
  bool empty() const { return live_ == 0; }

  // The raw form for hot paths: no allocation. Requires: at >= now().
  TimerId schedule(Instant at, Action action, void* context) {
    return push(ticks(at), action, context, kLiveRaw);
  }
  // Any callable without arguments. Requires: at >= now().
  template <class F>
  TimerId at(Instant when, F&& action);

  // False where the event has run or was cancelled before.
  bool cancel(TimerId timer);
  bool pending(TimerId timer) const;

  // Runs the next event if it is due at `limit` or before: true. Otherwise nothing changes, not even now():
  // false. An exception from the action passes through; the event counts as run.
  bool step(Instant limit = Instant::max());
  // When the next event is due.
  std::optional<Instant> next();
  // Moves now() forward over a time without events. Requires: t >= now(), no event is due before t.
  void advance_to(Instant t);

 private:
  friend struct SchedulerTest;

  struct Key {
    std::uint64_t time;
    std::uint32_t slot;
    std::uint32_t generation;  // differs from the slot's: the event was cancelled
  };
  struct Slot {
    Action action;
    void* context;
    std::uint32_t generation;
    std::uint32_t next;  // of a free slot: the next free one; of a live one: kLiveRaw or kLiveClosure
  };
  struct ClosureBase {
    Scheduler* owner;
    void (*destroy)(ClosureBase*);
  };
  template <class F>
  struct Closure : ClosureBase {
    explicit Closure(F f) : function(std::move(f)) {}
    F function;
  };
  union FreeBlock {
    FreeBlock* next;
  };

  static constexpr std::uint32_t kNone = ~0u;
  static constexpr std::uint32_t kLiveRaw = ~0u - 1;
  static constexpr std::uint32_t kLiveClosure = ~0u - 2;
  static constexpr std::size_t kFrontMax = 64;
  static constexpr std::size_t kRefillMax = 24;  // a bucket of up to so many events is sorted at once
  static constexpr std::size_t kClassBytes = 32;
  static constexpr std::size_t kClasses = 8;
  static constexpr std::size_t kDeadMin = 4096;

  static std::uint64_t ticks(Instant t) { return static_cast<std::uint64_t>(t.time_since_epoch().count()); }
  static std::size_t bucket_of(std::uint64_t difference) {
    return difference == 0 ? 0 : static_cast<std::size_t>(std::bit_width(difference));
  }

  TimerId push(std::uint64_t time, Action action, void* context, std::uint32_t kind) {
    SYSLAB_ASSERT(time >= now_ && time <= kTimeMax);
    std::uint32_t slot = free_slot_;
    if (slot == kNone) [[unlikely]] {
      slot = static_cast<std::uint32_t>(slots_.size());
      slots_.push_back(Slot{nullptr, nullptr, 1, kNone});
    } else {
      free_slot_ = slots_[slot].next;
    }
    Slot& s = slots_[slot];
    s.action = action;
    s.context = context;
    s.next = kind;
    ++live_;
    insert(Key{time, slot, s.generation});
    return TimerId{std::uint64_t{s.generation} << 32 | slot};
  }

  void insert(Key key) {
    if (key.time < front_limit_) {
      insert_front(key);
    } else {
      const std::size_t bucket = bucket_of(key.time ^ base_);
      buckets_[bucket].push_back(key);
      occupied_ |= 1ull << bucket;
      if (bucket > 0) least_known_ = std::min(least_known_, key.time);
    }
  }

  void insert_front(Key key) {
    if (front_size_ == kFrontMax) [[unlikely]] {
      spill_front();
      insert(key);
      return;
    }
    std::size_t i = front_size_++;
    for (; i > 0 && front_[i - 1].time <= key.time; --i) front_[i] = front_[i - 1];
    front_[i] = key;
  }

  void spill_front();
  bool refill(std::uint64_t limit);
  void drop_dead_keys();
  void release(std::uint32_t slot) {
    Slot& s = slots_[slot];
    if (++s.generation == 0) s.generation = 1;  // 0 would make a TimerId that names no timer
    s.next = free_slot_;
    free_slot_ = slot;
    --live_;
  }

  void* allocate(std::size_t bytes);
  void deallocate(void* block, std::size_t bytes);

  static constexpr std::uint64_t kTimeMax = INT64_MAX;

  // Invariants: the front holds exactly the keys below front_limit_, the latest first. The buckets hold the
  // others; relative to base_, bucket 0 holds the keys equal to it and bucket i those whose highest differing
  // bit is i - 1. base_ <= front_limit_. Keys of one instant are in one place, in the order of their
  // scheduling. If not 0, least_known_ is the least time in
  // the buckets above 0.
  std::uint64_t now_ = 0;
  std::uint64_t front_limit_ = UINT64_MAX;
  std::uint64_t base_ = 0;
  std::uint64_t occupied_ = 0;
  std::uint64_t least_known_ = 0;
  std::size_t front_size_ = 0;
  std::size_t bucket0_head_ = 0;
  std::uint32_t free_slot_ = kNone;
  std::size_t live_ = 0;
  std::size_t dead_ = 0;  // cancelled keys that are still in the front or the buckets
  std::uint64_t executed_ = 0;
  std::vector<Slot> slots_;
  Key front_[kFrontMax];
  std::vector<Key> buckets_[64];
  FreeBlock* free_blocks_[kClasses] = {};
  std::vector<void*> chunks_;
};

template <class F>
TimerId Scheduler::at(Instant when, F&& action) {
  using Held = Closure<std::decay_t<F>>;
  static_assert(alignof(Held) <= alignof(std::max_align_t));
  void* block = allocate(sizeof(Held));
  auto* closure = new (block) Held(std::forward<F>(action));
  closure->owner = this;
  closure->destroy = [](ClosureBase* base) {
    auto* held = static_cast<Held*>(base);
    Scheduler* owner = held->owner;
    held->~Held();
    owner->deallocate(held, sizeof(Held));
  };
  const Action run = [](void* context) {
    struct Guard {  // the closure is destroyed also where an exception passes
      ClosureBase* base;
      ~Guard() { base->destroy(base); }
    };
    auto* held = static_cast<Held*>(static_cast<ClosureBase*>(context));
    const Guard guard{held};
    held->function();
  };
  return push(ticks(when), run, static_cast<ClosureBase*>(closure), kLiveClosure);
}

}  // namespace syslab
