// DeadlineList: slots that wait for a moment, the earliest first; for millions of them, with cheap
// cancelling.
//
// Nearly all deadlines of a queue come from one constant (its visibility timeout, its delay, its retention),
// so each new one is the latest: it is appended to a doubly linked list, and leaves it, in O(1). One that is
// earlier than the last goes to a binary heap; there a cancelled entry stays until it comes up or until half
// of the heap is such.
//
// The links are in the caller's items: `Item` has a member of type Timed, and `items[slot]` finds it.
// Cost: O(1) for ascending deadlines, O(log n) amortised for others; 32 bytes an item.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/base/assert.hpp"
#include "core/base/slot_index.hpp"
#include "core/base/time.hpp"

namespace syslab {

struct Timed {
  enum class Place : std::uint8_t { none, list, heap };
  Instant due;
  Slot previous = kNoSlot;
  Slot next = kNoSlot;
  std::uint32_t stamp = 0;  // counts the waits, so that an entry of an earlier one is recognised
  Place place = Place::none;
};

template <class Item, Timed Item::*Link>
class DeadlineList {
 public:
  using Items = std::vector<Item>;

  // Requires: the slot waits nowhere by this link.
  void add(Items& items, Slot slot, Instant due) {
    Timed& t = items[slot].*Link;
    SYSLAB_ASSERT(t.place == Timed::Place::none);
    t.due = due;
    ++t.stamp;
    ++size_;
    if (tail_ == kNoSlot || (items[tail_].*Link).due <= due) {
      t.place = Timed::Place::list;
      t.previous = tail_;
      t.next = kNoSlot;
      (tail_ == kNoSlot ? head_ : (items[tail_].*Link).next) = slot;
      tail_ = slot;
      return;
    }
    t.place = Timed::Place::heap;
    ++heaped_;
    heap_.push_back({due, slot, t.stamp});
    std::push_heap(heap_.begin(), heap_.end(), later);
  }

  // Requires: the slot waits here.
  void remove(Items& items, Slot slot) {
    Timed& t = items[slot].*Link;
    SYSLAB_ASSERT(t.place != Timed::Place::none);
    --size_;
    if (t.place == Timed::Place::list) {
      (t.previous == kNoSlot ? head_ : (items[t.previous].*Link).next) = t.next;
      (t.next == kNoSlot ? tail_ : (items[t.next].*Link).previous) = t.previous;
    } else {
      --heaped_;
    }
    t.place = Timed::Place::none;
    ++t.stamp;
    if (heap_.size() > 2 * heaped_ + 64) {
      std::erase_if(heap_, [&](const Entry& e) { return !current(items, e); });
      std::make_heap(heap_.begin(), heap_.end(), later);
    }
  }

  // Who is due first, or kNoSlot.
  Slot front(const Items& items) {
    while (!heap_.empty() && !current(items, heap_.front())) {
      std::pop_heap(heap_.begin(), heap_.end(), later);
      heap_.pop_back();
    }
    if (heap_.empty()) return head_;
    if (head_ == kNoSlot) return heap_.front().slot;
    return (items[head_].*Link).due <= heap_.front().due ? head_ : heap_.front().slot;
  }

  std::size_t size() const { return size_; }

 private:
  struct Entry {
    Instant due;
    Slot slot;
    std::uint32_t stamp;
  };

  static bool later(const Entry& a, const Entry& b) {
    if (a.due != b.due) return a.due > b.due;
    return a.slot != b.slot ? a.slot > b.slot : a.stamp > b.stamp;
  }
  static bool current(const Items& items, const Entry& e) {
    const Timed& t = items[e.slot].*Link;
    return t.place == Timed::Place::heap && t.stamp == e.stamp;
  }

  Slot head_ = kNoSlot;
  Slot tail_ = kNoSlot;
  std::size_t size_ = 0;
  std::size_t heaped_ = 0;  // entries of the heap that are current
  std::vector<Entry> heap_;
};

}  // namespace syslab
