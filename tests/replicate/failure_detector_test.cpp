#include "core/replicate/failure_detector.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "core/base/rng.hpp"

using namespace syslab;
using namespace std::chrono_literals;

TEST_CASE("phi accrual: phi is the normal tail, as Akka computes it", "[replicate][failure_detector]") {
  PhiAccrual d({.deviation_min = 100ms});
  for (int i = 0; i <= 1000; ++i) d.heartbeat(Instant(1s * i));
  CHECK(d.mean() == Approx(1.0));
  CHECK(d.deviation() == Approx(0.1));
  for (const double late : {-2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0}) {  // in deviations
    const Instant now = Instant(1000s) + from_seconds(1 + late * 0.1);
    const double exact = -std::log10(0.5 * std::erfc(late / std::sqrt(2.0)));
    INFO(late);
    CHECK(d.suspicion(now) == Approx(exact).epsilon(0.06).margin(0.0005));
    // Akka's PhiAccrualFailureDetector.phi, with the same mean and deviation.
    const double e = std::exp(-late * (1.5976 + 0.070566 * late * late));
    const double akka = late > 0 ? -std::log10(e / (1 + e)) : -std::log10(1 - 1 / (1 + e));
    CHECK(d.suspicion(now) == Approx(akka).margin(1e-6));
  }
  CHECK(std::isfinite(d.suspicion(Instant(2000s))));
  CHECK(d.suspicion(Instant(2000s)) > 1e6);
}

TEST_CASE("phi accrual: it waits longer for an irregular sender, a timeout for all alike",
          "[replicate][failure_detector]") {
  PhiAccrual regular({}), irregular({});
  TimeoutDetector timeout(3s);
  CHECK(regular.patience() == Duration::max());
  Rng rng(1);
  Instant at, other;
  for (int i = 0; i < 500; ++i) {
    regular.heartbeat(at += 1s);
    irregular.heartbeat(other += from_seconds(0.2 + 1.6 * rng.unit()));
  }
  timeout.heartbeat(at);
  CHECK(to_seconds(regular.patience()) < 1.7);
  CHECK(to_seconds(irregular.patience()) > 3);
  CHECK(to_seconds(timeout.patience()) == Approx(3));
  CHECK(!regular.suspects(at + regular.patience() - 2us));
  CHECK(regular.suspects(at + regular.patience()));
}

TEST_CASE("phi accrual: suspicion never falls while no heartbeat comes, and the window forgets",
          "[replicate][failure_detector]") {
  PhiAccrual d({.window = 10});
  Instant at;
  for (int i = 0; i < 50; ++i) d.heartbeat(at += 5s);
  for (int i = 0; i < 20; ++i) d.heartbeat(at += 1s);
  CHECK(d.mean() == Approx(1.0));
  double last = 0;
  for (int i = 0; i < 400; ++i) {
    const double phi = d.suspicion(at + 10ms * i);
    CHECK(phi >= last);
    last = phi;
  }
}
