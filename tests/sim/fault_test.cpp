#include "core/sim/fault.hpp"

#include <catch2/catch.hpp>
#include <functional>
#include <map>

#include "core/sim/fault/bandwidth.hpp"
#include "core/sim/fault/chaos.hpp"
#include "core/sim/fault/clock_drift.hpp"
#include "core/sim/fault/clock_skew.hpp"
#include "core/sim/fault/clock_step.hpp"
#include "core/sim/fault/clog.hpp"
#include "core/sim/fault/crash.hpp"
#include "core/sim/fault/delay.hpp"
#include "core/sim/fault/disk_corrupt.hpp"
#include "core/sim/fault/disk_full.hpp"
#include "core/sim/fault/disk_lost.hpp"
#include "core/sim/fault/disk_lying.hpp"
#include "core/sim/fault/disk_slow.hpp"
#include "core/sim/fault/disk_torn.hpp"
#include "core/sim/fault/drop.hpp"
#include "core/sim/fault/duplicate.hpp"
#include "core/sim/fault/heal_all.hpp"
#include "core/sim/fault/hold.hpp"
#include "core/sim/fault/loss.hpp"
#include "core/sim/fault/partition.hpp"
#include "core/sim/fault/pause.hpp"
#include "core/sim/fault/random_partitions.hpp"
#include "core/sim/fault/reorder.hpp"
#include "core/sim/fault/restart.hpp"
#include "core/sim/fault/slow.hpp"
#include "core/sim/fault/stop.hpp"
#include "core/sim/fault/zone.hpp"
#include "tests/sim/cluster.hpp"

namespace syslab {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A chattering node: beats to all others, writes to its disk, asks its right neighbour. Five of them feel
// every fault.
class Chatter final : public Node {
 public:
  explicit Chatter(std::size_t count) : count_(count) {}
  void on_start(Env& env) override {
    beats_ = 0;
    if (const Result found = env.disk().peek("log")) beats_ = static_cast<int>(found->list().size());
    beat(env);
  }
  void on_message(Env&, const Message&) override { ++heard_; }
  void on_request(Env& env, const Request&, Reply reply) override {
    reply(Value(to_seconds(env.wall_now())));
  }
  Value show() const override {
    return Value::map({{"role", beats_ % 5 == 4 ? "leader" : "follower"}, {"heard", heard_}});
  }

 private:
  void beat(Env& env) {
    ++beats_;
    for (std::uint32_t i = 0; i < count_; ++i) {
      if (NodeId{i} != env.self()) env.send(NodeId{i}, beats_ % 2 == 0 ? "beat" : "vote", beats_);
    }
    env.disk().append("log", beats_, {});
    if (beats_ % 3 == 0) env.disk().sync({});
    env.call(NodeId{(env.self().index + 1) % static_cast<std::uint32_t>(count_)}, {}, milliseconds(40),
             [&env](const Result& result) { env.log(result ? "answer" : result.error().code); });
    env.after(milliseconds(20) + Duration(env.rng().below(1'000'000)), [this, &env] { beat(env); });
  }

  std::size_t count_;
  int beats_ = 0;
  int heard_ = 0;
};

constexpr std::size_t kNodes = 5;

struct Cluster {
  World world;
  explicit Cluster(std::uint64_t seed = 1) : world({.seed = seed}) {
    for (std::size_t i = 0; i < kNodes; ++i) {
      const std::string name = "n-" + std::to_string(i + 1);
      const NodeOptions options{.host = {.zone = i < 2 ? "eu" : "us", .kind = "member"}};
      REQUIRE(world.add_node(
          name, [] { return std::make_unique<Chatter>(kNodes); }, options));
    }
    REQUIRE(world.add_group("n", {NodeId{0}, NodeId{1}, NodeId{2}, NodeId{3}, NodeId{4}}));
  }
};

Target pick(const char* word) {
  return *Target::parse(word);
}

// One of every verb, with random choices where it has them.
std::vector<std::pair<std::string, FaultPtr>> every_verb() {
  const LinkTarget links{.target = pick("one")};
  return {{"bandwidth", make_bandwidth({.links = links, .rate = 2000})},
          {"clock_drift", make_clock_drift({.target = pick("one"), .ppm = 50'000})},
          {"clock_skew", make_clock_skew({.target = pick("minority"), .by = seconds(-3)})},
          {"clock_step", make_clock_step({.target = pick("one"), .by = seconds(5)})},
          {"clog", make_clog({.links = links})},
          {"crash", make_crash({.target = pick("minority"), .disk = CrashDisk::prefix})},
          {"delay", make_delay({.links = links, .by = milliseconds(30), .jitter = milliseconds(20)})},
          {"disk_corrupt", make_disk_corrupt({.target = pick("all"), .probability = 0.5})},
          {"disk_full", make_disk_full({pick("one")})},
          {"disk_lost", make_disk_lost({pick("all")})},
          {"disk_lying", make_disk_lying({pick("one")})},
          {"disk_slow", make_disk_slow({.target = pick("one"), .factor = 49})},
          {"disk_torn", make_disk_torn({pick("one")})},
          {"drop", make_drop({.links = links, .type = "vote", .probability = 0.5})},
          {"duplicate", make_duplicate({.links = links, .probability = 0.5, .correlation = 0.3})},
          {"hold", make_hold({.links = links})},
          {"loss", make_loss({.links = links, .probability = 0.5, .correlation = 0.3})},
          {"partition", make_partition({.target = pick("majority")})},
          {"pause", make_pause({pick("one")})},
          {"reorder", make_reorder({.links = links, .probability = 0.5})},
          {"restart", make_restart({.target = pick("one"), .wipe_disk = true})},
          {"slow", make_slow({.target = pick("one"), .factor = 49})},
          {"stop", make_stop({pick("one")})},
          {"zone", make_zone({"eu"})}};
}

// Plans a journal in another world, as its Lua schedule would.
void replay(const std::vector<FaultTimeline::Entry>& journal, World& world) {
  std::map<std::uint64_t, FaultId> ids;
  for (const FaultTimeline::Entry& entry : journal) {
    if (entry.heal) {
      world.faults().heal_at(entry.at, ids.at(entry.number));
    } else {
      ids[entry.number] = *world.at(entry.at, entry.fault);
    }
  }
}

}  // namespace

TEST_CASE("fault: every verb changes the run, and its journal gives the same run again", "[sim][fault]") {
  const auto digest_of = [](const std::function<void(World&)>& do_faults) {
    Cluster cluster;
    do_faults(cluster.world);
    cluster.world.run(seconds(2));
    return std::pair(cluster.world.digest(), cluster.world.faults().journal());
  };
  const std::string quiet = digest_of([](World&) {}).first;
  for (const auto& [name, fault] : every_verb()) {
    INFO(name);
    CHECK(fault->name() == name);
    const auto [digest, journal] = digest_of(
        [&, f = fault](World& world) { CHECK(world.at(at_seconds(0.5), f, milliseconds(400)).ok()); });
    CHECK(digest != quiet);
    CHECK(journal.size() == (fault->heals() ? 2 : 1));
    const auto [again, journal_again] = digest_of([&, j = journal](World& world) { replay(j, world); });
    CHECK(again == digest);
  }
}

TEST_CASE("fault: what it did is gone once it is healed", "[sim][fault]") {
  for (const auto& [name, fault] : every_verb()) {
    if (!fault->heals()) continue;
    INFO(name);
    Cluster cluster;
    World& world = cluster.world;
    REQUIRE(world.at(at_seconds(0.5), fault, milliseconds(400)));
    world.run(seconds(3));
    CHECK(world.faults().active_count() == 0);
    for (std::uint32_t i = 0; i < kNodes; ++i) {
      Host& host = world.host(NodeId{i});
      CHECK(host.show()["state"].string() == "up");
      CHECK(host.wall_now() == world.now());
      CHECK(host.storage().slowness().product() == 1);
      CHECK(host.clock().drift_ppb() == 0);
      const Result log = host.storage().peek("log");
      REQUIRE(log);
      for (const Value& record : log->list()) CHECK(record.is_number());
      for (std::uint32_t k = 0; k < kNodes; ++k) {
        CHECK_FALSE(world.network().blocked(NodeId{i}, NodeId{k}));
        CHECK(world.network().stats(NodeId{i}, NodeId{k}).held == 0);
        CHECK(world.network().stats(NodeId{i}, NodeId{k}).queued == 0);
      }
    }
    // The network is as it was: a message arrives once, in its normal time.
    for (std::uint32_t i = 0; i + 1 < kNodes; ++i) {
      const LinkStats before = world.network().stats(NodeId{i}, NodeId{i + 1});
      world.env(NodeId{i}).send(NodeId{i + 1}, "probe", {});
      const TraceEvent& send = world.trace()[world.trace().size() - 1];
      CHECK(send.arrival == world.now() + std::chrono::microseconds(250));
      world.run(milliseconds(1));
      const LinkStats after = world.network().stats(NodeId{i}, NodeId{i + 1});
      CHECK(after.sent - before.sent == after.delivered - before.delivered);
    }
  }
}

TEST_CASE("fault: random faults are journaled as plain ones, which replay to the same digest",
          "[sim][fault]") {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    Cluster first(seed);
    std::vector<FaultPtr> faults;
    for (const auto& [name, fault] : every_verb()) faults.push_back(fault);
    const FaultId chaos = *first.world.inject(make_chaos(
        {.faults = faults, .every = milliseconds(150), .lasting = milliseconds(300), .at_once = 3}));
    first.world.run(seconds(4));
    const FaultId partitions = *first.world.inject(make_random_partitions({.every = milliseconds(300)}));
    first.world.run(seconds(4));
    first.world.heal(chaos);
    first.world.heal_all();
    CHECK_FALSE(first.world.faults().active(partitions));
    CHECK(first.world.faults().active_count() == 0);
    first.world.run(seconds(2));
    CHECK(first.world.faults().journal().size() > 30);

    Cluster second(seed);
    replay(first.world.faults().journal(), second.world);
    second.world.run_until(first.world.now());
    CHECK(second.world.digest() == first.world.digest());
    CHECK(second.world.schedule_lua() == first.world.schedule_lua());
  }
}

TEST_CASE("fault: chaos with a span is over after it, and heals all it did", "[sim][fault]") {
  Cluster cluster;
  World& world = cluster.world;
  const FaultId chaos = *world.inject(make_chaos({.every = milliseconds(50), .span = seconds(2)}));
  world.run(seconds(1));
  CHECK(world.faults().active(chaos));
  CHECK(world.faults().active_count() > 1);
  world.run(seconds(2));
  CHECK(world.faults().active_count() == 0);
  const std::size_t entries = world.faults().journal().size();
  CHECK(entries % 2 == 0);
  world.run(seconds(2));
  CHECK(world.faults().journal().size() == entries);
}

TEST_CASE("fault: fault actions come before every other event of their instant", "[sim][fault]") {
  Pair pair;
  // The message would arrive at exactly 0.5 s.
  pair.world.scheduler().at(at_seconds(0.49975), [&] { pair.world.env(pair.a).send(pair.b, "n", 1); });
  REQUIRE(pair.world.at(at_seconds(0.5), make_crash({"b"})));
  pair.world.run(seconds(1));
  CHECK(pair.heard_b->empty());
}

TEST_CASE("fault: injected at once it happens at once, or a nanosecond later where something has happened",
          "[sim][fault]") {
  Pair pair;
  pair.world.run(seconds(1));
  pair.world.inject(make_crash({"b"}));
  CHECK(pair.world.now() == at_seconds(1));
  CHECK_FALSE(pair.world.host(pair.b).up());
  pair.world.inject(make_restart({"b"}));
  CHECK(pair.world.now() == at_seconds(1));
  CHECK(pair.world.host(pair.b).up());
  pair.world.env(pair.a).send(pair.b, "n", 1);
  pair.world.inject(make_crash({"b"}));
  CHECK(pair.world.now() == at_seconds(1) + Duration(1));
  // From within a handler: after it.
  pair.world.run(milliseconds(1));
  bool up_in_handler = false;
  pair.world.scheduler().at(at_seconds(2), [&] {
    pair.world.inject(make_restart({"b"}));
    up_in_handler = pair.world.host(pair.b).up();
  });
  pair.world.run_until(at_seconds(2));
  CHECK_FALSE(up_in_handler);
  CHECK_FALSE(pair.world.host(pair.b).up());
  pair.world.run(Duration(1));
  CHECK(pair.world.host(pair.b).up());
}

TEST_CASE("fault: a restart ends the band of the crash before it", "[sim][fault]") {
  Pair pair;
  REQUIRE(pair.world.at(at_seconds(5), make_crash({"b"})));
  REQUIRE(pair.world.at(at_seconds(9), make_restart({"b"})));
  pair.world.run(seconds(10));
  const auto bands = pair.world.faults().bands();
  REQUIRE(bands.size() == 2);
  CHECK(bands[0].describe == "crash b");
  CHECK(bands[0].from == at_seconds(5));
  CHECK(bands[0].to == at_seconds(9));
  CHECK(pair.world.faults().active_count() == 0);
}

TEST_CASE("fault: two faults on one thing are taken back one by one", "[sim][fault]") {
  Pair pair;
  World& world = pair.world;
  const FaultId first = *world.inject(make_partition({.target = "a"}));
  const FaultId second = *world.inject(make_partition({.isolate = "b"}));
  CHECK(world.network().blocked(pair.a, pair.b));
  world.heal(first);
  CHECK(world.network().blocked(pair.a, pair.b));
  world.heal(second);
  CHECK_FALSE(world.network().blocked(pair.a, pair.b));
  // The second crash finds it down already; healing it does not end the first.
  const FaultId crash = *world.inject(make_crash({"b"}));
  const FaultId again = *world.inject(make_crash({"b"}));
  world.heal(again);
  CHECK_FALSE(world.host(pair.b).up());
  world.heal(crash);
  CHECK(world.host(pair.b).up());
}

TEST_CASE("fault: one that is healed before it begins never does; heal_all spares what is planned",
          "[sim][fault]") {
  Pair pair;
  World& world = pair.world;
  const FaultId crash = *world.at(at_seconds(2), make_crash({"b"}));
  world.heal(crash);
  REQUIRE(world.at(at_seconds(2), make_heal_all()));
  REQUIRE(world.at(at_seconds(3), make_pause({"b"})));
  world.run(seconds(4));
  CHECK(world.host(pair.b).up());
  CHECK(world.host(pair.b).paused());
}

TEST_CASE("fault: a partition has the shape it says", "[sim][fault]") {
  Cluster cluster;
  World& world = cluster.world;
  REQUIRE(world.add_client("c"));
  const NodeId client = *world.find("c");
  const auto sees = [&](std::uint32_t from) {
    int seen = 0;
    for (std::uint32_t to = 0; to < kNodes; ++to)
      seen += from != to && !world.network().blocked(NodeId{from}, NodeId{to});
    return seen;
  };
  SECTION("sides") {
    world.inject(make_partition({.sides = {std::vector<std::string>{"n-1", "n-2"}, "n-3"}}));
    CHECK(sees(0) == 3);
    CHECK(sees(1) == 3);
    CHECK(sees(2) == 2);
    CHECK(sees(3) == 4);
  }
  SECTION("one way") {
    world.inject(make_partition({.target = "n-1", .one_way = true}));
    CHECK(sees(0) == 0);
    for (std::uint32_t i = 1; i < kNodes; ++i) CHECK(sees(i) == 4);
    CHECK_FALSE(world.network().blocked(NodeId{0}, client));
  }
  SECTION("isolate") {
    world.inject(make_partition({.isolate = std::vector<std::string>{"n-1", "n-2"}, .clients = true}));
    CHECK(sees(0) == 0);
    CHECK(sees(1) == 0);
    CHECK(sees(2) == 2);
    CHECK(world.network().blocked(NodeId{0}, client));
    CHECK_FALSE(world.network().blocked(NodeId{2}, client));
  }
  SECTION("bridge") {
    world.inject(make_partition({.bridge = "n"}));
    std::map<int, int> counts;
    for (std::uint32_t i = 0; i < kNodes; ++i) ++counts[sees(i)];
    CHECK(counts == std::map<int, int>{{2, 4}, {4, 1}});
  }
  SECTION("ring") {
    world.inject(make_partition({.ring = "n"}));
    for (std::uint32_t i = 0; i < kNodes; ++i) CHECK(sees(i) == 2);  // with itself a majority
  }
  SECTION("none or two shapes is a mistake") {
    CHECK(world.inject(make_partition({})).error().message.find("exactly one of") != std::string::npos);
    CHECK_FALSE(world.inject(make_partition({.target = "n-1", .ring = "n"})));
  }
}

TEST_CASE("fault: a zone goes dark and comes back", "[sim][fault]") {
  Cluster cluster;
  World& world = cluster.world;
  const FaultId zone = *world.inject(make_zone({"eu"}));
  CHECK_FALSE(world.host(NodeId{0}).powered());
  CHECK_FALSE(world.host(NodeId{1}).powered());
  CHECK(world.host(NodeId{2}).powered());
  world.heal(zone);
  CHECK(world.host(NodeId{0}).up());
  CHECK(world.inject(make_zone({"eupore"})).error().code == "not_found");
}

TEST_CASE("fault: a target is picked from whom it says", "[sim][fault]") {
  Cluster cluster;
  World& world = cluster.world;
  REQUIRE(world.add_client("c"));
  REQUIRE(world.add_service("web"));
  Rng rng(1);
  const auto parsed = [](const Value& value) { return *Target::parse(value); };
  const auto names = [&](const Value& value) {
    const Target target = parsed(value);
    REQUIRE(target.check(world));
    return Target::of(world, target.resolve(world, rng)).value();
  };
  const auto count = [&](const Value& value) { return parsed(value).resolve(world, rng).size(); };
  CHECK(names("web") == Value("web"));
  CHECK(names(Value::list({"n-2", "n-1"})) == Value(Value::list({"n-1", "n-2"})));
  CHECK(count("n") == 5);
  CHECK(count("one") == 1);
  CHECK(count("minority") == 2);
  CHECK(count("majority") == 3);
  CHECK(count("all") == 5);
  CHECK(count(Value::map({{"random", 4}})) == 4);
  CHECK(names(Value::map({{"zone", "eu"}})) == Value(Value::list({"n-1", "n-2"})));
  CHECK(count(Value::map({{"pick", "minority"}, {"of", Value::list({"n-1", "n-2", "n-3"})}})) == 1);
  for (const char* form : {"\"web\"", "\"one\"", "[\"n-1\",\"n-2\"]", "{\"zone\":\"eu\"}", "{\"random\":3}",
                           "{\"of\":\"n\",\"pick\":\"one\"}"}) {
    CHECK(parsed(*Value::parse_json(form)).value().json() == form);
  }
  CHECK(parsed("n-9").check(world).error().code == "not_found");
  CHECK(Target::parse(7).error().message.find("a target is a name") != std::string::npos);
  CHECK(Target::parse(Value::map({{"zome", "eu"}})).error().message.find("did you mean 'zone'") !=
        std::string::npos);
  world.run(milliseconds(90));
  for (NodeId node : parsed("primaries").resolve(world, rng)) {
    CHECK(world.host(node).show()["role"].string() == "leader");
  }
}

TEST_CASE("fault: a schedule is Lua with shortest numbers", "[sim][fault]") {
  Cluster cluster;
  World& world = cluster.world;
  REQUIRE(world.at(at_seconds(5.2), make_crash({"n-2"}), from_seconds(3.8)));
  REQUIRE(
      world.at(at_seconds(5.3), make_partition({.sides = {std::vector<std::string>{"n-1", "n-2"}, "n-3"}})));
  REQUIRE(world.at(at_seconds(6), make_restart({"n-2"})));
  world.run(seconds(20));
  CHECK(world.schedule_lua() ==
        "return function(w)\n"
        "  local f = {}\n"
        "  f[1] = w:at(5.2, lab.fault.crash{ disk = \"synced\", target = \"n-2\" })\n"
        "  f[2] = w:at(5.3, lab.fault.partition{ sides = { { \"n-1\", \"n-2\" }, { \"n-3\" } } })\n"
        "  f[3] = w:at(6, lab.fault.restart{ target = \"n-2\" })\n"
        "end\n");
  CHECK(lua_literal(Value::map({{"a b", "x\"\n1"}, {"end", 0.1}, {"ok", Value::list({})}})) ==
        "{ [\"a b\"] = \"x\\\"\\0101\", [\"end\"] = 0.1, ok = {} }");
}

TEST_CASE("fault: dropping one fault from a schedule leaves the luck of the others alone", "[sim][fault]") {
  const auto lost_by_loss = [](bool with_other) {
    Pair pair;
    if (with_other) REQUIRE(pair.world.at(at_seconds(0.001), make_pause({"a"}), Duration(1)));
    REQUIRE(
        pair.world.at(at_seconds(0.1), make_loss({.links = {.from = "a", .to = "b"}, .probability = 0.5})));
    pair.stream(300);
    pair.world.run(seconds(1));
    return pair.numbers();
  };
  CHECK(lost_by_loss(false) == lost_by_loss(true));
}

}  // namespace syslab
