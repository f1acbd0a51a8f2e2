// The same body for every limiter: what must hold whatever the algorithm is.
#include <catch2/catch.hpp>
#include <cmath>
#include <deque>
#include <map>
#include <set>

#include "bindings/host/component.hpp"
#include "core/base/rng.hpp"
#include "tests/limit/models.hpp"
#include "tests/limit/registry.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

Instant at(std::int64_t ns) {
  return Instant(Duration(ns));
}

void require_same(const Decision& a, const Decision& b) {
  REQUIRE(a.admitted == b.admitted);
  REQUIRE(a.retry_after == b.retry_after);
  REQUIRE(a.remaining == b.remaining);
  REQUIRE(a.delay == b.delay);
}

// By how much any stretch of what was admitted exceeds its bound, at the worst.
double excess(const RegisteredLimiter& registered, double rate, double burst,
              const std::vector<Taken>& taken) {
  double most = -1e300;
  for (std::size_t i = 0; i < taken.size(); ++i) {
    double sum = 0;
    for (std::size_t j = i; j < taken.size(); ++j) {
      sum += taken[j].cost;
      const double seconds = static_cast<double>(taken[j].at - taken[i].at) / 1e9;
      most = std::max(most, sum - registered.kind.bound(rate, burst, seconds));
    }
  }
  return most;
}

}  // namespace

TEST_CASE("limiter conformance: every limiter that Lua knows is tested here", "[limit][conformance]") {
  std::set<std::string> tested;
  for (const RegisteredLimiter* registered : RegisteredLimiter::all()) tested.insert(registered->name);
  for (const RegisteredConcurrency* registered : RegisteredConcurrency::all())
    tested.insert(registered->name);
  std::set<std::string> known;
  for (const Component* component : components()) {
    if (component->d.name.rfind("limit.", 0) == 0 &&
        component->d.returns.find("imiter") != std::string::npos) {
      known.insert(component->d.name.substr(6));
    }
  }
  REQUIRE(known.size() >= 9);
  REQUIRE(tested == known);
}

TEST_CASE("limiter conformance: retry_after is exact to the nanosecond, and peek takes nothing",
          "[limit][conformance]") {
  for (const RegisteredLimiter* registered : RegisteredLimiter::all()) {
    for (const double rate : {0.1, 1.0 / 3, 7.0, 1e3, 3e6, 1234567.891}) {
      for (const double burst : {1.0, 2.5, 100.0}) {
        DYNAMIC_SECTION(registered->title() << " " << rate << "/s, burst " << burst) {
          const auto limiter = registered->kind.make(rate, burst);
          Rng rng(1);
          std::int64_t now = 0;
          const auto step = static_cast<std::uint64_t>(2e9 / rate) + 2;
          int refused = 0;
          for (int i = 0; i < 2000; ++i) {
            now += static_cast<std::int64_t>(rng.below(step));
            const double cost = rng.chance(0.5) ? 1 : rng.chance(0.1) ? burst * 2 : rng.unit() * burst + 1e-3;
            const Decision foreseen = limiter->peek(at(now), cost);
            const Decision decision = limiter->admit(at(now), cost);
            require_same(foreseen, decision);
            REQUIRE(decision.remaining >= 0);
            if (decision.admitted) {
              REQUIRE(decision.retry_after == Duration::zero());
              REQUIRE(decision.delay >= Duration::zero());
            } else if (decision.retry_after != Duration::max()) {
              ++refused;
              REQUIRE(decision.retry_after > Duration::zero());
              REQUIRE(limiter->peek(at(now) + decision.retry_after, cost).admitted);
              REQUIRE_FALSE(limiter->peek(at(now) + decision.retry_after - Duration(1), cost).admitted);
            }
          }
          REQUIRE(refused > 0);
        }
      }
    }
  }
}

TEST_CASE("limiter conformance: decides as the slow exact model does", "[limit][conformance]") {
  for (const RegisteredLimiter* registered : RegisteredLimiter::all()) {
    for (const auto& [rate, burst] : {std::pair{3, 1}, {10, 4}, {7, 20}, {1000, 5}, {64, 64}}) {
      DYNAMIC_SECTION(registered->title() << " " << rate << "/s, burst " << burst) {
        const auto limiter = registered->kind.make(rate, burst);
        std::vector<Taken> history;
        Rng rng(static_cast<std::uint64_t>(rate * 1000 + burst));
        std::int64_t now = 0;
        for (int i = 0; i < 1500; ++i) {
          // Calm and rush: about half the rate, three times the rate; sometimes nothing for long, sometimes
          // on the nanosecond when it becomes possible.
          const double mean_gap = (i / 100 % 2 == 0 ? 2.0 : 0.33) * 1e9 / rate;
          now += static_cast<std::int64_t>(rng.unit() * 2 * mean_gap);
          if (rng.chance(0.005)) now += 10 * kSecond * burst / rate;
          const double cost = rng.chance(0.7) ? 1 : 0.25 * static_cast<double>(1 + rng.below(8));
          if (rng.chance(0.3)) {
            const Duration wait = limiter->peek(at(now), cost).retry_after;
            if (wait < std::chrono::seconds(100)) now += wait.count();
          }
          const bool expected = registered->kind.model(rate, burst, history, now, cost);
          INFO("request " << i << " at " << now << " ns, cost " << cost);
          REQUIRE(limiter->admit(at(now), cost).admitted == expected);
          if (expected) history.push_back({now, cost});
        }
        REQUIRE(history.size() > 300);
        REQUIRE(history.size() < 1500);
      }
    }
  }
}

TEST_CASE("limiter conformance: never more than its bound in any time, and nothing is wasted",
          "[limit][conformance]") {
  for (const RegisteredLimiter* registered : RegisteredLimiter::all()) {
    for (const auto& [rate, burst] : {std::pair{10.0, 1.0}, {10.0, 25.0}, {333.0, 100.0}}) {
      DYNAMIC_SECTION(registered->title() << " " << rate << "/s, burst " << burst) {
        const auto limiter = registered->kind.make(rate, burst);
        Rng rng(7);
        std::int64_t now = 0;
        std::vector<Taken> taken;
        double total = 0;
        while (taken.size() < 1500) {
          // Bursts at awkward moments between even streams, always more than is allowed.
          now += static_cast<std::int64_t>(rng.unit() * 1e9 / rate / 2);
          const int together = rng.chance(0.02) ? static_cast<int>(2 * burst) + 2 : 1;
          for (int i = 0; i < together; ++i) {
            if (!limiter->admit(at(now)).admitted) continue;
            taken.push_back({now, 1});
            total += 1;
          }
        }
        REQUIRE(excess(*registered, rate, burst, taken) <= 1e-6);
        // Requests come at random, so a budget for one at a time is often still empty, or already full again.
        REQUIRE(total >= (burst < 10 ? 0.6 : 0.9) * rate * static_cast<double>(now) / 1e9 - burst);
      }
    }
  }
}

TEST_CASE("limiter conformance: a clock that runs backwards never lets more through",
          "[limit][conformance]") {
  for (const RegisteredLimiter* registered : RegisteredLimiter::all()) {
    DYNAMIC_SECTION(registered->title()) {
      const auto limiter = registered->kind.make(1, 5);
      int admitted = 0;
      for (int i = 0; i < 100; ++i) admitted += limiter->admit(at(i % 2 == 0 ? 1000000000 : 0)).admitted;
      if (registered->kind.monotone) REQUIRE(admitted <= 6);
      limiter->reset();
      REQUIRE(limiter->admit(at(0)).admitted);
      // Before the world began, and at its very end: it must only not break.
      limiter->admit(at(-5000000000));
      limiter->admit(Instant::min());
      limiter->peek(Instant::max());
      limiter->admit(Instant::max());
      limiter->admit(Instant::max());
      limiter->admit(Instant::min());
      limiter->peek(at(0));
    }
  }
}

TEST_CASE("limiter conformance: whoever went back in time gets no more than whoever stayed",
          "[limit][conformance]") {
  for (const RegisteredLimiter* registered : RegisteredLimiter::all()) {
    if (!registered->kind.monotone) continue;
    DYNAMIC_SECTION(registered->title()) {
      // The clock steps back at random and is never set right again; what is admitted stays below the bound
      // of the true time.
      const auto limiter = registered->kind.make(10, 5);
      Rng rng(3);
      std::int64_t now = 0, behind = 0;
      std::vector<Taken> taken;
      for (int i = 0; i < 4000; ++i) {
        now += static_cast<std::int64_t>(rng.below(50'000'000));
        if (rng.chance(0.01)) behind += static_cast<std::int64_t>(rng.below(kSecond / 2));
        if (limiter->admit(at(now - behind)).admitted) taken.push_back({now, 1});
      }
      REQUIRE(taken.size() > 500);
      REQUIRE(excess(*registered, 10, 5, taken) <= 1e-6);
    }
  }
}

TEST_CASE("limiter conformance: a quantity over the burst never passes and takes nothing",
          "[limit][conformance]") {
  for (const RegisteredLimiter* registered : RegisteredLimiter::all()) {
    DYNAMIC_SECTION(registered->title()) {
      const auto limiter = registered->kind.make(10, 4);
      for (const double cost : {4.25, 6.0, 1e9, 1e300}) {
        const Decision refused = limiter->admit(at(0), cost);
        REQUIRE_FALSE(refused.admitted);
        REQUIRE(refused.retry_after == Duration::max());
        REQUIRE(refused.remaining == 4);
        REQUIRE_FALSE(limiter->peek(Instant::max(), cost).admitted);
      }
      const Decision all = limiter->admit(at(0), 4);
      REQUIRE(all.admitted);
      REQUIRE(all.remaining == 0);
    }
  }
}

TEST_CASE("limiter conformance: reset and fresh make a new one, and it says what it is",
          "[limit][conformance]") {
  for (const RegisteredLimiter* registered : RegisteredLimiter::all()) {
    DYNAMIC_SECTION(registered->title()) {
      const auto limiter = registered->kind.make(10, 4);
      REQUIRE(limiter->describe().rfind(registered->name + "{", 0) == 0);
      for (int i = 0; i < 10; ++i) limiter->admit(at(1000));
      REQUIRE_FALSE(limiter->peek(at(1000)).admitted);
      const auto other = limiter->fresh();
      REQUIRE(other->describe() == limiter->describe());
      REQUIRE(other->admit(at(0), 4).admitted);
      limiter->reset();
      REQUIRE(limiter->admit(at(0), 4).admitted);
      REQUIRE_FALSE(limiter->admit(at(0)).admitted);

      const auto keyed = registered->kind.make_keyed(10, 4, 8);
      for (int i = 0; i < 10; ++i) keyed->admit(5, at(1000));
      const auto other_keyed = keyed->fresh();
      REQUIRE(other_keyed->size() == 0);
      REQUIRE(other_keyed->max_keys() == 8);
      REQUIRE(other_keyed->admit(5, at(0), 4).admitted);
      REQUIRE(other_keyed->describe() == limiter->describe());
    }
  }
}

TEST_CASE("limiter conformance: with room for all keys, every key has the budget of a limiter of its own",
          "[limit][conformance]") {
  for (const RegisteredLimiter* registered : RegisteredLimiter::all()) {
    DYNAMIC_SECTION(registered->title()) {
      const auto keyed = registered->kind.make_keyed(10, 3, 50);
      std::map<std::uint64_t, std::unique_ptr<Limiter>> alone;
      Rng rng(2);
      std::int64_t now = 0;
      for (int i = 0; i < 20000; ++i) {
        now += static_cast<std::int64_t>(rng.below(10000000));
        const std::uint64_t key = rng.below(50);
        auto& own = alone[key];
        if (own == nullptr) own = registered->kind.make(10, 3);
        require_same(keyed->peek(key, at(now)), own->peek(at(now)));
        require_same(keyed->admit(key, at(now)), own->admit(at(now)));
        if (i % 1000 == 0) keyed->check_invariants();
      }
      REQUIRE(keyed->size() <= 50);
      REQUIRE(keyed->size() >= 10);
      REQUIRE(keyed->forgotten() == 0);
      keyed->check_invariants();
    }
  }
}

TEST_CASE("limiter conformance: memory is bounded, and idle keys are forgotten first",
          "[limit][conformance]") {
  for (const RegisteredLimiter* registered : RegisteredLimiter::all()) {
    DYNAMIC_SECTION(registered->title()) {
      // One busy key among a flood of strangers that each come once: the busy one keeps its empty budget.
      const auto keyed = registered->kind.make_keyed(10, 3, 512);
      const auto alone = registered->kind.make(10, 3);
      std::int64_t now = 0;
      for (std::uint64_t stranger = 100; stranger < 20100; ++stranger) {
        now +=
            5000000;  // 200 strangers a second, each idle again after at most 0.6 s, that is after 120 others
        keyed->admit(stranger, at(now));
        REQUIRE(keyed->admit(1, at(now)).admitted == alone->admit(at(now)).admitted);
        REQUIRE(keyed->size() <= 512);
        if (stranger % 100 == 0) keyed->check_invariants();
      }
      REQUIRE(keyed->forgotten() == 0);
      REQUIRE(keyed->size() < 400);  // about as many as are busy, though more would have room

      // When nobody is idle, somebody who is not must go, and that is said.
      for (std::uint64_t stranger = 1; stranger <= 2000; ++stranger)
        keyed->admit(1000000 + stranger, at(now));
      REQUIRE(keyed->forgotten() > 0);
      REQUIRE(keyed->size() == 512);
      keyed->reset();
      REQUIRE(keyed->size() == 0);
      REQUIRE(keyed->forgotten() == 0);
    }
  }
}

TEST_CASE("limiter conformance: ten million keys in bounded memory", "[limit][conformance]") {
  for (const RegisteredLimiter* registered : RegisteredLimiter::all()) {
    DYNAMIC_SECTION(registered->title()) {
      const auto keyed = registered->kind.make_keyed(10, 3, 100000);
      std::uint64_t admitted = 0;
      std::size_t most_bytes = 0;
      for (std::uint64_t key = 0; key < 10'000'000; ++key) {
        // 100 000 new keys a second, idle after 0.3 s at most: some 30 000 are busy.
        admitted += keyed->admit(key, at(static_cast<std::int64_t>(key) * 10000)).admitted;
        if (key % 100000 == 0) most_bytes = std::max(most_bytes, keyed->size_bytes());
      }
      REQUIRE(admitted == 10'000'000);
      REQUIRE(keyed->size() <= 100000);
      REQUIRE(keyed->forgotten() == 0);
      REQUIRE(most_bytes <= 100000 * 150);
      keyed->check_invariants();
    }
  }
}

TEST_CASE("limiter conformance: ten million keys that are all busy are all held, if they may be",
          "[limit][conformance]") {
  for (const char* name : {"gcra", "token_bucket"}) {
    for (const RegisteredLimiter* registered : RegisteredLimiter::all()) {
      if (registered->name != name || !registered->variant.empty()) continue;
      const auto keyed = registered->kind.make_keyed(1, 1, 10'000'000);
      for (std::uint64_t key = 0; key < 10'000'000; ++key) keyed->admit(key, at(1));
      REQUIRE(keyed->size() == 10'000'000);
      std::uint64_t admitted = 0;
      for (std::uint64_t key = 0; key < 10'000'000; key += 997) admitted += keyed->admit(key, at(2)).admitted;
      REQUIRE(admitted == 0);
      REQUIRE(keyed->forgotten() == 0);
      // 8 bytes of key, 8 or 16 of state, 2/3 full.
      REQUIRE(static_cast<double>(keyed->size_bytes()) / 1e7 <=
              1.51 * (name == std::string("gcra") ? 16 : 24));
      REQUIRE(keyed->admit(10'000'000, at(2)).admitted);  // one more, and somebody must go
      REQUIRE(keyed->size() == 10'000'000);
      REQUIRE(keyed->forgotten() == 1);
    }
  }
}

// ---- what is inside at once ------------------------------------------------------------------------------

TEST_CASE("concurrency conformance: never more inside than the limit says, and peek takes nothing",
          "[limit][conformance]") {
  REQUIRE_FALSE(RegisteredConcurrency::all().empty());
  for (const RegisteredConcurrency* registered : RegisteredConcurrency::all()) {
    DYNAMIC_SECTION(registered->name) {
      const auto limiter = registered->make(8);
      REQUIRE(limiter->describe().rfind(registered->name + "{", 0) == 0);
      REQUIRE_FALSE(limiter->release());  // nobody is inside
      Rng rng(5);
      std::uint32_t inside = 0;
      int refused = 0;
      for (int i = 0; i < 20000; ++i) {
        if (rng.chance(0.6)) {
          const Admission foreseen = limiter->peek();
          const Admission admission = limiter->acquire();
          REQUIRE(foreseen.admitted == admission.admitted);
          REQUIRE(foreseen.delay == admission.delay);
          REQUIRE(foreseen.remaining == admission.remaining);
          REQUIRE(admission.remaining >= 0);
          if (admission.admitted) {
            REQUIRE(++inside <= limiter->limit());
          } else {
            REQUIRE(inside + 1 > limiter->limit());
            ++refused;
          }
        } else if (inside > 0) {
          const auto outcome = static_cast<RequestOutcome>(rng.below(3));
          REQUIRE(limiter->release(outcome,
                                   Duration(static_cast<std::int64_t>(1'000'000 + rng.below(9'000'000)))));
          --inside;
        }
        REQUIRE(limiter->in_flight() == inside);
      }
      REQUIRE(refused > 100);
      const auto other = limiter->fresh();
      REQUIRE(other->in_flight() == 0);
      REQUIRE(other->limit() == 8);
      limiter->reset();
      REQUIRE(limiter->in_flight() == 0);
      REQUIRE(limiter->limit() == 8);
    }
  }
}

TEST_CASE("concurrency conformance: every key has a limit of its own, and memory is bounded",
          "[limit][conformance]") {
  for (const RegisteredConcurrency* registered : RegisteredConcurrency::all()) {
    DYNAMIC_SECTION(registered->name) {
      const auto keyed = registered->make_keyed(4, 64);
      std::map<std::uint64_t, std::unique_ptr<ConcurrencyLimiter>> alone;
      Rng rng(9);
      for (int i = 0; i < 20000; ++i) {
        const std::uint64_t key = rng.below(60);
        auto& own = alone[key];
        if (own == nullptr) own = registered->make(4);
        if (rng.chance(0.5)) {
          REQUIRE(keyed->peek(key).admitted == own->peek().admitted);
          REQUIRE(keyed->acquire(key).admitted == own->acquire().admitted);
        } else {
          const auto outcome = rng.chance(0.1) ? RequestOutcome::dropped : RequestOutcome::success;
          const Duration latency(static_cast<std::int64_t>(1'000'000 + rng.below(1'000'000)));
          REQUIRE(keyed->release(key, outcome, latency) == own->release(outcome, latency));
        }
        REQUIRE(keyed->in_flight(key) == own->in_flight());
        REQUIRE(keyed->limit(key) == own->limit());
      }
      keyed->check_invariants();

      // Whoever is inside is never forgotten; where all are busy, a stranger is refused.
      keyed->reset();
      for (std::uint64_t key = 1; key <= 64; ++key) REQUIRE(keyed->acquire(key).admitted);
      REQUIRE_FALSE(keyed->peek(65).admitted);
      REQUIRE_FALSE(keyed->acquire(65).admitted);
      REQUIRE_FALSE(keyed->release(65));
      REQUIRE(keyed->size() == 64);
      REQUIRE(keyed->release(7, RequestOutcome::dropped, Duration(1000000)));
      REQUIRE(keyed->acquire(65).admitted);
      REQUIRE(keyed->size() == 64);
      REQUIRE(keyed->in_flight(8) == 1);
      keyed->check_invariants();
      REQUIRE(keyed->fresh()->size() == 0);
    }
  }
}

TEST_CASE("concurrency conformance: ten million keys come and go in bounded memory", "[limit][conformance]") {
  for (const RegisteredConcurrency* registered : RegisteredConcurrency::all()) {
    DYNAMIC_SECTION(registered->name) {
      const auto keyed = registered->make_keyed(4, 1000);
      std::deque<std::uint64_t> inside;
      std::uint64_t admitted = 0;
      for (std::uint64_t key = 0; key < 10'000'000; ++key) {
        admitted += keyed->acquire(key).admitted;
        inside.push_back(key);
        if (inside.size() < 500) continue;
        keyed->release(inside.front(), RequestOutcome::success, Duration(1000000));
        inside.pop_front();
      }
      REQUIRE(admitted == 10'000'000);
      REQUIRE(keyed->size() <= 1000);
      REQUIRE(keyed->size_bytes() <= 1000 * 200);
      keyed->check_invariants();
    }
  }
}
