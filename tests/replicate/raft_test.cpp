#include "core/replicate/raft.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "core/check/linearizable.hpp"
#include "core/sim/clients.hpp"
#include "core/sim/fault/crash.hpp"
#include "core/sim/fault/disk_lost.hpp"
#include "core/sim/fault/partition.hpp"
#include "core/sim/fault/restart.hpp"
#include "core/sim/world.hpp"

using namespace syslab;
using namespace std::chrono_literals;

namespace {

struct Cluster {
  World world;
  std::vector<NodeId> nodes;
  NodeId client;

  explicit Cluster(std::size_t count, std::uint64_t seed = 1, RaftOptions options = {})
      : world({.seed = seed}) {
    auto members = std::make_shared<std::vector<NodeId>>();
    options.members = members;
    nodes = *world.add_group("kv", count, [&](std::size_t) -> NodeFactory {
      return [options] { return std::make_unique<Raft>(options); };
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

TEST_CASE("raft: a leader that no majority answers commits nothing and gives way", "[replicate][raft]") {
  Cluster c(5);
  const NodeId old = c.leader();
  REQUIRE(c.write(old, 1).ok());
  const FaultId cut = *c.world.inject(make_partition({.target = c.world.name_of(old)}));
  CHECK(!c.write(old, 2).ok());
  const NodeId fresh = c.leader();
  REQUIRE(fresh != old);
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

TEST_CASE("raft: a replica that was away for long comes back by way of a snapshot", "[replicate][raft]") {
  Cluster c(3, 1, {.snapshot_after = 10});
  const NodeId leader = c.leader();
  const NodeId away = c.nodes[0] == leader ? c.nodes[1] : c.nodes[0];
  c.world.inject(make_crash({.target = c.world.name_of(away)}));
  for (int i = 1; i <= 50; ++i) REQUIRE(c.write(leader, i).ok());
  CHECK(c.world.host(leader).show()["snapshot"].number() >= 40);
  c.world.inject(make_restart({.target = c.world.name_of(away)}));
  c.world.run(1s);
  CHECK(c.world.host(away).show()["applied"] == c.world.host(leader).show()["applied"]);
  CHECK(c.world.host(away).show()["snapshot"].number() >= 40);
  // And it has the state, not only the number: with the leader gone it answers.
  c.world.inject(make_crash({.target = c.world.name_of(leader)}));
  CHECK(*c.read(c.leader()) == Value(50));
}

TEST_CASE("raft: a snapshot on disk is where a restart begins", "[replicate][raft]") {
  Cluster c(3, 1, {.snapshot_after = 5});
  for (int i = 1; i <= 23; ++i) REQUIRE(c.write(c.leader(), i).ok());
  c.world.inject(make_crash({.target = "all", .power = true}));
  c.world.inject(make_restart({.target = "all"}));
  const NodeId leader = c.leader();
  CHECK(c.world.host(leader).show()["snapshot"].number() >= 15);
  CHECK(*c.read(leader) == Value(23));
}

TEST_CASE("raft: members are added and removed one at a time, the leader too", "[replicate][raft]") {
  Cluster c(4, 1, {.voters = 3});
  NodeId leader = c.leader();
  REQUIRE(c.write(leader, 1).ok());
  CHECK(c.world.host(leader).show()["members"] == Value(3));
  REQUIRE(c.ask(leader, "add_member", Value::map({{"name", "kv-4"}})).ok());
  CHECK(c.world.host(leader).show()["members"] == Value(4));
  c.world.run(200ms);
  CHECK(c.world.host(c.nodes[3]).show()["applied"] == c.world.host(leader).show()["applied"]);
  REQUIRE(c.ask(leader, "remove_member", Value::map({{"name", c.world.name_of(leader)}})).ok());
  c.world.run(1s);
  const NodeId next = c.leader();
  CHECK(next != leader);
  CHECK(c.world.host(next).show()["members"] == Value(3));
  CHECK(*c.read(next) == Value(1));
  // Two of the three that are left are enough, and the one that was removed is none of them.
  c.world.inject(make_crash({.target = c.world.name_of(next)}));
  CHECK(c.write(c.leader(), 2).ok());
  CHECK(!c.ask(c.leader(), "add_member", Value::map({{"name", "nobody"}})).ok());
}

TEST_CASE("raft: only one change of members at a time", "[replicate][raft]") {
  Cluster c(5, 1, {.voters = 3});
  const NodeId leader = c.leader();
  REQUIRE(c.write(leader, 1).ok());
  std::vector<std::string> answers;
  for (const char* name : {"kv-4", "kv-5"}) {
    c.world.env(c.client).call(leader, {"add_member", Value::map({{"name", name}})}, 2s,
                               [&](const Result& r) { answers.push_back(r.ok() ? "ok" : r.error().code); });
  }
  c.world.run(3s);
  std::sort(answers.begin(), answers.end());
  CHECK(answers == std::vector<std::string>{"conflict", "ok"});
}

TEST_CASE("raft: a read by index asks a majority, a read by lease nobody, a read through the log the disk",
          "[replicate][raft]") {
  const auto cost = [](RaftReads reads) {
    Cluster c(3, 1, {.reads = reads});
    const NodeId leader = c.leader();
    REQUIRE(c.write(leader, 1).ok());
    c.world.run(100ms);
    const auto before = c.world.network().messages();
    const Instant start = c.world.now();
    CHECK(*c.read(leader) == Value(1));
    return std::pair(c.world.network().messages() - before, c.world.now() - start);
  };
  const auto [lease_messages, lease_time] = cost(RaftReads::lease);
  const auto [index_messages, index_time] = cost(RaftReads::index);
  const auto [log_messages, log_time] = cost(RaftReads::log);
  CHECK(lease_messages == 2);  // the question and the answer
  CHECK(index_messages >= 2 + 2 + 1);
  CHECK(lease_time < index_time);
  CHECK(index_time < log_time);
}

TEST_CASE("raft: a replica that was cut off does not depose a leader that all others hear",
          "[replicate][raft]") {
  for (const bool pre_vote : {true, false}) {
    Cluster c(5, 1, {.pre_vote = pre_vote});
    const NodeId leader = c.leader();
    const NodeId cut = c.nodes[0] == leader ? c.nodes[1] : c.nodes[0];
    const FaultId id = *c.world.inject(make_partition({.target = c.world.name_of(cut)}));
    c.world.run(3s);
    c.world.heal(id);
    const Value term = c.world.host(leader).show()["term"];
    c.world.run(1s);
    const bool same = c.world.host(c.leader()).show()["term"] == term;
    CHECK(same == pre_vote);
  }
}

TEST_CASE("raft: its bugs have names", "[replicate][raft]") {
  for (const std::string_view name : kRaftBugs.names) {
    REQUIRE(kRaftBugs.parse(name).has_value());
    CHECK(kRaftBugs.name(*kRaftBugs.parse(name)) == name);
  }
  CHECK(!kRaftBugs.parse("none").has_value());
  CHECK(kRaftBugs.name(RaftBug::none) == "none");
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
