// A node's two clocks, as functions of world time.
//
// The monotonic clock runs at 1 + drift and never jumps. The wall clock has the same oscillator, but faults
// also set it off (skew) and make it jump (step), backwards too. Whole nanoseconds and integer arithmetic: no
// rounding drift.
#pragma once

#include <cstdint>

#include "core/base/time.hpp"

namespace syslab {

class NodeClock {
 public:
  // At world time `now`.
  Instant monotonic(Instant now) const { return monotonic_base_ + scaled(now - world_base_); }
  Instant wall(Instant now) const {
    return now + skew_ + drift_error_ + (scaled(now - world_base_) - (now - world_base_));
  }

  // The least world duration after `now` in which the monotonic clock passes `delay`. Requires: delay >= 0.
  Duration world_delay(Instant now, Duration delay) const;
  // When the monotonic clock will first show `due`; not before `now`.
  Instant world_time(Instant now, Instant due) const;

  // Parts per billion by which the oscillator is fast. Changes from `now` on; the monotonic clock does not
  // jump.
  std::int64_t drift_ppb() const { return drift_ppb_; }
  // Requires: -5e8 <= drift_ppb <= 5e8.
  void set_drift(Instant now, std::int64_t drift_ppb);
  // What drift has made of the wall clock so far is put right, as a time service would.
  void correct_wall(Instant now);
  // Moves the wall clock by `change`, now.
  void shift_wall(Duration change) { skew_ += change; }

 private:
  static constexpr std::int64_t kBillion = 1'000'000'000;
  Duration scaled(Duration world) const {
    if (drift_ppb_ == 0) return world;
    __extension__ using Wide = __int128;
    return world + Duration(static_cast<std::int64_t>(Wide{world.count()} * drift_ppb_ / kBillion));
  }

  Instant world_base_;      // when the rate last changed,
  Instant monotonic_base_;  // and what the monotonic clock showed then
  Duration drift_error_{};  // of the wall clock, gathered up to world_base_
  Duration skew_{};
  std::int64_t drift_ppb_ = 0;
};

}  // namespace syslab
