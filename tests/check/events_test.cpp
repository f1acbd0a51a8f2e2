// The checker of events, proved by mutants: a plain consumer of a plain log, with one mistake at a time, is
// run at random with redelivery and crashes, and the checker must name the rule that the mistake breaks.
// Without a mistake it must be content.
#include "core/check/events.hpp"

#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <set>

#include "core/base/rng.hpp"

using namespace syslab;

namespace {

enum class Mistake {
  none,
  no_inbox,            // applies what is delivered again
  forgets_inbox,       // in a crash, though the effect stays
  acknowledges_early,  // before the effect; a crash in between loses the event
  skips,               // one event in thirty
  swaps,               // two events of a stream
  makes_up,            // an event that nobody published
  applies_refused,     // one whose append had failed
};

struct Run {
  History history;
  Rng rng;
  Mistake mistake;
  Instant now{};
  std::int64_t process = 0;

  Run(std::uint64_t seed, Mistake m) : rng(seed), mistake(m) {}

  void operation(const char* f, Value key, Value value, Event::Type end) {
    now += std::chrono::milliseconds(1);
    const auto op = history.invoke(++process, f, std::move(key), std::move(value), now);
    if (end != Event::Type::invoke) history.complete(op, end, Value(true), now);
  }

  void play() {
    struct Published {
      std::string id, stream;
      int version;
    };
    std::vector<Published> log;
    std::map<std::string, int> versions;
    std::vector<std::string> refused;
    for (int i = 0; i < 60; ++i) {
      const std::string stream = "s-" + std::to_string(rng.below(3));
      if (rng.chance(0.1)) {
        refused.push_back("refused-" + std::to_string(i));
        operation("publish", Value(stream), Value::map({{"ids", Value::list({Value(refused.back())})}}),
                  Event::Type::fail);
        continue;
      }
      log.push_back({"e" + std::to_string(i), stream, ++versions[stream]});
      // Nobody heard of some that were stored all the same.
      operation("publish", Value(stream), Value::map({{"ids", Value::list({Value(log.back().id)})}}),
                rng.chance(0.1) ? Event::Type::info : Event::Type::ok);
    }
    std::set<std::string> inbox;
    std::size_t next = 0, swapped = SIZE_MAX;
    const auto apply = [&](const Published& e, Event::Type end) {
      operation("apply", "view", Value::map({{"id", e.id}, {"stream", e.stream}, {"version", e.version}}),
                end);
    };
    while (next < log.size()) {
      Published e = log[next];
      if (mistake == Mistake::swaps && next > 20 && swapped == SIZE_MAX && next + 1 < log.size() &&
          log[next + 1].stream == e.stream) {
        swapped = next;
        apply(log[next + 1], Event::Type::ok);
        inbox.insert(log[next + 1].id);
      }
      if (mistake == Mistake::acknowledges_early && rng.chance(0.1)) {
        ++next;
        continue;  // the crash
      }
      const bool again = mistake != Mistake::no_inbox && inbox.contains(e.id);
      if (!again && !(mistake == Mistake::skips && rng.chance(1.0 / 30))) {
        if (rng.chance(0.1)) {  // crashes while it applies; the effect is not there
          apply(e, Event::Type::invoke);
          continue;
        }
        apply(e, Event::Type::ok);
      }
      inbox.insert(e.id);
      if (rng.chance(0.15)) {  // crashes before the acknowledgement: delivered again
        if (mistake == Mistake::forgets_inbox) inbox.erase(e.id);
        continue;
      }
      ++next;
    }
    if (mistake == Mistake::makes_up) apply({"of-my-own", "s-1", 1000}, Event::Type::ok);
    if (mistake == Mistake::applies_refused) {
      refused.push_back("refused-x");
      operation("publish", "s-1", Value::map({{"ids", Value::list({Value("refused-x")})}}),
                Event::Type::fail);
      apply({"refused-x", "s-1", 1000}, Event::Type::ok);
    }
  }
};

}  // namespace

TEST_CASE("check events: a right consumer passes, whatever is delivered twice or crashes",
          "[check][events]") {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Run run(seed, Mistake::none);
    run.play();
    const EventsVerdict v = check_events(run.history, {.consumers = {"view"}});
    INFO(v.message);
    REQUIRE(v.outcome == Outcome::ok);
    REQUIRE(v.published > 30);
    REQUIRE(v.applied >= v.published);  // those of unknown fate, too
  }
}

TEST_CASE("check events: each mistake is found and named", "[check][events]") {
  const std::vector<std::pair<Mistake, std::string>> mutants = {
      {Mistake::no_inbox, "twice"},
      {Mistake::forgets_inbox, "twice"},
      {Mistake::acknowledges_early, "lost"},
      {Mistake::skips, "lost"},
      {Mistake::swaps, "order"},
      {Mistake::makes_up, "invented"},
      {Mistake::applies_refused, "invented"},
  };
  for (const auto& [mistake, rule] : mutants) {
    int found = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      Run run(seed, mistake);
      run.play();
      const EventsVerdict v = check_events(run.history, {.consumers = {"view"}});
      if (v.outcome == Outcome::ok) continue;
      CHECK(v.rule == rule);
      CHECK_FALSE(v.id.empty());
      ++found;
    }
    INFO(rule);
    CHECK(found >= 12);
  }
}

TEST_CASE("check events: what must be applied, and by whom", "[check][events]") {
  Run run(1, Mistake::none);
  const auto ids = [](const char* id) { return Value::map({{"ids", Value::list({Value(id)})}}); };
  run.operation("publish", "order-1", ids("a"), Event::Type::ok);
  run.operation("publish", "user-1", ids("b"), Event::Type::ok);
  run.operation("apply", "view", Value::map({{"id", "a"}}), Event::Type::ok);
  CHECK(check_events(run.history, {}).rule == "lost");
  CHECK(check_events(run.history, {.publishers = {"order"}}).outcome == Outcome::ok);
  CHECK(check_events(run.history, {.settled = false}).outcome == Outcome::ok);
  CHECK(check_events(run.history, {.consumers = {"mail"}, .publishers = {"order"}}).message ==
        "'mail' never applied the event a, which was published");
  // One of unknown fate may be the one.
  run.operation("apply", "view", Value::map({{"id", "b"}}), Event::Type::info);
  CHECK(check_events(run.history, {}).outcome == Outcome::ok);
  CHECK(check_events(History(), {}).outcome == Outcome::ok);
}
