#include "core/sim/scheduler.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <stdexcept>
#include <vector>

#include "core/base/rng.hpp"

namespace syslab {
namespace {

Instant at_ns(std::int64_t ns) {
  return Instant(Duration(ns));
}

}  // namespace

TEST_CASE("scheduler: events run in order of time, those of one instant in order of scheduling", "[sim]") {
  Scheduler scheduler;
  std::vector<int> order;
  for (int i = 0; i < 200; ++i) scheduler.at(at_ns(500), [&order, i] { order.push_back(i); });
  scheduler.at(at_ns(100), [&] { order.push_back(-1); });
  while (scheduler.step()) {
  }
  REQUIRE(order.size() == 201);
  CHECK(order[0] == -1);
  for (int i = 0; i < 200; ++i) CHECK(order[static_cast<std::size_t>(i) + 1] == i);
  CHECK(scheduler.now() == at_ns(500));
}

TEST_CASE("scheduler: an event that is scheduled for now runs after those that are due now already",
          "[sim]") {
  Scheduler scheduler;
  std::vector<char> order;
  scheduler.at(at_ns(10), [&] {
    order.push_back('a');
    scheduler.at(at_ns(10), [&] { order.push_back('c'); });
  });
  scheduler.at(at_ns(10), [&] { order.push_back('b'); });
  while (scheduler.step()) {
  }
  CHECK(order == std::vector<char>{'a', 'b', 'c'});
}

TEST_CASE("scheduler: a cancelled event never runs, and a timer can be cancelled once", "[sim]") {
  Scheduler scheduler;
  int runs = 0;
  const TimerId timer = scheduler.at(at_ns(5), [&] { ++runs; });
  CHECK(scheduler.pending(timer));
  CHECK(scheduler.cancel(timer));
  CHECK_FALSE(scheduler.cancel(timer));
  CHECK_FALSE(scheduler.pending(timer));
  CHECK(scheduler.empty());
  CHECK_FALSE(scheduler.step());
  // The slot is used again; the old handle does not name the new event.
  const TimerId next = scheduler.at(at_ns(6), [&] { ++runs; });
  CHECK_FALSE(scheduler.cancel(timer));
  CHECK(scheduler.step());
  CHECK_FALSE(scheduler.cancel(next));
  CHECK(runs == 1);
  CHECK_FALSE(scheduler.cancel(TimerId{}));
}

TEST_CASE("scheduler: closures are destroyed when they have run, are cancelled, or the scheduler goes",
          "[sim]") {
  auto token = std::make_shared<int>(0);
  struct Big {
    std::shared_ptr<int> token;
    char bytes[500];
  };
  {
    Scheduler scheduler;
    scheduler.at(at_ns(1), [token] { ++*token; });
    const TimerId cancelled = scheduler.at(at_ns(2), [token] { ++*token; });
    scheduler.at(at_ns(3), [big = Big{token, {}}] { ++*big.token; });
    CHECK(token.use_count() == 4);
    scheduler.cancel(cancelled);
    CHECK(token.use_count() == 3);
    CHECK(scheduler.step());
    CHECK(token.use_count() == 2);
  }
  CHECK(token.use_count() == 1);
  CHECK(*token == 1);
}

TEST_CASE("scheduler: an exception passes through step and leaves the queue in order", "[sim]") {
  Scheduler scheduler;
  int runs = 0;
  scheduler.at(at_ns(1), [] { throw std::runtime_error("from a script"); });
  scheduler.at(at_ns(2), [&] { ++runs; });
  CHECK_THROWS_AS(scheduler.step(), std::runtime_error);
  CHECK(scheduler.now() == at_ns(1));
  CHECK(scheduler.step());
  CHECK(runs == 1);
}

TEST_CASE("scheduler: a limit leaves later events alone, and earlier ones may still come", "[sim]") {
  Scheduler scheduler;
  std::vector<int> order;
  for (int i = 0; i < 100; ++i) scheduler.at(at_ns(1'000'000 + i), [&order, i] { order.push_back(i); });
  CHECK_FALSE(scheduler.step(at_ns(1000)));
  CHECK(scheduler.now() == at_ns(0));
  for (int i = 0; i < 100; ++i) scheduler.at(at_ns(2000 - i), [&order, i] { order.push_back(-i); });
  CHECK(scheduler.next() == at_ns(1901));
  CHECK(scheduler.step(at_ns(1901)));
  CHECK(order == std::vector<int>{-99});
}

TEST_CASE("scheduler: behaves as an ordered map, whatever is scheduled, cancelled and limited", "[sim]") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Rng rng(seed);
    Scheduler scheduler;
    using Model = std::multimap<std::int64_t, int>;
    Model model;
    struct Known {
      TimerId timer;
      Model::iterator entry;
    };
    std::map<int, Known> known;
    int next_name = 0;
    int ran = -1;
    // Different worlds: dense and sparse times, few and many events, many ties.
    const std::uint64_t range = 1ull << (seed % 7 * 6);
    const std::size_t size_wanted = seed % 3 == 0 ? 20 : seed % 3 == 1 ? 300 : 3000;
    for (int round = 0; round < 6000; ++round) {
      const std::int64_t now = scheduler.now().time_since_epoch().count();
      const std::uint64_t choice = rng.below(100);
      if (choice < 45 && model.size() < size_wanted) {
        const std::int64_t t = now + static_cast<std::int64_t>(rng.below(range));
        const int name = next_name++;
        const TimerId timer = scheduler.at(at_ns(t), [&ran, name] { ran = name; });
        known[name] = {timer, model.emplace(t, name)};
      } else if (choice < 60 && !known.empty()) {
        auto victim = known.lower_bound(static_cast<int>(rng.below(static_cast<std::uint64_t>(next_name))));
        if (victim == known.end()) victim = known.begin();
        REQUIRE(scheduler.cancel(victim->second.timer));
        model.erase(victim->second.entry);
        known.erase(victim);
      } else {
        const std::int64_t limit =
            choice < 90 ? INT64_MAX : now + static_cast<std::int64_t>(rng.below(range));
        const bool due = !model.empty() && model.begin()->first <= limit;
        if (choice % 2 == 0) {
          const auto next = scheduler.next();
          REQUIRE(next.has_value() == !model.empty());
          if (next) REQUIRE(next->time_since_epoch().count() == model.begin()->first);
        }
        REQUIRE(scheduler.step(at_ns(limit)) == due);
        if (due) {
          REQUIRE(ran == model.begin()->second);
          REQUIRE(scheduler.now() == at_ns(model.begin()->first));
          known.erase(ran);
          model.erase(model.begin());
        } else if (limit != INT64_MAX) {
          scheduler.advance_to(at_ns(limit));
        }
      }
      REQUIRE(scheduler.size() == model.size());
    }
  }
}

TEST_CASE("scheduler: keys of cancelled events do not pile up", "[sim]") {
  Scheduler scheduler;
  // A timeout a request: set for later, cancelled soon.
  for (int i = 0; i < 200'000; ++i) {
    const TimerId timeout = scheduler.at(scheduler.now() + std::chrono::seconds(1), [] {});
    scheduler.at(scheduler.now() + Duration(100), [] {});
    scheduler.step();
    scheduler.cancel(timeout);
  }
  CHECK(scheduler.empty());
  CHECK_FALSE(scheduler.next());
}

TEST_CASE("scheduler: an event at the very instant of the base does not hide those that wait behind it",
          "[sim][scheduler]") {
  // Thirty events in one bucket, which a limit keeps from being spread; then one more at the instant it is.
  Scheduler s;
  const Instant t{Duration(1 << 20)};
  int ran = 0;
  s.at(t, [&] { ++ran; });
  for (int i = 0; i < 30; ++i) s.at(t + Duration(256 + i), [&] { ++ran; });
  CHECK(s.step(t));
  CHECK(!s.step(t));
  s.at(t, [&] { ++ran; });
  while (s.step(t + Duration(1000))) {
  }
  CHECK(ran == 32);
  CHECK(s.empty());
}

}  // namespace syslab
