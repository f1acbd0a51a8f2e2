// A binary heap pays log2(n) dependent comparisons and cache misses an event. A radix heap pays none:
// relative to a base time that no pending event precedes, an event goes to the bucket of the highest bit in
// which its time differs from the base. When the lowest bucket is due, its least time becomes the base and
// its events spread over lower buckets; each event only ever moves down, in sequential memory. Iterating in
// order keeps ties first-in, first-out without a sequence number.
//
//     base 1010000:   bucket 0: 1010000   bucket 1: 1010001   bucket 2: 101001x   bucket 3: 10101xx   ...
//
// Two deviations. The last moves of an event are the costly ones, mostly of one event alone, so a bucket with
// few events is sorted at once into a short array, the front, which then holds all events below the end of
// that bucket's range; while a world has few events, the front holds all and the buckets are idle. And the
// base must not run ahead of the clock: step(limit) does not spread a bucket that begins beyond the limit, so
// that events may still be scheduled before it. Cancelled events leave their key behind, which is skipped
// when it comes up; where the base has thereby passed the clock, new earlier events go to the front.
#include "core/sim/scheduler.hpp"

namespace syslab {

Scheduler::~Scheduler() {
  for (Slot& s : slots_) {
    if (s.next == kLiveClosure) {
      auto* closure = static_cast<ClosureBase*>(s.context);
      closure->destroy(closure);
    }
  }
  for (void* chunk : chunks_) ::operator delete(chunk);
}

bool Scheduler::pending(TimerId timer) const {
  const auto slot = static_cast<std::uint32_t>(timer.value);
  const auto generation = static_cast<std::uint32_t>(timer.value >> 32);
  return slot < slots_.size() && slots_[slot].generation == generation && slots_[slot].next >= kLiveClosure &&
         slots_[slot].next != kNone;
}

bool Scheduler::cancel(TimerId timer) {
  if (!pending(timer)) return false;
  const auto slot = static_cast<std::uint32_t>(timer.value);
  const bool is_closure = slots_[slot].next == kLiveClosure;
  auto* context = slots_[slot].context;
  release(slot);
  ++dead_;
  if (dead_ > kDeadMin && dead_ > 2 * live_) drop_dead_keys();
  // Last, because a destructor may come back here.
  if (is_closure) {
    auto* closure = static_cast<ClosureBase*>(context);
    closure->destroy(closure);
  }
  return true;
}

bool Scheduler::step(Instant limit_instant) {
  const std::uint64_t limit = ticks(limit_instant);
  for (;;) {
    Key key;
    if (front_size_ > 0) {
      key = front_[front_size_ - 1];
      if (key.time > limit) return false;
      --front_size_;
    } else if (occupied_ & 1) {
      std::vector<Key>& due = buckets_[0];
      key = due[bucket0_head_];
      if (key.time > limit) return false;
      if (++bucket0_head_ == due.size()) {
        due.clear();
        bucket0_head_ = 0;
        occupied_ &= ~1ull;
      }
    } else {
      if (!refill(limit)) return false;
      continue;
    }
    const Slot& s = slots_[key.slot];
    if (s.generation != key.generation) [[unlikely]] {
      --dead_;
      continue;
    }
    const Action action = s.action;
    void* const context = s.context;
    now_ = key.time;
    release(key.slot);
    ++executed_;
    action(context);
    return true;
  }
}

std::optional<Instant> Scheduler::next() {
  for (;;) {
    Key key;
    if (front_size_ > 0) {
      key = front_[front_size_ - 1];
    } else if (occupied_ & 1) {
      key = buckets_[0][bucket0_head_];
    } else {
      if (!refill(UINT64_MAX)) return std::nullopt;
      continue;
    }
    if (slots_[key.slot].generation == key.generation) {
      return Instant(Duration(static_cast<std::int64_t>(key.time)));
    }
    --dead_;
    if (front_size_ > 0) {
      --front_size_;
    } else if (++bucket0_head_ == buckets_[0].size()) {
      buckets_[0].clear();
      bucket0_head_ = 0;
      occupied_ &= ~1ull;
    }
  }
}

void Scheduler::advance_to(Instant t) {
  SYSLAB_ASSERT(ticks(t) >= now_);
  now_ = ticks(t);
}

// Makes the front or bucket 0 non-empty. False where nothing is pending up to the limit.
// Requires: the front and bucket 0 are empty.
bool Scheduler::refill(std::uint64_t limit) {
  if (occupied_ == 0) {
    // Nothing is pending: from here on the front alone will do.
    front_limit_ = UINT64_MAX;
    return false;
  }
  const auto lowest = static_cast<std::size_t>(std::countr_zero(occupied_));
  std::vector<Key>& bucket = buckets_[lowest];
  if (bucket.size() <= kRefillMax) {
    // This bucket's range becomes the front's. The base stays, so this is safe even where the range is beyond
    // the limit: whatever is scheduled before it joins the front.
    const std::uint64_t width = 1ull << (lowest - 1);
    front_limit_ = ((base_ & ~(width - 1)) | width) + width;
    occupied_ &= ~(1ull << lowest);
    least_known_ = 0;
    for (const Key& key : bucket) {
      __builtin_prefetch(&slots_[key.slot]);  // with a million pending, each slot is a cache miss
      std::size_t i = front_size_++;
      for (; i > 0 && front_[i - 1].time <= key.time; --i) front_[i] = front_[i - 1];
      front_[i] = key;
    }
    bucket.clear();
    return true;
  }
  if (least_known_ == 0) {
    least_known_ = UINT64_MAX;
    for (const Key& key : bucket) least_known_ = std::min(least_known_, key.time);
  }
  if (least_known_ > limit) return false;
  base_ = least_known_;
  front_limit_ = base_;
  least_known_ = 0;
  occupied_ &= ~(1ull << lowest);
  for (const Key& key : bucket) {
    const std::size_t to = bucket_of(key.time ^ base_);
    SYSLAB_ASSERT(to < lowest);
    buckets_[to].push_back(key);
    occupied_ |= 1ull << to;
  }
  bucket.clear();
  return true;
}

// The front is full: its keys go to the buckets.
void Scheduler::spill_front() {
  Key keys[kFrontMax];
  const std::size_t count = front_size_;
  std::reverse_copy(front_, front_ + count, keys);
  front_size_ = 0;
  if (occupied_ == 0) {
    base_ = now_;
  } else if (keys[0].time < base_) {
    // Rare: cancelled keys let the base pass the clock. Everything is sorted in again, relative to the clock.
    std::vector<Key> all;
    for (std::uint64_t rest = occupied_; rest != 0; rest &= rest - 1) {
      std::vector<Key>& bucket = buckets_[std::countr_zero(rest)];
      all.insert(all.end(),
                 bucket.begin() + (&bucket == buckets_ ? static_cast<std::ptrdiff_t>(bucket0_head_) : 0),
                 bucket.end());
      bucket.clear();
    }
    bucket0_head_ = 0;
    occupied_ = 0;
    base_ = now_;
    front_limit_ = base_;
    for (std::size_t i = 0; i < count; ++i) insert(keys[i]);
    for (const Key& key : all) insert(key);
    least_known_ = 0;
    return;
  }
  front_limit_ = base_;
  for (std::size_t i = 0; i < count; ++i) insert(keys[i]);
  least_known_ = 0;
}

void Scheduler::drop_dead_keys() {
  const auto is_dead = [this](const Key& key) { return slots_[key.slot].generation != key.generation; };
  if (occupied_ & 1) {
    buckets_[0].erase(buckets_[0].begin(), buckets_[0].begin() + static_cast<std::ptrdiff_t>(bucket0_head_));
    bucket0_head_ = 0;
  }
  for (std::uint64_t rest = occupied_; rest != 0; rest &= rest - 1) {
    const int i = std::countr_zero(rest);
    std::erase_if(buckets_[i], is_dead);
    if (buckets_[i].empty()) occupied_ &= ~(1ull << i);
  }
  front_size_ = static_cast<std::size_t>(std::remove_if(front_, front_ + front_size_, is_dead) - front_);
  least_known_ = 0;
  dead_ = 0;
}

void* Scheduler::allocate(std::size_t bytes) {
  const std::size_t size_class = (bytes - 1) / kClassBytes;
  if (size_class >= kClasses) return ::operator new(bytes);
  if (FreeBlock* block = free_blocks_[size_class]) {
    free_blocks_[size_class] = block->next;
    return block;
  }
  // A chunk of 64 blocks; the first is handed out, the others join the free list.
  constexpr std::size_t kBlocks = 64;
  const std::size_t block_bytes = (size_class + 1) * kClassBytes;
  auto* chunk = static_cast<std::byte*>(::operator new(kBlocks* block_bytes));
  chunks_.push_back(chunk);
  for (std::size_t i = kBlocks - 1; i > 0; --i) {
    auto* block = reinterpret_cast<FreeBlock*>(chunk + i * block_bytes);
    block->next = free_blocks_[size_class];
    free_blocks_[size_class] = block;
  }
  return chunk;
}

void Scheduler::deallocate(void* memory, std::size_t bytes) {
  const std::size_t size_class = (bytes - 1) / kClassBytes;
  if (size_class >= kClasses) {
    ::operator delete(memory);
    return;
  }
  auto* block = static_cast<FreeBlock*>(memory);
  block->next = free_blocks_[size_class];
  free_blocks_[size_class] = block;
}

}  // namespace syslab
