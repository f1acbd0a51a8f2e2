#include "core/replicate/event_clock.hpp"

#include <bitset>
#include <catch2/catch.hpp>

#include "core/base/rng.hpp"

using namespace syslab;
using namespace std::chrono_literals;

namespace {

struct Stamped {
  Value stamp;
  std::bitset<128> before;  // the events that may have led to it
};

using Make = std::unique_ptr<EventClock> (*)(std::string);

// Events of three nodes that send each other messages, with clocks that are wrong by up to a second.
std::vector<Stamped> random_events(Make make, std::uint64_t seed) {
  Rng rng = Rng(seed).split("events");
  std::vector<std::unique_ptr<EventClock>> clocks;
  std::vector<std::bitset<128>> known(3);
  std::vector<Duration> skew;
  for (const char* name : {"a", "b", "c"}) {
    clocks.push_back(make(name));
    skew.push_back(Duration(static_cast<std::int64_t>(rng.below(1'000'000'000))));
  }
  std::vector<Stamped> events;
  for (std::size_t i = 0; i < 60; ++i) {
    const std::size_t node = rng.below(3);
    const Instant wall = Instant(1s) + 50ms * static_cast<std::int64_t>(i) + skew[node];
    Stamped event;
    if (!events.empty() && rng.chance(0.5)) {
      const std::size_t sent = rng.below(events.size());
      const auto stamp = clocks[node]->receive(wall, events[sent].stamp);
      REQUIRE(stamp.ok());
      event.stamp = *stamp;
      known[node] |= events[sent].before;
      known[node].set(sent);
    } else {
      event.stamp = clocks[node]->tick(wall);
    }
    event.before = known[node];
    known[node].set(i);
    events.push_back(event);
  }
  return events;
}

}  // namespace

TEST_CASE("event clocks: what may have led to an event has the smaller stamp", "[replicate][clock]") {
  for (const Make make : {&make_lamport_clock, &make_vector_clock, &make_hybrid_clock}) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
      const auto clock = make("judge");
      const std::vector<Stamped> events = random_events(make, seed);
      for (std::size_t i = 0; i < events.size(); ++i) {
        for (std::size_t j = 0; j < events.size(); ++j) {
          const auto order = clock->compare(events[i].stamp, events[j].stamp);
          REQUIRE(order.ok());
          if (i == j) REQUIRE(*order == CausalOrder::equal);
          if (events[j].before[i]) REQUIRE(*order == CausalOrder::before);
          // Only vectors know the converse; the others order everything.
          if (clock->name() == "vector") {
            if (i != j && !events[j].before[i] && !events[i].before[j]) {
              REQUIRE(*order == CausalOrder::concurrent);
            }
          } else {
            REQUIRE(*order != CausalOrder::concurrent);
            if (i != j) REQUIRE(*order != CausalOrder::equal);
          }
        }
      }
    }
  }
}

TEST_CASE("hybrid clock: its stamps keep to the wall clocks within their skew", "[replicate][clock]") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const std::vector<Stamped> events = random_events(&make_hybrid_clock, seed);
    for (std::size_t i = 0; i < events.size(); ++i) {
      const double wall = 1e9 + 50e6 * static_cast<double>(i);
      const double stamp = events[i].stamp.list()[0].number();
      REQUIRE(stamp >= wall);
      REQUIRE(stamp <= wall + 1e9);  // the largest skew
    }
  }
}

TEST_CASE("event clocks: a stamp of another kind is refused, and no event", "[replicate][clock]") {
  for (const Make make : {&make_lamport_clock, &make_vector_clock, &make_hybrid_clock}) {
    const auto clock = make("a");
    const Value before = clock->last();
    for (const Value& junk : {Value("x"), Value(1), Value::list({"a", 1}), Value::list({1, 2, 3}),
                              Value::map({{"a", -1}}), Value::map({{"a", 1.5}})}) {
      CHECK_FALSE(clock->receive(Instant(1s), junk).ok());
      CHECK_FALSE(clock->compare(junk, junk).ok());
    }
    CHECK(clock->last() == before);
  }
}
