#include "core/sim/clock.hpp"

#include "core/base/assert.hpp"

namespace syslab {

Duration NodeClock::world_delay(Instant now, Duration delay) const {
  if (drift_ppb_ == 0) return delay;
  return world_time(now, saturating_add(monotonic(now), delay)) - now;
}

Instant NodeClock::world_time(Instant now, Instant due) const {
  if (due <= monotonic(now)) return now;
  if (due == Instant::max()) return due;
  __extension__ using Wide = __int128;
  const Wide rate = Wide{kBillion} + drift_ppb_;
  const Wide wanted = Wide{(due - monotonic_base_).count()};
  const Wide world = (wanted * kBillion + rate - 1) / rate;
  if (world > Wide{(Instant::max() - world_base_).count()}) return Instant::max();
  Instant t = world_base_ + Duration(static_cast<std::int64_t>(world));
  // scaled() rounds towards zero, so the exact quotient may be off by one.
  while (monotonic(t) < due) t += Duration(1);
  while (t > now && monotonic(t - Duration(1)) >= due) t -= Duration(1);
  return t;
}

void NodeClock::set_drift(Instant now, std::int64_t drift_ppb) {
  SYSLAB_ASSERT(drift_ppb >= -500'000'000 && drift_ppb <= 500'000'000);
  const Duration world = now - world_base_;
  drift_error_ += scaled(world) - world;
  monotonic_base_ += scaled(world);
  world_base_ = now;
  drift_ppb_ = drift_ppb;
}

void NodeClock::correct_wall(Instant now) {
  set_drift(now, drift_ppb_);
  drift_error_ = Duration::zero();
}

}  // namespace syslab
