#include "core/sim/load.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "core/sim/fault/crash.hpp"
#include "core/sim/fault/pause.hpp"
#include "core/sim/fault/restart.hpp"
#include "tests/sim/cluster.hpp"

namespace syslab {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct Loaded {
  World world{{.seed = 11, .trace_keep = 0}};
  NodeId server;
  Load* load = nullptr;

  explicit Loaded(LoadOptions options, ServiceOptions service = {.slots = 1000}) {
    server = *world.add_service("server", service);
    options.to = server;
    load = *world.add_load("load", options);
  }
};

}  // namespace

TEST_CASE("load: an open loop keeps its rate, whatever the arrivals", "[sim][load]") {
  for (const auto arrivals :
       {LoadOptions::Arrivals::poisson, LoadOptions::Arrivals::constant, LoadOptions::Arrivals::uniform}) {
    Loaded l({.rate = 500, .arrivals = arrivals});
    l.world.run(seconds(60));
    CHECK(l.load->sent() == Approx(30'000).epsilon(0.02));
    CHECK(l.load->ok() + l.load->outstanding() == l.load->sent());
  }
}

TEST_CASE("load: constant arrivals are evenly spaced, Poisson arrivals are not", "[sim][load]") {
  const auto gaps = [](LoadOptions::Arrivals arrivals) {
    World world;
    const Log heard = std::make_shared<std::vector<Heard>>();
    LoadOptions options{.rate = 100, .arrivals = arrivals};
    options.to = *world.add_node("node", listener(heard));
    REQUIRE(world.add_load("load", options));
    world.run(seconds(10));
    std::set<std::int64_t> distinct;
    for (std::size_t i = 2; i < heard->size(); ++i)
      distinct.insert(((*heard)[i].at - (*heard)[i - 1].at).count());
    return distinct.size();
  };
  CHECK(gaps(LoadOptions::Arrivals::constant) == 1);
  CHECK(gaps(LoadOptions::Arrivals::poisson) > 900);
}

TEST_CASE("load: the rate follows its schedule, through silence too", "[sim][load]") {
  Loaded l({.rate = 100, .rates = {{at_seconds(10), 0}, {at_seconds(20), 1000}, {at_seconds(30), 100}}});
  l.world.run(seconds(10));
  CHECK(l.load->sent() == Approx(1000).epsilon(0.1));
  const std::uint64_t before = l.load->sent();
  l.world.run(seconds(10));
  CHECK(l.load->sent() == before);
  l.world.run(seconds(10));
  CHECK(l.load->sent() - before == Approx(10'000).epsilon(0.03));
  const std::uint64_t spike = l.load->sent();
  l.load->set_rate(2000);
  l.world.run(seconds(10));
  CHECK(l.load->sent() - spike == Approx(20'000).epsilon(0.03));
  l.load->stop();
  const std::uint64_t at_stop = l.load->sent();
  l.world.run(seconds(10));
  CHECK(l.load->sent() == at_stop);
}

TEST_CASE("load: it begins and ends when it is told", "[sim][load]") {
  Loaded l({.rate = 100, .start = at_seconds(5), .stop = at_seconds(8)});
  l.world.run_until(at_seconds(5));
  CHECK(l.load->sent() == 0);
  l.world.run(seconds(20));
  CHECK(l.load->sent() == Approx(300).epsilon(0.15));
  CHECK(l.load->report()["seconds"].number() == 3);
}

TEST_CASE("load: in a closed loop clients wait, think and ask again", "[sim][load]") {
  // 20 clients, 100 ms of thought, 50 ms of service (and half a millisecond on the way): 20 / 150.5 ms.
  Loaded l({.clients = 20, .think = make_exponential({0.1})},
           {.time = make_exponential({0.05}), .slots = 20});
  l.world.run(seconds(200));
  CHECK(l.load->ok() / 200.0 == Approx(20 / 0.1505).epsilon(0.02));
  CHECK(l.load->outstanding() <= 20);
}

TEST_CASE("load: latency counts from the intended arrival, so a stall shows in every request",
          "[sim][load]") {
  Loaded l({.rate = 100, .timeout = std::nullopt});
  REQUIRE(l.world.at(at_seconds(10), make_pause({"server"}), seconds(5)));
  l.world.run(seconds(50));
  // 5 s of 50 are stalled, and their latencies are spread evenly up to 5 s.
  CHECK(l.load->errors() == 0);
  CHECK(to_seconds(Duration(l.load->latency().percentile(99))) == Approx(4.5).epsilon(0.05));
  CHECK(to_seconds(Duration(l.load->latency().percentile(50))) < 0.001);
}

TEST_CASE("load: a report says what came back, when, and under which faults", "[sim][load]") {
  Loaded l({.rate = 200, .series = {.interval = seconds(1)}}, {.time = make_constant({0.002}), .slots = 4});
  REQUIRE(l.world.at(at_seconds(5), make_crash({"server"})));
  REQUIRE(l.world.at(at_seconds(9), make_restart({"server"})));
  l.world.run(seconds(20));
  const Value report = l.load->report();
  CHECK(report["name"].string() == "load");
  CHECK(report["to"].string() == "server");
  CHECK(report["sent"].number() == Approx(4000).epsilon(0.05));
  CHECK(report["by_code"]["connection_refused"].number() == Approx(800).epsilon(0.1));
  CHECK(report["errors"].number() + report["ok"].number() + report["outstanding"].number() ==
        report["sent"].number());
  CHECK(report["latency"]["p50"].number() == Approx(0.0025).epsilon(0.01));
  const Value& series = report["series"];
  REQUIRE(series["error_rate"].list().size() == 20);
  CHECK(series["ok_rate"].list()[2].number() == Approx(200).epsilon(0.2));
  CHECK(series["ok_rate"].list()[6].number() == 0);
  CHECK(series["error_rate"].list()[6].number() == Approx(200).epsilon(0.2));
  CHECK(series["error_rate"].list()[12].number() == 0);
  const Value::List& faults = report["faults"].list();
  REQUIRE(faults.size() == 2);
  CHECK(faults[0]["describe"].string() == "crash server");
  CHECK(faults[0]["from"].number() == 5);
  CHECK(faults[0]["to"].number() == 9);
}

TEST_CASE("load: requests have the types, keys and sizes that were asked for", "[sim][load]") {
  World world;
  const Log heard = std::make_shared<std::vector<Heard>>();
  LoadOptions options;
  options.rate = 1000;
  options.to = *world.add_node("node", listener(heard));
  options.mix = {{"get", 3}, {"put", 1}};
  options.keys = [](Rng& rng) { return Value(static_cast<double>(rng.below(10))); };
  options.body_bytes = 100;
  REQUIRE(world.add_load("load", options));
  world.run(seconds(10));
  std::map<std::string, int> types;
  std::map<double, int> keys;
  for (std::size_t i = 1; i < heard->size(); ++i) {
    ++types[(*heard)[i].type];
    ++keys[(*heard)[i].body["key"].number()];
    CHECK((*heard)[i].body["payload"].string().size() == 100);
  }
  CHECK(types["request get"] == Approx(7500).epsilon(0.03));
  CHECK(types["request put"] == Approx(2500).epsilon(0.06));
  CHECK(keys.size() == 10);
}

}  // namespace syslab
