#include "core/sim/clock.hpp"

#include <catch2/catch.hpp>

#include "core/base/rng.hpp"

namespace syslab {
namespace {

using std::chrono::seconds;

Instant at(std::int64_t ns) {
  return Instant(Duration(ns));
}

}  // namespace

TEST_CASE("clock: a true clock shows the time of the world", "[sim][clock]") {
  NodeClock clock;
  CHECK(clock.monotonic(at(12345)) == at(12345));
  CHECK(clock.wall(at(12345)) == at(12345));
  CHECK(clock.world_delay(at(5), Duration(77)) == Duration(77));
}

TEST_CASE("clock: the monotonic clock never jumps or runs backwards, whatever faults do", "[sim][clock]") {
  Rng rng(1);
  NodeClock clock;
  std::int64_t now = 0;
  Instant last = clock.monotonic(at(0));
  for (int i = 0; i < 10'000; ++i) {
    now += static_cast<std::int64_t>(rng.below(3'000'000));
    const Instant before = clock.monotonic(at(now));
    CHECK(before >= last);
    if (i % 3 == 0)
      clock.set_drift(at(now), static_cast<std::int64_t>(rng.below(1'000'000'001)) - 500'000'000);
    if (i % 5 == 0) clock.shift_wall(Duration(static_cast<std::int64_t>(rng.below(2'000'000)) - 1'000'000));
    if (i % 7 == 0) clock.correct_wall(at(now));
    CHECK(clock.monotonic(at(now)) == before);
    last = before;
  }
}

TEST_CASE("clock: a timer fires at the first instant at which the monotonic clock shows its time",
          "[sim][clock]") {
  Rng rng(2);
  for (int i = 0; i < 2000; ++i) {
    NodeClock clock;
    const std::int64_t start = static_cast<std::int64_t>(rng.below(1'000'000));
    clock.set_drift(at(start), static_cast<std::int64_t>(rng.below(1'000'000'001)) - 500'000'000);
    const Instant now = at(start + static_cast<std::int64_t>(rng.below(1'000'000)));
    const Duration delay(static_cast<std::int64_t>(rng.below(10'000'000)));
    const Instant due = clock.monotonic(now) + delay;
    const Instant fires = clock.world_time(now, due);
    CHECK(clock.world_delay(now, delay) == fires - now);
    CHECK(clock.monotonic(fires) >= due);
    if (fires > now) CHECK(clock.monotonic(fires - Duration(1)) < due);
  }
}

TEST_CASE("clock: drift gains on both clocks, and only the wall clock is put right", "[sim][clock]") {
  NodeClock clock;
  clock.set_drift(at(0), 100'000);  // 100 ppm
  const Instant later{seconds(10)};
  CHECK(clock.monotonic(later) - later == std::chrono::milliseconds(1));
  CHECK(clock.wall(later) - later == std::chrono::milliseconds(1));
  clock.set_drift(later, 0);
  clock.correct_wall(later);
  CHECK(clock.monotonic(later) - later == std::chrono::milliseconds(1));
  CHECK(clock.wall(later) == later);
}

TEST_CASE("clock: skew and steps move the wall clock only", "[sim][clock]") {
  NodeClock clock;
  clock.shift_wall(-seconds(3));
  CHECK(clock.wall(Instant(seconds(10))) == Instant(seconds(7)));
  CHECK(clock.monotonic(Instant(seconds(10))) == Instant(seconds(10)));
}

}  // namespace syslab
