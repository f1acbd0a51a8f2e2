// ClockPool: frames in memory for what is on the medium, evicted by the clock.
//
// A frame that was used since the hand came by last gets a second chance; so what is used often stays, at the
// price of one bit a frame (Corbató 1968; what PostgreSQL's and most other buffer pools do). A pinned frame
// is never evicted; where all are pinned the pool grows. Cost: O(1) a look-up; an eviction looks at a few
// frames.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "core/base/assert.hpp"

namespace syslab {

template <class Content>
class ClockPool {
 public:
  struct Frame {
    std::uint64_t key;
    Content content;
    int pins = 0;
    bool used = true;
  };

  // Requires: capacity >= 1.
  explicit ClockPool(std::size_t capacity) : capacity_(capacity) { SYSLAB_ASSERT(capacity >= 1); }

  // Null where it is not here. Counts as a use.
  Frame* find(std::uint64_t key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return nullptr;
    found->second->used = true;
    return found->second.get();
  }
  // Puts a new frame in; `evict(frame)` is told of the one that leaves. Requires: the key is not here.
  template <class Evict>
  Frame& insert(std::uint64_t key, Content content, Evict&& evict) {
    if (ring_.size() >= capacity_) make_room(evict);
    auto frame = std::make_unique<Frame>(Frame{key, std::move(content)});
    Frame& result = *frame;
    ring_.push_back(&result);
    const bool is_new = index_.emplace(key, std::move(frame)).second;
    SYSLAB_ASSERT(is_new);
    return result;
  }
  void erase(std::uint64_t key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return;
    for (std::size_t i = 0;; ++i) {
      if (ring_[i] != found->second.get()) continue;
      remove_at(i);
      return;
    }
  }
  // Gives a frame another key. Requires: it is here, and no frame has that key.
  void rename(Frame& frame, std::uint64_t key) {
    auto node = index_.extract(frame.key);
    node.key() = frame.key = key;
    index_.insert(std::move(node));
  }

  std::size_t size() const { return ring_.size(); }
  // In the order of the ring.
  const std::vector<Frame*>& frames() const { return ring_; }

 private:
  template <class Evict>
  void make_room(Evict&& evict) {
    // Twice around: once for the second chances. After that all that is left is pinned.
    for (std::size_t step = 0; step < 2 * ring_.size(); ++step) {
      if (hand_ >= ring_.size()) hand_ = 0;
      Frame& frame = *ring_[hand_];
      if (frame.pins == 0 && !frame.used) {
        evict(frame);
        remove_at(hand_);
        return;
      }
      frame.used = frame.pins > 0;
      ++hand_;
    }
  }
  // The last frame takes the place of the one that leaves: the hand finds it there a little early.
  void remove_at(std::size_t i) {
    const std::uint64_t key = ring_[i]->key;
    ring_[i] = ring_.back();
    ring_.pop_back();
    index_.erase(key);
  }

  std::size_t capacity_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Frame>> index_;
  std::vector<Frame*> ring_;
  std::size_t hand_ = 0;
};

}  // namespace syslab
