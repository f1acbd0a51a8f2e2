#include "core/replicate/raft.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "core/check/linearizable.hpp"
#include "core/sim/clients.hpp"
#include "core/sim/fault/chaos.hpp"
#include "core/sim/fault/crash.hpp"
#include "core/sim/fault/disk_lost.hpp"
#include "core/sim/fault/disk_torn.hpp"
#include "core/sim/fault/duplicate.hpp"
#include "core/sim/fault/loss.hpp"
#include "core/sim/fault/partition.hpp"
#include "core/sim/fault/pause.hpp"
#include "core/sim/fault/random_partitions.hpp"
#include "core/sim/fault/reorder.hpp"
#include "core/sim/fault/restart.hpp"
#include "core/sim/world.hpp"

using namespace syslab;
using namespace std::chrono_literals;

namespace {

struct Cluster {
  World world;
  std::vector<NodeId> nodes;
  NodeId client;

  explicit Cluster(std::size_t count, std::uint64_t seed = 1) : world({.seed = seed}) {
    auto members = std::make_shared<std::vector<NodeId>>();
    nodes = *world.add_group("kv", count, [&](std::size_t) -> NodeFactory {
      return [members] { return std::make_unique<Raft>(RaftOptions{.members = members}); };
    });
    *members = nodes;
    client = *world.add_client("client", {.kind = "clients"});
  }

  std::vector<NodeId> leaders() const {
    std::vector<NodeId> found;
    for (NodeId n : nodes) {
      if (world.host(n).up() && world.host(n).show()["role"] == Value("leader")) found.push_back(n);
    }
    return found;
  }
  NodeId leader() {
    REQUIRE(world.run_until([&] { return leaders().size() == 1; }, world.now() + 5s));
    return leaders().front();
  }
  Result ask(NodeId node, const std::string& type, Value body) {
    std::optional<Result> answer;
    world.env(client).call(node, {type, std::move(body)}, 2s, [&](Result r) { answer = std::move(r); });
    world.run_until([&] { return answer.has_value(); }, world.now() + 5s);
    REQUIRE(answer.has_value());
    return *answer;
  }
  Result write(NodeId node, int value) {
    return ask(node, "write", Value::map({{"key", "x"}, {"value", value}}));
  }
  Result read(NodeId node) { return ask(node, "read", Value::map({{"key", "x"}})); }
};

}  // namespace

TEST_CASE("raft: a new cluster elects one leader and answers at every replica", "[replicate][raft]") {
  Cluster c(5);
  const NodeId leader = c.leader();
  CHECK(c.write(leader, 7).ok());
  c.world.run(200ms);
  for (NodeId n : c.nodes) {
    const Result r = c.read(n);
    REQUIRE(r.ok());
    CHECK(*r == Value(7));
  }
}

TEST_CASE("raft: a compare-and-set succeeds only on the value it expects", "[replicate][raft]") {
  Cluster c(3);
  const NodeId leader = c.leader();
  c.write(leader, 1);
  CHECK(c.ask(leader, "cas", Value::map({{"key", "x"}, {"expected", 1}, {"value", 2}})).ok());
  const Result refused = c.ask(leader, "cas", Value::map({{"key", "x"}, {"expected", 1}, {"value", 3}}));
  REQUIRE(!refused.ok());
  CHECK(refused.error().code == "conflict");
  CHECK(*c.read(leader) == Value(2));
}

TEST_CASE("raft: what was acknowledged survives the crash of the leader", "[replicate][raft]") {
  Cluster c(3);
  const NodeId first = c.leader();
  REQUIRE(c.write(first, 11).ok());
  c.world.inject(make_crash({.target = c.world.name_of(first)}));
  const NodeId second = c.leader();
  CHECK(second != first);
  CHECK(*c.read(second) == Value(11));
  c.world.inject(make_restart({.target = c.world.name_of(first)}));
  c.world.run(1s);
  CHECK(*c.read(first) == Value(11));
}

TEST_CASE("raft: what was acknowledged survives the power loss of all replicas", "[replicate][raft]") {
  Cluster c(3);
  REQUIRE(c.write(c.leader(), 5).ok());
  c.world.inject(make_crash({.target = "all", .power = true}));
  c.world.inject(make_restart({.target = "all"}));
  CHECK(*c.read(c.leader()) == Value(5));
}

TEST_CASE("raft: a leader without a majority commits nothing, and gives way when it hears of the new one",
          "[replicate][raft]") {
  Cluster c(5);
  const NodeId old = c.leader();
  REQUIRE(c.write(old, 1).ok());
  const FaultId cut = *c.world.inject(make_partition({.target = c.world.name_of(old)}));
  CHECK(!c.write(old, 2).ok());
  c.world.run_until([&] { return c.leaders().size() == 2; }, c.world.now() + 5s);
  const auto leaders = c.leaders();
  REQUIRE(leaders.size() == 2);
  const NodeId fresh = leaders[0] == old ? leaders[1] : leaders[0];
  REQUIRE(c.write(fresh, 3).ok());
  c.world.heal(cut);
  c.world.run(1s);
  CHECK(c.leaders().size() == 1);
  CHECK(*c.read(old) == Value(3));
}

TEST_CASE("raft: a request that arrives twice is executed once", "[replicate][raft]") {
  Cluster c(3);
  const NodeId leader = c.leader();
  const auto add = [&](int expected, int value, int seq) {
    return c.ask(
        leader, "cas",
        Value::map({{"key", "x"}, {"expected", expected}, {"value", value}, {"client", "a"}, {"seq", seq}}));
  };
  c.write(leader, 0);
  CHECK(add(0, 1, 1).ok());
  CHECK(add(0, 1, 1).ok());  // the same request: the stored answer, although the value is 1 by now
  CHECK(!add(0, 1, 2).ok());
  CHECK(*c.read(leader) == Value(1));
}

TEST_CASE("raft: a replica whose fsync failed does nothing more until it is restarted", "[replicate][raft]") {
  Cluster c(3);
  const NodeId leader = c.leader();
  // The loss must meet a write that is not yet synced: while one is under way.
  c.world.env(c.client).call(leader, {"write", Value::map({{"key", "x"}, {"value", 1}})}, 2s,
                             [](const Result&) {});
  const bool pending =
      c.world.run_until([&] { return c.world.host(leader).storage().pending() > 0; }, c.world.now() + 1s);
  REQUIRE(pending);
  c.world.inject(make_disk_lost({.target = c.world.name_of(leader)}));
  c.world.run(500ms);
  CHECK(c.world.host(leader).show()["role"] == Value("broken"));
  CHECK(c.leader() != leader);
  c.world.inject(make_restart({.target = c.world.name_of(leader)}));
  c.world.run(1s);
  CHECK(c.world.host(leader).show()["role"] == Value("follower"));
}

TEST_CASE(
    "raft: histories under crashes, partitions, loss, duplicates and pauses are linearizable, one leader a "
    "term",
    "[replicate][raft][sweep]") {
#ifdef __SANITIZE_ADDRESS__
  constexpr std::uint64_t kSeeds = 10;  // ten times slower
#else
  constexpr std::uint64_t kSeeds = 100;
#endif
  std::size_t operations = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    INFO("seed " << seed);
    Cluster c(seed % 2 == 0 ? 3 : 5, seed);
    const NodeId asking = *c.world.add_client("clients", {.kind = "clients"});
    Clients clients(c.world, asking, {.count = 4, .to = c.nodes, .keys = [](Rng& rng) {
                                        return Value(static_cast<int>(rng.below(2)));
                                      }});
    c.world.inject(make_random_partitions({.every = 2s, .span = 8s}));
    c.world.inject(make_chaos(
        {.faults = {make_crash({.target = "one", .disk = CrashDisk::prefix}),
                    make_crash({.target = "primaries"}), make_crash({.target = "minority", .power = true}),
                    make_pause({.target = "one"}), make_loss({.probability = 0.3, .correlation = 0.5}),
                    make_duplicate({.probability = 0.3}), make_reorder({.by = 5ms, .probability = 0.3}),
                    make_disk_torn({.target = "all"})},
         .every = 700ms,
         .lasting = 700ms,
         .at_once = 3,
         .span = 8s}));
    std::map<double, NodeId> leader_of;  // by term
    for (int tick = 0; tick < 1000; ++tick) {
      c.world.run(10ms);
      for (NodeId n : c.leaders()) {
        const auto [known, fresh] = leader_of.emplace(c.world.host(n).show()["term"].number(), n);
        REQUIRE(known->second == n);
      }
    }
    clients.stop();
    c.world.run(2s);
    operations += clients.ok();
    const Expected<Verdict> verdict = check_linearizable(clients.history(), **model_named("register"));
    REQUIRE(verdict.ok());
    INFO(verdict->message);
    REQUIRE(verdict->outcome == Outcome::ok);
    REQUIRE(c.leaders().size() == 1);  // the faults are over: it must have recovered
  }
  CHECK(operations > 200 * kSeeds);
}

// A store that answers before anybody else knows and passes its writes on whenever: the checker must see
// through it.
namespace {

class Careless final : public Node {
 public:
  explicit Careless(std::shared_ptr<const std::vector<NodeId>> members) : members_(std::move(members)) {}
  void on_start(Env&) override {}
  void on_message(Env&, const Message& m) override { store_[m.body["key"]] = m.body["value"]; }
  void on_request(Env& env, const Request& request, Reply reply) override {
    Value& cell = store_[request.key()];
    if (request.type == "write") {
      cell = request.body["value"];
      for (NodeId n : *members_) {
        if (n != env.self()) env.send(n, "copy", request.body);
      }
    } else if (request.type == "cas") {
      return reply(make_error("conflict", "not supported"));
    }
    reply(cell);
  }

 private:
  std::shared_ptr<const std::vector<NodeId>> members_;
  std::map<Value, Value> store_;
};

}  // namespace

TEST_CASE("the same clients and checker catch a store that answers before it replicates",
          "[replicate][canary]") {
  int caught = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    World world({.seed = seed});
    auto members = std::make_shared<std::vector<NodeId>>();
    *members = *world.add_group("kv", 3, [&](std::size_t) -> NodeFactory {
      return [members] { return std::make_unique<Careless>(members); };
    });
    const NodeId asking = *world.add_client("clients", {.kind = "clients"});
    Clients clients(world, asking,
                    {.count = 4,
                     .to = *members,
                     .cas = 0,
                     .keys = [](Rng&) { return Value(1); },
                     .think = make_constant({.value = 0.001})});
    world.run(2s);
    const Expected<Verdict> verdict = check_linearizable(clients.history(), **model_named("register"));
    REQUIRE(verdict.ok());
    caught += verdict->outcome == Outcome::violated ? 1 : 0;
  }
  CHECK(caught == 5);
}
