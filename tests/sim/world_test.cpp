#include "core/sim/world.hpp"

#include <catch2/catch.hpp>

namespace syslab {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

Instant at_seconds(double s) {
  return Instant(from_seconds(s));
}

// Everything of a small system under load, with a random luck.
std::string run_small(std::uint64_t seed) {
  World world({.seed = seed});
  ServiceOptions db;
  db.time = make_exponential({0.004});
  db.slots = 4;
  const NodeId db_id = *world.add_service("db", db);
  ServiceOptions app;
  app.time = make_exponential({0.002});
  app.slots = 2;
  app.calls = {db_id};
  const auto fleet = *world.add_fleet("app", 2, app);
  LoadOptions load;
  load.to = fleet[0];
  load.rate = 200;
  load.keys = [](Rng& rng) { return Value(static_cast<double>(rng.below(100))); };
  Load* generator = *world.add_load("load", load);
  world.run(seconds(2));
  CHECK(generator->ok() > 300);
  return world.digest();
}

}  // namespace

TEST_CASE("world: the same seed gives the same digest, another seed another one", "[sim]") {
  const std::string first = run_small(7);
  CHECK(first == run_small(7));
  CHECK(first != run_small(8));
  CHECK(first.size() == 16);
}

TEST_CASE("world: M/M/1 through the whole stack agrees with theory", "[sim]") {
  World world({.seed = 3, .trace_keep = 0, .link = {.latency = make_constant({0})}});
  ServiceOptions server;
  server.time = make_exponential({0.001});
  const NodeId id = *world.add_service("server", server);
  LoadOptions options;
  options.to = id;
  options.rate = 700;
  options.timeout = std::nullopt;
  Load* load = *world.add_load("load", options);
  world.run(seconds(400));
  // Sojourn 1 / (mu - lambda) = 1 / 300 s; utilisation 0.7.
  CHECK(load->latency().mean() / 1e9 == Approx(1.0 / 300).epsilon(0.03));
  CHECK(world.host(id).station()->show()["utilisation"].number() == Approx(0.7).epsilon(0.02));
}

TEST_CASE("world: M/M/3 through the whole stack agrees with Erlang C", "[sim]") {
  World world({.seed = 4, .trace_keep = 0, .link = {.latency = make_constant({0})}});
  ServiceOptions server;
  server.time = make_exponential({0.003});
  server.slots = 3;
  const NodeId id = *world.add_service("server", server);
  LoadOptions options;
  options.to = id;
  options.rate = 800;
  options.timeout = std::nullopt;
  Load* load = *world.add_load("load", options);
  world.run(seconds(400));
  // Offered load a = 2.4, c = 3: P(wait) = 0.6472, W = P / (c mu - lambda) + 1 / mu.
  const double expected = 0.6472 / (1000 - 800) + 0.003;
  CHECK(load->latency().mean() / 1e9 == Approx(expected).epsilon(0.03));
}

TEST_CASE("world: a name is taken once, and a wrong one is corrected", "[sim]") {
  World world;
  CHECK(world.add_service("app-1").ok());
  CHECK(world.add_service("app-1").error().code == "conflict");
  CHECK(world.add_service("one").error().message.find("faults use this word") != std::string::npos);
  CHECK(world.find("app-2").error().code == "not_found");
  CHECK(world.find("app-2").error().message.find("app-1") != std::string::npos);
}

TEST_CASE("world: run_until stops at its limit and accepts what comes before the next event", "[sim]") {
  World world;
  std::vector<int> order;
  world.scheduler().at(at_seconds(10), [&] { order.push_back(10); });
  world.run_until(at_seconds(5));
  CHECK(world.now() == at_seconds(5));
  world.scheduler().at(at_seconds(6), [&] { order.push_back(6); });
  world.run(seconds(5));
  CHECK(order == std::vector<int>{6, 10});
  CHECK_FALSE(world.step());
}

TEST_CASE("world: run_until with a predicate stops as soon as it holds", "[sim]") {
  World world;
  int count = 0;
  for (int i = 1; i <= 10; ++i) world.scheduler().at(at_seconds(i), [&] { ++count; });
  CHECK(world.run_until([&] { return count == 4; }));
  CHECK(world.now() == at_seconds(4));
  CHECK_FALSE(world.run_until([&] { return count == 99; }, at_seconds(7)));
  CHECK(world.now() == at_seconds(7));
}

}  // namespace syslab
