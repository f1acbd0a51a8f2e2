// A limit that nodes share, in the simulated world: what passes in any time, measured against the bounds that
// core/limit/shared.hpp promises; with crashes, partitions and lost messages.
#include "core/limit/shared.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "core/sim/fault/crash.hpp"
#include "core/sim/fault/loss.hpp"
#include "core/sim/fault/partition.hpp"
#include "core/sim/fault/restart.hpp"
#include "core/sim/world.hpp"
#include "tests/runtime/fake_env.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

using Options = SharedLimitOptions;

// Some API nodes with a load each, a store, and what got through.
struct Site {
  World world;
  NodeId store;
  std::vector<Load*> loads;
  std::shared_ptr<std::vector<Instant>> passed = std::make_shared<std::vector<Instant>>();

  // The load of each node is `rates[i]` a second.
  Site(Options options, const std::vector<double>& rates, std::uint64_t seed = 1)
      : world(WorldOptions{.seed = seed}) {
    ServiceOptions store_options;
    store_options.filters = {make_limit_store({})};
    store = *world.add_service("store", store_options);
    if (options.form != Options::Form::local) options.store = store;
    REQUIRE(valid(options));
    for (std::size_t i = 0; i < rates.size(); ++i) {
      ServiceOptions api;
      api.filters = {make_shared_limit(options)};
      api.slots = 1000;
      api.handler = [passed = passed](Env&) {
        return fake_service([passed](Env& env, const Request&, Reply reply) {
          passed->push_back(env.now());
          reply(Value("ok"));
        });
      };
      const NodeId node = *world.add_service("api-" + std::to_string(i + 1), api);
      LoadOptions load;
      load.to = node;
      load.rate = rates[i];
      loads.push_back(*world.add_load("users-" + std::to_string(i + 1), load));
    }
  }

  // By how much what passed in some time t exceeded burst + rate * t, at the worst. A reply of the store
  // reaches the nodes at the same time after its decision, so the times of the nodes are as good as the
  // store's.
  double overshoot(double rate, double burst) const {
    double least = 1e300, most = -1e300;
    for (std::size_t i = 0; i < passed->size(); ++i) {
      const double line = static_cast<double>(i) - rate * to_seconds((*passed)[i]);
      least = std::min(least, line);
      most = std::max(most, line + 1 - least - burst);
    }
    return most;
  }
  std::size_t passed_between(double from, double to) const {
    return static_cast<std::size_t>(std::count_if(passed->begin(), passed->end(), [&](Instant t) {
      return to_seconds(t) >= from && to_seconds(t) < to;
    }));
  }
  std::uint64_t errors(const std::string& code) const {
    std::uint64_t sum = 0;
    for (const Load* load : loads) {
      const auto found = load->errors_by_code().find(code);
      if (found != load->errors_by_code().end()) sum += found->second;
    }
    return sum;
  }
};

constexpr Duration seconds(double s) {
  return Duration(static_cast<std::int64_t>(s * 1e9));
}

}  // namespace

TEST_CASE("shared limit: central admits what one bucket would, however uneven the nodes are",
          "[limit][shared]") {
  Site site({.form = Options::Form::central, .rate = 100, .burst = 50}, {300, 30, 3, 0.5});
  site.world.run(seconds(20));
  REQUIRE(site.overshoot(100, 50) <= 1e-6);
  REQUIRE(site.passed->size() >= 2040);  // 50 + 2000, and nothing is wasted
  REQUIRE(site.errors("rate_limited") > 3000);
  REQUIRE(site.errors("unavailable") == 0);
  // A round trip to the store, 2 * 250 us, beside the one to the node.
  REQUIRE(site.loads[0]->latency().percentile(50) >= 1'000'000);
}

TEST_CASE("shared limit: local is too little where the load is uneven, or up to n times too much",
          "[limit][shared]") {
  Site split({.form = Options::Form::local, .rate = 100, .burst = 40, .nodes = 4}, {300, 1, 1, 1});
  split.world.run(seconds(20));
  REQUIRE(split.overshoot(100, 40) <= 1e-6);
  REQUIRE(split.passed->size() <
          600);  // a quarter of the limit, and the three that have no users waste theirs

  Site full(
      {.form = Options::Form::local, .rate = 100, .burst = 40, .nodes = 4, .share = Options::Share::full},
      {300, 300, 300, 300});
  full.world.run(seconds(20));
  REQUIRE(full.passed->size() >= 4 * 2000);
  REQUIRE(full.overshoot(100, 40) >= 3 * 2000);
  REQUIRE(full.overshoot(4 * 100, 4 * 40) <= 1e-6);
}

TEST_CASE("shared limit: batched overshoots by at most nodes * rate * interval, and does overshoot",
          "[limit][shared]") {
  for (const std::size_t nodes : {2, 4, 8}) {
    for (const double interval : {0.02, 0.1, 0.5}) {
      for (const double burst : {10.0, 200.0}) {
        for (const std::uint64_t seed : {1, 2}) {
          INFO(nodes << " nodes, interval " << interval << " s, burst " << burst << ", seed " << seed);
          Site site(
              {.form = Options::Form::batched, .rate = 200, .burst = burst, .interval = seconds(interval)},
              std::vector<double>(nodes, 400), seed);
          site.world.run(seconds(5));
          // A pause, so that the bucket fills, and the rush after it.
          for (Load* load : site.loads) load->set_rate(0.1);
          site.world.run(seconds(5));
          for (Load* load : site.loads) load->set_rate(2000);
          site.world.run(seconds(5));
          const double bound = static_cast<double>(nodes) * std::max(1.0, 200 * interval);
          const double overshoot = site.overshoot(200, burst);
          REQUIRE(overshoot <= bound + 1e-6);
          // The bound is no idle one: where the allowances together exceed the bucket, a good part of that
          // passes.
          const double granted = static_cast<double>(nodes) * std::min(std::max(1.0, 200 * interval), burst);
          if (granted >= 2 * burst) REQUIRE(overshoot >= 0.2 * granted);
          if (burst >= 400 * interval)
            REQUIRE(site.passed_between(0, 5) >= 5 * 200 * 0.8);  // the rate is used
        }
      }
    }
  }
}

TEST_CASE("shared limit: the measured overshoot grows with nodes and interval", "[limit][shared]") {
  const auto measured = [](std::size_t nodes, double interval) {
    Site site({.form = Options::Form::batched, .rate = 200, .burst = 100, .interval = seconds(interval)},
              std::vector<double>(nodes, 800));
    site.world.run(seconds(5));
    return site.overshoot(200, 100);
  };
  const double base = measured(4, 0.1);
  REQUIRE(base > 10);
  REQUIRE(measured(8, 0.1) > 1.5 * base);
  REQUIRE(measured(4, 0.4) > 2 * base);
  REQUIRE(measured(4, 0.02) < 0.6 * base);
}

TEST_CASE("shared limit: batched asks once an interval, and only the first request waits",
          "[limit][shared]") {
  Site site({.form = Options::Form::batched, .rate = 1000, .burst = 1000}, {200, 200});
  site.world.run(seconds(10));
  REQUIRE(site.passed->size() > 3800);
  REQUIRE(site.errors("rate_limited") == 0);
  REQUIRE(site.loads[0]->latency().percentile(50) < 700'000);  // one round trip: the user's own
  const Value store = site.world.host(site.store).show();
  INFO(store.json());
  REQUIRE(store.json().find("\"asked\":2") != std::string::npos);  // about 200 of 4000 requests
}

TEST_CASE("shared limit: fails closed: with the store down or cut off the bounds hold", "[limit][shared]") {
  for (const auto form : {Options::Form::central, Options::Form::batched}) {
    const bool batched = form == Options::Form::batched;
    Site site({.form = form, .rate = 100, .burst = 50, .interval = seconds(0.1)}, {200, 200, 200, 200});
    // Two nodes are cut off for three seconds, then the store crashes, comes back and crashes again.
    PartitionOptions cut;
    cut.sides = {std::vector<std::string>{"api-1", "api-2"}, std::vector<std::string>{"store"}};
    REQUIRE(site.world.at(Instant(seconds(5)), make_partition(cut), seconds(3)).ok());
    for (const double at : {12.0, 16.0}) {
      REQUIRE(site.world.at(Instant(seconds(at)), make_crash({.target = "store"})).ok());
      REQUIRE(site.world.at(Instant(seconds(at + 2)), make_restart({.target = "store"})).ok());
    }
    site.world.run(seconds(25));
    const double overshoot = site.overshoot(100, 50);
    INFO((batched ? "batched" : "central") << ", overshoot " << overshoot);
    // A store that comes back has a full bucket: twice a burst more.
    REQUIRE(overshoot <= 2 * 50 + (batched ? 4 * 10 : 0) + 1e-6);
    REQUIRE(site.errors("unavailable") > 1000);
    REQUIRE(site.passed_between(12.2, 14) == 0);   // nothing while the store is down
    REQUIRE(site.passed_between(14.5, 16) > 120);  // and all is well soon after
    REQUIRE(site.passed_between(6, 8) > 150);      // those who reach it take the whole rate
  }
}

TEST_CASE("shared limit: fails open: with the store down everything passes", "[limit][shared]") {
  for (const auto form : {Options::Form::central, Options::Form::batched}) {
    Site site({.form = form, .rate = 100, .burst = 50, .on_failure = Options::OnFailure::open},
              {200, 200, 200, 200});
    REQUIRE(site.world.at(Instant(seconds(5)), make_crash({.target = "store"})).ok());
    REQUIRE(site.world.at(Instant(seconds(10)), make_restart({.target = "store"})).ok());
    site.world.run(seconds(20));
    REQUIRE(site.errors("unavailable") == 0);
    REQUIRE(site.passed_between(1, 5) < 500);
    REQUIRE(site.passed_between(5.5, 10) > 0.95 * 4.5 * 800);
    REQUIRE(site.passed_between(11, 20) < 9 * 100 + 50 + 45);
  }
}

TEST_CASE("shared limit: fails local: with the store cut off each node has its part", "[limit][shared]") {
  for (const auto form : {Options::Form::central, Options::Form::batched}) {
    Site site({.form = form, .rate = 100, .burst = 40, .nodes = 4, .on_failure = Options::OnFailure::local},
              {200, 200, 200, 200});
    PartitionOptions cut;
    cut.target = "store";
    REQUIRE(site.world.at(Instant(seconds(5)), make_partition(cut), seconds(5)).ok());
    site.world.run(seconds(15));
    // The local buckets begin full: one burst more.
    const double passed = static_cast<double>(site.passed_between(5.5, 10));
    REQUIRE(passed > 450 * 0.9);
    REQUIRE(passed < 450 + 40 + 10);
    REQUIRE(site.passed_between(11, 15) > 350);
  }
}

TEST_CASE("shared limit: lost reports make it too strict, never too lax", "[limit][shared]") {
  for (const std::uint64_t seed : {1, 2, 3}) {
    Site site({.form = Options::Form::batched, .rate = 200, .burst = 20, .interval = seconds(0.05)},
              {400, 400, 400, 400}, seed);
    LinkTarget links;
    links.target = "store";
    REQUIRE(site.world.inject(make_loss({.links = links, .probability = 0.2})).ok());
    site.world.run(seconds(20));
    REQUIRE(site.overshoot(200, 20) <= 4 * 10 + 1e-6);
    REQUIRE(site.passed->size() > 0.5 * 200 * 20);
  }
}

TEST_CASE("shared limit: the same run twice is the same run", "[limit][shared]") {
  const auto digest = [] {
    Site site({.form = Options::Form::batched, .rate = 100, .burst = 50, .by = Options::By::caller},
              {200, 300});
    site.world.run(seconds(3));
    return site.world.digest();
  };
  REQUIRE(digest() == digest());
}

// ---- a node alone, with a scripted store -----------------------------------------------------------------

namespace {

Request get(const char* key) {
  return {"get", Value::map({{"key", key}})};
}

// Grants `grant` for each key it is asked for, after a millisecond, and remembers what was reported.
void grant_always(FakeEnv& env, double grant, double& reported) {
  env.on_call = [&env, grant, &reported](FakeEnv::Call& call) {
    const Value& body = call.request.body;
    Value::List grants;
    for (const Value& taken : body["taken"].list()) {
      reported += taken.number();
      grants.push_back(grant);
    }
    env.answer_after(ms(1), call, Value::list(std::move(grants)));
  };
}

}  // namespace

TEST_CASE("shared limit: batched keeps a budget for each key, and forgets those that are not used",
          "[limit][shared]") {
  FakeEnv env;
  Results results;
  double reported = 0;
  const NodeId store = env.add_node("store");
  grant_always(env, 2, reported);
  const auto service = make_shared_limit(
      {.form = Options::Form::batched, .rate = 20, .burst = 5, .by = Options::By::key, .store = store})(
      always(Value("ok")));
  service->on_start(env);
  for (const char* key : {"a", "a", "a", "b"}) service->call(env, get(key), results.reply(env));
  REQUIRE(results.size() == 0);  // the first requests of a key wait for the store
  env.run(ms(5));
  REQUIRE(results.count("ok") == 3);
  REQUIRE(results.count("rate_limited") == 1);
  REQUIRE(env.calls.size() == 2);
  env.run(ms(100));
  REQUIRE(env.calls.size() == 3);  // one report for both
  REQUIRE(reported == 3);
  service->call(env, get("a"), results.reply(env));  // on the spot
  REQUIRE(results.count("ok") == 4);
  REQUIRE(service->show()["keys"] == Value(2));
  env.run(ms(300));
  REQUIRE(service->show()["keys"] == Value(0));
  REQUIRE(reported == 4);
}

TEST_CASE("shared limit: a report whose answer was lost is sent again", "[limit][shared]") {
  FakeEnv env;
  Results results;
  double reported = 0;
  const NodeId store = env.add_node("store");
  grant_always(env, 10, reported);
  const auto service = make_shared_limit(
      {.form = Options::Form::batched, .rate = 100, .burst = 10, .store = store})(always(Value("ok")));
  service->on_start(env);
  for (int i = 0; i < 4; ++i) service->call(env, {}, results.reply(env));
  env.run(ms(50));
  env.on_call = nullptr;  // from now on the store is silent
  env.run(ms(100));
  REQUIRE(env.calls.back().request.body["taken"].list()[0] == Value(4));
  env.run(ms(100));
  for (int i = 0; i < 3; ++i) service->call(env, {}, results.reply(env));
  REQUIRE(results.count("ok") == 7);  // of the old allowance of 10
  grant_always(env, 10, reported);
  env.run(ms(200));
  REQUIRE(reported == 7);
}

TEST_CASE("shared limit: with more keys than it may track a node does without the store", "[limit][shared]") {
  FakeEnv env;
  Results results;
  double reported = 0;
  const NodeId store = env.add_node("store");
  grant_always(env, 10, reported);
  const auto service = make_shared_limit({.form = Options::Form::batched,
                                          .rate = 100,
                                          .burst = 10,
                                          .by = Options::By::key,
                                          .store = store,
                                          .max_keys = 2})(always(Value("ok")));
  service->on_start(env);
  for (const char* key : {"a", "b", "c"}) service->call(env, get(key), results.reply(env));
  env.run(ms(5));
  REQUIRE(results.count("ok") == 2);
  REQUIRE(results.count("unavailable") == 1);
  env.run(ms(500));
  service->call(env, get("c"), results.reply(env));
  env.run(ms(5));
  REQUIRE(results.count("ok") == 3);
}

TEST_CASE("shared limit: a store that is none is named", "[limit][shared]") {
  for (const auto form : {Options::Form::central, Options::Form::batched}) {
    FakeEnv env;
    Results results;
    const NodeId store = env.add_node("db");
    env.on_call = [&env](FakeEnv::Call& call) { env.answer(call, Value::map({{"node", "db"}})); };
    const auto service =
        make_shared_limit({.form = form, .rate = 1, .burst = 1, .store = store})(always(Value("ok")));
    service->on_start(env);
    service->call(env, {}, results.reply(env));
    env.run(ms(1));
    REQUIRE(results.code(0) == "unavailable");
    REQUIRE(results.entries[0].result.error().message == "the store of the limit: 'db' is none");
    REQUIRE(results.entries[0].result.error().definite);
  }
}

TEST_CASE("limit store: takes its service's time, passes on other requests, refuses nonsense",
          "[limit][shared]") {
  FakeEnv env;
  Results results;
  const auto store = make_limit_store({})(always_after(ms(2), Value("inner")));
  store->call(env, {"get"}, results.reply(env));
  const auto ask = [&](std::string type, Value body) {
    store->call(env, {std::move(type), body}, results.reply(env));
  };
  ask("limit.take", Value::map({{"rate", 1}, {"burst", 2}, {"key", 7}}));
  ask("limit.take", Value::map({{"rate", 1}, {"burst", 2}, {"key", 7}}));
  ask("limit.take", Value::map({{"rate", 1}, {"burst", 2}, {"key", 7}}));
  ask("limit.take", Value::map({{"rate", 1}, {"burst", 2}, {"key", 8}}));
  ask("limit.take", Value::map({{"rate", 1}, {"burst", 3}, {"key", 7}}));  // another rule
  ask("limit.take", Value::map({{"rate", 0}, {"burst", 2}, {"key", 7}}));
  ask("limit.take", Value::map({{"rate", 0.0 / 0.0}, {"burst", 2}, {"key", 7}}));
  ask("limit.take", Value::map({{"rate", 1}, {"burst", 2}}));
  ask("limit.sync", Value::map({{"rate", 1}, {"burst", 2}}));
  ask("limit.sync", {});
  REQUIRE(results.size() == 0);
  env.run(ms(3));
  REQUIRE(results.size() == 11);
  REQUIRE(results.entries[0].result.value() == Value("inner"));
  REQUIRE(results.entries[2].result.value()["admitted"] == Value(true));
  REQUIRE(results.entries[3].result.value()["admitted"] == Value(false));
  REQUIRE(results.entries[3].result.value()["retry_after"] == Value(1.0));
  REQUIRE(results.entries[4].result.value()["admitted"] == Value(true));
  REQUIRE(results.entries[5].result.value()["remaining"] == Value(2.0));
  REQUIRE(results.count("malformed") == 5);
  REQUIRE(store->show()["keys"] == Value(3));
}

TEST_CASE("shared limit: nonsense options are not valid", "[limit][shared]") {
  const Options good{.form = Options::Form::central, .rate = 1, .burst = 1, .store = NodeId{1}};
  REQUIRE(valid(good));
  const auto with = [&](auto change) {
    Options o = good;
    change(o);
    return valid(o);
  };
  REQUIRE_FALSE(with([](Options& o) { o.rate = 0; }));
  REQUIRE_FALSE(with([](Options& o) { o.rate = 0.0 / 0.0; }));
  REQUIRE_FALSE(with([](Options& o) { o.burst = -1; }));
  REQUIRE_FALSE(with([](Options& o) { o.store = kNoNode; }));
  REQUIRE_FALSE(with([](Options& o) { o.nodes = 0; }));
  REQUIRE_FALSE(with([](Options& o) { o.timeout = Duration::zero(); }));
  REQUIRE_FALSE(with([](Options& o) { o.interval = Duration::zero(); }));
  REQUIRE_FALSE(with([](Options& o) { o.max_keys = 0; }));
}
