// The same body for every limiter: what must hold whatever the algorithm is.
#include <catch2/catch.hpp>
#include <map>

#include "core/base/rng.hpp"
#include "tests/limit/registry.hpp"

using namespace syslab;
using syslab::test::RegisteredLimiter;

namespace {

Instant at(std::int64_t ns) {
  return Instant(Duration(ns));
}

void require_same(const Decision& a, const Decision& b) {
  REQUIRE(a.admitted == b.admitted);
  REQUIRE(a.retry_after == b.retry_after);
  REQUIRE(a.remaining == b.remaining);
}

}  // namespace

TEST_CASE("limiter conformance: retry_after is exact to the nanosecond, and peek takes nothing",
          "[limit][conformance]") {
  REQUIRE_FALSE(RegisteredLimiter::all().empty());
  for (const RegisteredLimiter* registered : RegisteredLimiter::all()) {
    for (const double rate : {0.1, 1.0 / 3, 7.0, 1e3, 3e6, 1234567.891}) {
      for (const double burst : {1.0, 2.5, 100.0}) {
        DYNAMIC_SECTION(registered->name << " " << rate << "/s, burst " << burst) {
          const auto limiter = registered->make(rate, burst);
          Rng rng(1);
          std::int64_t now = 0;
          const auto step = static_cast<std::uint64_t>(2e9 / rate) + 2;
          for (int i = 0; i < 3000; ++i) {
            now += static_cast<std::int64_t>(rng.below(step));
            const double cost = rng.chance(0.5) ? 1 : rng.chance(0.1) ? burst * 2 : rng.unit() * burst + 1e-3;
            const Decision foreseen = limiter->peek(at(now), cost);
            const Decision decision = limiter->admit(at(now), cost);
            require_same(foreseen, decision);
            REQUIRE(decision.remaining >= 0);
            if (decision.admitted) {
              REQUIRE(decision.retry_after == Duration::zero());
            } else if (decision.retry_after != Duration::max()) {
              REQUIRE(decision.retry_after > Duration::zero());
              REQUIRE(limiter->peek(at(now) + decision.retry_after, cost).admitted);
              REQUIRE_FALSE(limiter->peek(at(now) + decision.retry_after - Duration(1), cost).admitted);
            }
          }
        }
      }
    }
  }
}

TEST_CASE("limiter conformance: a clock that runs backwards never lets more through",
          "[limit][conformance]") {
  for (const RegisteredLimiter* registered : RegisteredLimiter::all()) {
    DYNAMIC_SECTION(registered->name) {
      const auto limiter = registered->make(1, 5);
      int admitted = 0;
      for (int i = 0; i < 100; ++i) admitted += limiter->admit(at(i % 2 == 0 ? 1000000000 : 0)).admitted;
      REQUIRE(admitted <= 6);
      limiter->reset();
      REQUIRE(limiter->admit(at(0)).admitted);
      limiter->admit(at(-5000000000));  // before the world began: only must not break
    }
  }
}

TEST_CASE("limiter conformance: with room for all keys, every key has the budget of a limiter of its own",
          "[limit][conformance]") {
  for (const RegisteredLimiter* registered : RegisteredLimiter::all()) {
    DYNAMIC_SECTION(registered->name) {
      const auto keyed = registered->make_keyed(10, 3, 50);
      std::map<std::uint64_t, std::unique_ptr<Limiter>> alone;
      Rng rng(2);
      std::int64_t now = 0;
      for (int i = 0; i < 20000; ++i) {
        now += static_cast<std::int64_t>(rng.below(10000000));
        const std::uint64_t key = rng.below(50);
        auto& own = alone[key];
        if (own == nullptr) own = registered->make(10, 3);
        require_same(keyed->peek(key, at(now)), own->peek(at(now)));
        require_same(keyed->admit(key, at(now)), own->admit(at(now)));
      }
      REQUIRE(keyed->size() == 50);
      REQUIRE(keyed->forgotten() == 0);
      keyed->check_invariants();
    }
  }
}

TEST_CASE("limiter conformance: memory is bounded, and idle keys are forgotten first",
          "[limit][conformance]") {
  for (const RegisteredLimiter* registered : RegisteredLimiter::all()) {
    DYNAMIC_SECTION(registered->name) {
      // One busy key among a flood of strangers that each come once: the busy one keeps its empty budget.
      const auto keyed = registered->make_keyed(10, 3, 64);
      std::int64_t now = 0;
      int admitted = 0;
      for (std::uint64_t stranger = 100; stranger < 20100; ++stranger) {
        now += 5000000;  // 200 strangers a second; each is idle again after 0.1 s, that is after 20 others
        keyed->admit(stranger, at(now));
        admitted += keyed->admit(1, at(now)).admitted;
        REQUIRE(keyed->size() <= 64);
        if (stranger % 100 == 0) keyed->check_invariants();
      }
      REQUIRE(keyed->forgotten() == 0);
      REQUIRE(admitted <= 3 + 100 * 10 + 1);

      // When nobody is idle, somebody who is not must go, and that is said.
      for (std::uint64_t stranger = 1; stranger <= 200; ++stranger) keyed->admit(1000000 + stranger, at(now));
      REQUIRE(keyed->forgotten() > 0);
      keyed->reset();
      REQUIRE(keyed->size() == 0);
      REQUIRE(keyed->forgotten() == 0);
    }
  }
}
