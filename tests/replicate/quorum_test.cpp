#include "core/replicate/quorum.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "core/replicate/versions.hpp"
#include "core/sim/fault/clock_skew.hpp"
#include "core/sim/fault/crash.hpp"
#include "core/sim/fault/partition.hpp"
#include "core/sim/fault/restart.hpp"
#include "core/sim/world.hpp"

using namespace syslab;
using namespace std::chrono_literals;

namespace {

// Without repair and anti-entropy, unless a test asks for them: what moves is what the test is about.
QuorumOptions still() {
  QuorumOptions o;
  o.repair = QuorumRepair::none;
  o.anti_entropy = 0ms;
  o.hints = false;
  o.timeout = 500ms;
  return o;
}

struct Store {
  World world;
  std::vector<NodeId> nodes;
  NodeId client;
  Value key = "x";

  explicit Store(QuorumOptions options, std::size_t count = 5) : world({.seed = 1}) {
    auto members = std::make_shared<std::vector<NodeId>>();
    options.members = members;
    nodes = *world.add_group("kv", count, [&](std::size_t) -> NodeFactory {
      return [options] { return std::make_unique<Quorum>(options); };
    });
    *members = nodes;
    client = *world.add_client("client", {.kind = "clients"});
    world.run(100ms);
  }

  const Quorum& at(NodeId node) const { return static_cast<const Quorum&>(*world.host(node).node()); }
  std::vector<NodeId> homes() const {
    return at(*std::find_if(nodes.begin(), nodes.end(), [this](NodeId n) { return world.host(n).up(); }))
        .homes_of(key);
  }
  NodeId stranger() const {  // no home
    const std::vector<NodeId> mine = homes();
    return *std::find_if(nodes.begin(), nodes.end(),
                         [&](NodeId n) { return std::find(mine.begin(), mine.end(), n) == mine.end(); });
  }
  Value shown(NodeId node, const char* what) const { return world.host(node).show()[what]; }
  double total(const char* what) const {
    double sum = 0;
    for (const NodeId node : nodes) sum += world.host(node).up() ? shown(node, what).number() : 0;
    return sum;
  }
  Result ask(NodeId node, const std::string& type, Value body = Value::map({})) {
    std::optional<Result> answer;
    world.env(client).call(node, {type, body.with("key", key)}, 2s, [&](Result r) { answer = std::move(r); });
    world.run_until([&] { return answer.has_value(); }, world.now() + 5s);
    REQUIRE(answer.has_value());
    return *answer;
  }
  Result write(NodeId node, int value, Value body = Value::map({})) {
    return ask(node, "write", body.with("value", value));
  }
  FaultId crash(NodeId node) { return *world.inject(make_crash({.target = world.name_of(node)})); }
  void restart(NodeId node) {
    world.inject(make_restart({.target = world.name_of(node)}));
    world.run(50ms);
  }
};

Value with_r(int r) {
  return Value::map({{"r", r}});
}
Value with_w(int w) {
  return Value::map({{"w", w}});
}

}  // namespace

TEST_CASE("quorum: any replica takes a write and a read, homes or not", "[replicate][quorum]") {
  Store s(still());
  REQUIRE(s.write(s.stranger(), 7).ok());
  for (const NodeId node : s.nodes) CHECK(*s.ask(node, "read") == Value(7));
  REQUIRE(s.ask(s.homes()[1], "delete").ok());
  for (const NodeId node : s.nodes) CHECK(s.ask(node, "read")->is_nil());
  std::size_t holders = 0;
  for (const NodeId node : s.nodes) holders += !s.at(node).record_of(s.key).is_nil();
  CHECK(holders == 3);
}

TEST_CASE("quorum: a write needs W homes and a read R, of the store or of the request",
          "[replicate][quorum]") {
  Store s(still());
  REQUIRE(s.write(s.nodes[0], 1, with_w(3)).ok());
  s.crash(s.homes()[0]);
  const NodeId asked = s.stranger();
  CHECK(s.write(asked, 2).ok());
  const Result all = s.write(asked, 3, with_w(3));
  REQUIRE(!all.ok());
  CHECK(all.error().code == "timeout");
  CHECK(!all.error().definite);  // two homes have it
  CHECK(*s.ask(asked, "read") == Value(3));
  s.crash(s.homes()[1]);
  CHECK(!s.ask(asked, "read").ok());
  CHECK(*s.ask(asked, "read", with_r(1)) == Value(3));
  for (const Value& body : {with_r(0), with_r(4), with_w(4), Value::map({{"n", 6}}),
                            Value::map({{"r", "all"}}), Value::map({{"context", 3}})}) {
    CHECK(s.ask(asked, "read", body).error().code == "malformed");
  }
}

TEST_CASE("quorum: with R + W <= N a read may miss what was acknowledged", "[replicate][quorum]") {
  Store s(still());
  REQUIRE(s.write(s.nodes[0], 1, with_w(3)).ok());
  const NodeId away = s.homes()[0];
  s.crash(away);
  REQUIRE(s.write(s.homes()[1], 2).ok());
  s.restart(away);
  CHECK(*s.ask(away, "read", with_r(1)) == Value(1));  // it asks itself first
  CHECK(*s.ask(away, "read") == Value(2));
}

TEST_CASE("quorum: a strict quorum keeps hints at the coordinator, over its restart, until the home is back",
          "[replicate][quorum]") {
  QuorumOptions o = still();
  o.hints = true;
  Store s(o);
  const NodeId away = s.homes()[0];
  const NodeId asked = s.stranger();
  s.crash(away);
  REQUIRE(s.write(asked, 5).ok());
  s.world.run(300ms);
  CHECK(s.shown(asked, "hints") == Value(1));
  s.crash(asked);
  s.restart(asked);
  CHECK(s.shown(asked, "hints") == Value(1));
  s.restart(away);
  s.world.run(2s);
  CHECK(s.at(away).record_of(s.key)["value"] == Value(5));
  CHECK(s.shown(asked, "hints") == Value(0));
  CHECK(s.shown(asked, "delivered") == Value(1));
}

TEST_CASE("quorum: hints that cannot be delivered expire", "[replicate][quorum]") {
  QuorumOptions o = still();
  o.hints = true;
  o.hint_ttl = 3s;
  Store s(o);
  const NodeId away = s.homes()[0];
  s.crash(away);
  REQUIRE(s.write(s.stranger(), 5).ok());
  s.world.run(5s);
  CHECK(s.total("hints") == 0);
  CHECK(s.total("expired") == 1);
  s.restart(away);
  s.world.run(2s);
  CHECK(s.at(away).record_of(s.key).is_nil());
}

TEST_CASE("quorum: a sloppy quorum takes writes where a strict one cannot", "[replicate][quorum]") {
  for (const bool sloppy : {false, true}) {
    QuorumOptions o = still();
    o.hints = true;
    o.sloppy = sloppy;
    Store s(o);
    const std::vector<NodeId> homes = s.homes();
    s.crash(homes[0]);
    s.crash(homes[1]);
    const Result written = s.write(s.stranger(), 9);
    CHECK(written.ok() == sloppy);
    CHECK(s.ask(s.stranger(), "read").ok() == sloppy);
    s.restart(homes[0]);
    s.restart(homes[1]);
    s.world.run(3s);
    for (const NodeId home : homes) CHECK(s.at(home).record_of(s.key)["value"] == Value(9));
    CHECK(s.total("hints") == 0);
  }
}

TEST_CASE("quorum: a read repairs the homes that are behind, in the background or before it answers",
          "[replicate][quorum]") {
  for (const QuorumRepair repair : {QuorumRepair::none, QuorumRepair::background, QuorumRepair::blocking}) {
    QuorumOptions o = still();
    o.repair = repair;
    Store s(o);
    const NodeId away = s.homes()[0];
    s.crash(away);
    REQUIRE(s.write(s.homes()[1], 4).ok());
    s.restart(away);
    REQUIRE(*s.ask(s.homes()[1], "read", Value::map({{"r", 3}, {"w", 3}})) == Value(4));
    const bool at_once = !s.at(away).record_of(s.key).is_nil();
    CHECK(at_once == (repair == QuorumRepair::blocking));
    s.world.run(200ms);
    CHECK(!s.at(away).record_of(s.key).is_nil() == (repair != QuorumRepair::none));
  }
}

TEST_CASE(
    "quorum: the last write wins by the wall clock, so a clock that is behind loses acknowledged writes",
    "[replicate][quorum]") {
  for (const QuorumVersions versions : {QuorumVersions::wall, QuorumVersions::logical}) {
    QuorumOptions o = still();
    o.versions = versions;
    Store s(o);
    s.world.inject(make_clock_skew({.target = s.world.name_of(s.nodes[1]), .by = -10s}));
    REQUIRE(s.write(s.nodes[0], 1).ok());
    REQUIRE(s.write(s.nodes[1], 2).ok());
    CHECK(*s.ask(s.nodes[2], "read") == Value(versions == QuorumVersions::wall ? 1 : 2));
  }
}

TEST_CASE("quorum: with vectors concurrent writes are siblings until a write replaces what its client read",
          "[replicate][quorum]") {
  QuorumOptions o = still();
  o.versions = QuorumVersions::vector;
  Store s(o);
  REQUIRE(s.write(s.nodes[0], 1).ok());
  REQUIRE(s.write(s.stranger(), 2).ok());  // it has read nothing
  s.world.run(50ms);
  const Value both = *s.ask(s.nodes[3], "read");
  CHECK(both["values"].list().size() == 2);
  CHECK(s.total("siblings") == 3);
  const Value context = Value::map({{"context", both["context"]}});
  REQUIRE(s.write(s.nodes[2], 3, context).ok());
  CHECK((*s.ask(s.nodes[3], "read"))["values"] == Value::list({3}));
  // A write after an old read stays beside what it had not seen, and replaces nothing twice.
  REQUIRE(s.write(s.nodes[1], 4, context).ok());
  CHECK((*s.ask(s.nodes[3], "read"))["values"].list().size() == 2);
  const Value last = Value::map({{"context", (*s.ask(s.nodes[3], "read"))["context"]}});
  REQUIRE(s.ask(s.nodes[0], "delete", last).ok());
  CHECK((*s.ask(s.nodes[4], "read"))["values"] == Value::list({}));
}

TEST_CASE("quorum: anti-entropy brings a home up to date and looks only where the trees differ",
          "[replicate][quorum]") {
  QuorumOptions o = still();
  o.anti_entropy = 200ms;
  o.tree_depth = 6;
  Store s(o, 3);
  for (int i = 0; i < 200; ++i) {
    s.key = i;
    REQUIRE(s.write(s.nodes[0], i, with_w(3)).ok());
  }
  s.world.run(1s);
  const double before = s.total("compared");
  const double idle = s.total("compared");
  s.world.run(1s);
  CHECK(s.total("compared") - idle <= 3 * 6);  // the roots, and no more
  const NodeId away = s.nodes[2];
  s.crash(away);
  s.key = 17;
  REQUIRE(s.write(s.nodes[0], 1000).ok());
  const double exchanged = s.total("exchanged");
  s.restart(away);
  s.world.run(2s);
  CHECK(s.at(away).record_of(s.key)["value"] == Value(1000));
  CHECK(s.total("exchanged") - exchanged <= 2);
  // A path of one branch is 1 + 2 * depth nodes; two others may have found it, beside the roots of idle
  // rounds.
  CHECK(s.total("compared") - before <= 2 * (1 + 2 * 6) + 3 * 20);
}

TEST_CASE("quorum: tombstones go after their grace period, and who was away for longer brings the value back",
          "[replicate][quorum]") {
  for (const Duration grace : {Duration(1s), Duration(100s)}) {
    QuorumOptions o = still();
    o.anti_entropy = 100ms;
    o.grace = grace;
    Store s(o, 3);
    REQUIRE(s.write(s.nodes[0], 1, with_w(3)).ok());
    const NodeId away = s.nodes[2];
    s.crash(away);
    REQUIRE(s.ask(s.nodes[0], "delete").ok());
    s.world.run(5s);
    CHECK(s.total("tombstones") == (grace == 1s ? 0 : 2));
    s.restart(away);
    s.world.run(2s);
    const Result read = s.ask(s.nodes[0], "read", with_r(3));
    REQUIRE(read.ok());
    CHECK(read->is_nil() == (grace != 1s));
  }
}

TEST_CASE(
    "quorum: what was acknowledged survives the power loss of all replicas, and a long log is rewritten",
    "[replicate][quorum]") {
  Store s(still(), 3);
  for (int i = 1; i <= 600; ++i) REQUIRE(s.write(s.nodes[0], i).ok());
  const double bytes = s.shown(s.nodes[0], "disk_bytes").number();
  CHECK(bytes < 30'000);  // 600 writes of one key: an unbounded log would have three times as much
  s.world.inject(make_crash({.target = "all", .power = true}));
  for (const NodeId node : s.nodes) s.restart(node);
  CHECK(*s.ask(s.nodes[1], "read") == Value(600));
}

TEST_CASE("quorum: its bugs have names", "[replicate][quorum]") {
  for (const std::string_view name : kQuorumBugs.names) {
    REQUIRE(kQuorumBugs.parse(name).has_value());
    CHECK(kQuorumBugs.name(*kQuorumBugs.parse(name)) == name);
  }
}

TEST_CASE(
    "versions: merging is commutative, associative and idempotent, and never loses what nobody replaced",
    "[replicate][quorum]") {
  // Three replicas write, read each other and merge at random; all orders of merging the three agree.
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Rng rng(seed);
    Value records[3];
    int made = 0;
    const std::string actors[3] = {"a", "b", "c"};
    std::vector<std::pair<Value, Value>> all;  // dot and context
    for (int step = 0; step < 12; ++step) {
      const std::size_t i = rng.below(3), j = rng.below(3);
      if (rng.chance(0.6)) {
        const Value context = rng.chance(0.5) ? records[i]["clock"] : Value();
        records[i] = add_version(records[i], context, actors[i], Value::map({{"value", ++made}}));
        all.emplace_back(Value::list({actors[i], records[i]["clock"][actors[i]]}), context);
      } else {
        records[i] = merge_records(records[i], records[j]);
      }
    }
    const Value &a = records[0], &b = records[1], &c = records[2];
    const Value merged = merge_records(merge_records(a, b), c);
    CHECK(merged == merge_records(a, merge_records(b, c)));
    CHECK(merged == merge_records(merge_records(c, b), a));
    CHECK(merge_records(merged, merged) == merged);
    CHECK((covers(merged, a) && covers(merged, b) && covers(merged, c)));
    for (const auto& [dot, context] : all) {
      const Value& mine = dot;
      const bool replaced =
          std::any_of(all.begin(), all.end(), [&](const auto& w) { return knows(w.second, mine); });
      const Value::List left = versions_of(merged);
      const bool there =
          std::any_of(left.begin(), left.end(), [&](const Value& v) { return v["dot"] == mine; });
      CHECK(there == !replaced);
    }
  }
}

TEST_CASE("merkle: trees of equal sets are equal, and of others differ along the paths of what differs",
          "[replicate][quorum]") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Rng rng(seed);
    MerkleTree a(5), b(5);
    std::vector<std::uint64_t> keys;
    for (int i = 0; i < 40; ++i) keys.push_back(rng.next());
    for (const std::uint64_t key : keys) a.toggle(key, key + 1);
    for (auto key = keys.rbegin(); key != keys.rend(); ++key) b.toggle(*key, *key + 1);
    CHECK(a.hash(1) == b.hash(1));
    const std::uint64_t changed = keys[rng.below(keys.size())];
    b.toggle(changed, changed + 1);
    b.toggle(changed, changed + 2);
    for (std::size_t node = 1; node < 64; ++node) {
      std::size_t on_path = b.leaf_of(changed);
      while (on_path > node) on_path /= 2;
      CHECK((a.hash(node) != b.hash(node)) == (on_path == node));
    }
    b.toggle(changed, changed + 2);
    b.toggle(changed, changed + 1);
    CHECK(a.hash(1) == b.hash(1));
  }
}
