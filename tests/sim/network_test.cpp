#include "core/sim/network.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "core/sim/fault/bandwidth.hpp"
#include "core/sim/fault/clog.hpp"
#include "core/sim/fault/delay.hpp"
#include "core/sim/fault/drop.hpp"
#include "core/sim/fault/duplicate.hpp"
#include "core/sim/fault/hold.hpp"
#include "core/sim/fault/loss.hpp"
#include "core/sim/fault/partition.hpp"
#include "core/sim/fault/reorder.hpp"
#include "tests/sim/cluster.hpp"

namespace syslab {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

}  // namespace

TEST_CASE("network: a message takes the latency of its link", "[sim][network]") {
  Pair pair({.link = {.latency = make_constant({0.003})}});
  pair.world.env(pair.a).send(pair.b, "n", 1);
  pair.world.run(seconds(1));
  REQUIRE(pair.heard_b->size() == 1);
  CHECK(pair.heard_b->front().at == at_seconds(0.003));
}

TEST_CASE("network: messages of one link arrive in order, whatever their latencies", "[sim][network]") {
  Pair pair({.link = {.latency = make_exponential({0.010})}});
  pair.stream(300);
  pair.world.run(seconds(2));
  CHECK(pair.numbers() == upto(300));
}

TEST_CASE("network: with a reorder fault some messages overtake, and none is lost", "[sim][network]") {
  Pair pair;
  pair.world.inject(make_reorder({.by = milliseconds(5), .probability = 0.2}));
  pair.stream(300);
  pair.world.run(seconds(2));
  std::vector<int> numbers = pair.numbers();
  CHECK_FALSE(std::is_sorted(numbers.begin(), numbers.end()));
  std::sort(numbers.begin(), numbers.end());
  CHECK(numbers == upto(300));
}

TEST_CASE("network: a message to itself takes no time and suffers no faults", "[sim][network]") {
  Pair pair;
  pair.world.inject(make_partition({.isolate = "a"}));
  pair.world.env(pair.a).send(pair.a, "self", {});
  pair.world.step();
  REQUIRE(pair.heard_a->size() == 1);
  CHECK(pair.heard_a->front().at == pair.world.now());
}

TEST_CASE("network: with a bandwidth messages leave one after the other", "[sim][network]") {
  Pair pair({.link = {.latency = make_constant({0}), .bandwidth = 1e6}});
  const std::string kilobyte(1000 - 40 - 1 - 5, 'x');
  for (int i = 0; i < 10; ++i) pair.world.env(pair.a).send(pair.b, "n", kilobyte);
  pair.world.run(seconds(1));
  REQUIRE(pair.heard_b->size() == 10);
  for (std::size_t i = 0; i < 10; ++i) {
    CHECK((*pair.heard_b)[i].at == at_seconds(0.001 * (static_cast<double>(i) + 1)));
  }
}

TEST_CASE("network: what does not fit into the sender's queue is lost", "[sim][network]") {
  Pair pair({.link = {.latency = make_constant({0}), .bandwidth = 1e6, .queue_limit = 5000}});
  const std::string kilobyte(1000 - 40 - 1 - 5, 'x');
  for (int i = 0; i < 10; ++i) pair.world.env(pair.a).send(pair.b, "n", kilobyte);
  pair.world.run(seconds(1));
  CHECK(pair.heard_b->size() == 5);
  CHECK(pair.world.network().stats(pair.a, pair.b).lost == 5);
}

TEST_CASE("network: zones add latency between them, not within", "[sim][network]") {
  World world({.link = {.latency = make_constant({0.001})}, .zone_latency = make_constant({0.010})});
  const Log heard = std::make_shared<std::vector<Heard>>();
  const NodeId a = *world.add_node("a", listener(heard), {.host = {.zone = "eu"}});
  const NodeId b = *world.add_node("b", listener(heard), {.host = {.zone = "eu"}});
  const NodeId c = *world.add_node("c", listener(heard), {.host = {.zone = "us"}});
  const NodeId d = *world.add_node("d", listener(heard), {.host = {.zone = "asia"}});
  world.network().set_zone_latency("us", "asia", make_constant({0.100}));
  world.run_until(Instant());
  heard->clear();
  world.env(a).send(b, "near", {});
  world.env(a).send(c, "far", {});
  world.env(d).send(c, "farther", {});
  world.run(seconds(1));
  REQUIRE(heard->size() == 3);
  CHECK((*heard)[0].at == at_seconds(0.001));
  CHECK((*heard)[1].at == at_seconds(0.011));
  CHECK((*heard)[2].at == at_seconds(0.101));
}

TEST_CASE("network: a partition loses what is sent and what is in flight, and heals", "[sim][network]") {
  Pair pair({.link = {.latency = make_constant({0.0101})}});
  pair.stream(100);  // sent at 0 .. 99 ms, arriving 10.1 ms later
  pair.world.at(at_seconds(0.050), make_partition({.target = "a"}), milliseconds(20));
  pair.world.run(seconds(1));
  // Lost: arriving in [50, 70) ms, so sent from 40 ms on, and sent in [50, 70) ms.
  std::vector<int> expected;
  for (int i = 0; i < 100; ++i) {
    if (i < 40 || i >= 70) expected.push_back(i);
  }
  CHECK(pair.numbers() == expected);
  CHECK(pair.world.network().stats(pair.a, pair.b).lost == 30);
}

TEST_CASE("network: a hold loses nothing; all arrive in order at the moment of release", "[sim][network]") {
  Pair pair({.link = {.latency = make_constant({0.010})}});
  pair.stream(100);
  pair.world.at(at_seconds(0.050), make_hold({}), milliseconds(20));
  pair.world.run_until(at_seconds(0.069));
  CHECK(pair.world.network().stats(pair.a, pair.b).held == 20);
  pair.world.run(seconds(1));
  CHECK(pair.numbers() == upto(100));
  CHECK((*pair.heard_b)[39].at == at_seconds(0.049));
  // Arriving at 50 .. 69 ms: kept. What was sent before the release and arrives after it takes its normal
  // time.
  for (std::size_t i = 40; i <= 60; ++i) CHECK((*pair.heard_b)[i].at == at_seconds(0.070));
  CHECK((*pair.heard_b)[61].at == at_seconds(0.071));
}

TEST_CASE("network: a clog lets what is in flight arrive, and drains in order when it is gone",
          "[sim][network]") {
  Pair pair({.link = {.latency = make_constant({0.010}), .bandwidth = 45e3}});  // 50 bytes: 1.11 ms each
  pair.stream(20);
  pair.world.at(at_seconds(0.0105), make_clog({}), milliseconds(100));
  pair.world.run_until(at_seconds(0.100));
  CHECK(pair.numbers().size() == 11);  // sent at 0 .. 10 ms
  CHECK(pair.world.network().stats(pair.a, pair.b).queued == 9);
  pair.world.run(seconds(1));
  CHECK(pair.numbers() == upto(20));
  for (std::size_t i = 11; i < 20; ++i) {
    const Duration left =
        Duration(microseconds(110'500)) + from_seconds(50 / 45e3) * static_cast<int>(i - 10);
    CHECK(std::abs(((*pair.heard_b)[i].at - Instant(left + milliseconds(10))).count()) < 100);
  }
}

TEST_CASE("network: loss loses its share, and correlated loss the same share in bursts", "[sim][network]") {
  const auto lost_and_bursts = [](double correlation) {
    Pair pair({.seed = 5, .trace_keep = 0});
    pair.world.inject(make_loss({.probability = 0.2, .correlation = correlation}));
    pair.stream(50'000);
    pair.world.run(seconds(60));
    const std::vector<int> numbers = pair.numbers();
    int bursts = 0;
    for (std::size_t i = 1; i < numbers.size(); ++i) bursts += numbers[i] != numbers[i - 1] + 1;
    return std::pair(50'000 - static_cast<int>(numbers.size()), bursts);
  };
  const auto [lost, bursts] = lost_and_bursts(0);
  const auto [lost_correlated, bursts_correlated] = lost_and_bursts(0.5);
  CHECK(lost == Approx(10'000).epsilon(0.05));
  CHECK(lost_correlated == Approx(10'000).epsilon(0.05));
  // A burst has mean length 1 / (1 - p') with p' the chance that the next one is lost too.
  CHECK(bursts == Approx(10'000 * 0.8).epsilon(0.05));
  CHECK(bursts_correlated == Approx(10'000 * 0.4).epsilon(0.05));
}

TEST_CASE("network: duplicates arrive twice under one id", "[sim][network]") {
  Pair pair;
  pair.world.inject(make_duplicate({.probability = 1}));
  pair.stream(10);
  pair.world.run(seconds(1));
  CHECK(pair.heard_b->size() == 20);
  std::multiset<std::uint64_t> ids;
  for (std::size_t i = 0; i < pair.world.trace().size(); ++i) {
    const TraceEvent& event = pair.world.trace()[i];
    if (event.kind == TraceEvent::Kind::deliver) ids.insert(event.id);
  }
  for (std::uint64_t id : ids) CHECK(ids.count(id) == 2);
}

TEST_CASE("network: delay, bandwidth and drop faults do what they say on the links they name",
          "[sim][network]") {
  const Instant base(microseconds(250) +
                     Duration(1));  // faults come a nanosecond after the start of the nodes
  SECTION("delay, one way") {
    Pair pair;
    pair.world.inject(make_delay({.links = {.from = "a", .to = "b"}, .by = milliseconds(30)}));
    pair.world.env(pair.a).send(pair.b, "n", 1);
    pair.world.env(pair.b).send(pair.a, "n", 1);
    pair.world.run(seconds(1));
    CHECK(pair.heard_b->front().at == base + milliseconds(30));
    CHECK(pair.heard_a->front().at == base);
  }
  SECTION("bandwidth") {
    Pair pair;
    pair.world.inject(make_bandwidth({.rate = 1000}));
    pair.world.env(pair.a).send(pair.b, "n", 1);  // 50 bytes
    pair.world.run(seconds(1));
    CHECK(pair.heard_b->front().at == base + milliseconds(50));
  }
  SECTION("drop by type") {
    Pair pair;
    pair.world.inject(make_drop({.type = "vote"}));
    pair.world.env(pair.a).send(pair.b, "vote", 1);
    pair.world.env(pair.a).send(pair.b, "append", 2);
    pair.world.run(seconds(1));
    REQUIRE(pair.heard_b->size() == 1);
    CHECK(pair.heard_b->front().type == "append");
  }
}

TEST_CASE("network: the luck of one link does not depend on the traffic of another", "[sim][network]") {
  const auto arrivals = [](bool more_traffic) {
    Pair pair({.link = {.latency = make_exponential({0.010})}});
    const NodeId c = *pair.world.add_node("c", listener(pair.heard_a));
    pair.stream(50);
    if (more_traffic) {
      for (int i = 0; i < 100; ++i) pair.world.env(c).send(pair.a, "x", i);
    }
    pair.world.run(seconds(1));
    std::vector<Instant> at;
    for (const Heard& heard : *pair.heard_b) at.push_back(heard.at);
    return at;
  };
  CHECK(arrivals(false) == arrivals(true));
}

}  // namespace syslab
