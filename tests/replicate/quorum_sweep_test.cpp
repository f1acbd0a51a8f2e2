// Quorum under everything at once, in three makes: as a linearizable register, as a store that is always
// available and converges, and with siblings; and the same with each planted bug, which must be found.
#include <catch2/catch.hpp>

#include "core/replicate/quorum.hpp"
#include "core/sim/fault/chaos.hpp"
#include "core/sim/fault/clock_skew.hpp"
#include "core/sim/fault/crash.hpp"
#include "core/sim/fault/delay.hpp"
#include "core/sim/fault/partition.hpp"
#include "tests/replicate/ordeal.hpp"

using namespace syslab;
using namespace std::chrono_literals;

namespace {

enum class Make : std::uint8_t { atomic, available, siblings };

// Clients that read a key, and then write or delete it with the context they got, or without one.
class Editors {
 public:
  Editors(World& world, std::vector<NodeId> nodes)
      : world_(world),
        nodes_(std::move(nodes)),
        self_(*world.add_client("editors", {.kind = "clients"})),
        rng_(world.rng("editors")) {
    for (int i = 0; i < 4; ++i) think();
  }

 private:
  void think() {
    if (world_.now() > Instant(7s)) return;
    world_.env(self_).after(Duration(static_cast<std::int64_t>(rng_.below(40'000'000))), [this] { act(); });
  }
  NodeId node() { return nodes_[rng_.below(nodes_.size())]; }
  void act() {
    const Value key = static_cast<int>(rng_.below(6));
    const auto write = [this, key](const Value& context) {
      const bool deletes = rng_.chance(0.2);
      Value body = Value::map({{"key", key}, {"context", context}});
      if (!deletes) body = body.with("value", ++written_);
      world_.env(self_).call(node(), {deletes ? "delete" : "write", body}, 1s,
                             [this](const Result&) { think(); });
    };
    if (rng_.chance(0.3)) return write(Value());
    world_.env(self_).call(node(), {"read", Value::map({{"key", key}})}, 1s,
                           [this, write](const Result& read) {
                             read.ok() && read->is_map() ? write((*read)["context"]) : think();
                           });
  }

  World& world_;
  std::vector<NodeId> nodes_;
  NodeId self_;
  Rng rng_;
  int written_ = 0;
};

QuorumOptions options_for(std::uint64_t seed, Make make, QuorumBug bug) {
  QuorumOptions o;
  o.bug = bug;
  o.watch = std::make_shared<QuorumWatch>();
  o.n = 3;
  o.hint_every = 100ms;
  o.tree_depth = 4;
  o.timeout = 300ms;
  o.patience = 40ms;
  switch (make) {
    case Make::atomic:
      o.versions = QuorumVersions::logical;
      o.repair = QuorumRepair::blocking;
      if (seed % 4 == 0) o.r = 1, o.w = 3;
      if (seed % 4 == 1) o.r = 3, o.w = 1;
      o.anti_entropy = seed % 3 == 0 ? 0ms : 200ms;
      break;
    case Make::available:
      o.versions = QuorumVersions::wall;
      o.repair = seed % 2 == 0 ? QuorumRepair::background : QuorumRepair::none;
      o.sloppy = seed % 3 != 0;
      o.r = 1 + seed % 2;
      o.w = 1 + seed / 2 % 2;
      o.anti_entropy = 60ms;
      break;
    case Make::siblings:
      o.versions = QuorumVersions::vector;
      o.repair = static_cast<QuorumRepair>(seed % 3);
      o.sloppy = seed % 2 == 0;
      o.anti_entropy = 60ms;
      break;
  }
  // What a bug needs to show at all.
  if (bug == QuorumBug::small_read_quorum || bug == QuorumBug::reads_before_disk) o.r = o.w = 2;
  if (bug == QuorumBug::hint_counts_twice) o.sloppy = true, o.w = 2;
  if (bug == QuorumBug::tree_copies || bug == QuorumBug::tree_not_updated) o.repair = QuorumRepair::none;
  if (bug == QuorumBug::tree_not_updated) o.hints = false;
  return o;
}

Make make_for(QuorumBug bug) {
  switch (bug) {
    case QuorumBug::clock_not_merged:
    case QuorumBug::context_ignored:
    case QuorumBug::dot_reused:
    case QuorumBug::siblings_dropped:
    case QuorumBug::tombstone_forgotten:
    case QuorumBug::tombstone_purged_early:
      return Make::siblings;
    case QuorumBug::hint_counts_twice:
    case QuorumBug::hint_forgotten_early:
    case QuorumBug::hints_in_memory:
    case QuorumBug::tree_copies:
    case QuorumBug::tree_not_updated:
      return Make::available;
    default:
      return Make::atomic;
  }
}

// A store without sessions executes a request twice that arrives twice, so only the replicas' own links do
// that.
std::vector<FaultPtr> faults(Make make) {
  std::vector<FaultPtr> all = test::all_faults(6s, {.from = "kv", .to = "kv"});
  if (make != Make::available) return all;
  all.push_back(make_chaos({.faults = {make_clock_skew({.target = "one", .by = 500ms})},
                            .every = 1s,
                            .lasting = 1s,
                            .at_once = 2,
                            .span = 6s}));
  return all;
}

test::Ordeal ordeal_of(std::uint64_t seed, Make make, QuorumBug bug) {
  test::Ordeal o;
  o.world = {.seed = seed,
             .trace_keep = 0,
             .disk = {.sync_time = make_constant({.value = seed % 4 == 0 ? 0.02 : 0.001})}};
  const QuorumOptions options = options_for(seed, make, bug);
  const std::size_t count = make == Make::atomic && seed % 2 == 0 ? 3 : 5;
  o.watch = options.watch;
  auto nodes = std::make_shared<std::vector<NodeId>>();
  o.build = [options, count, nodes](World& world) {
    *nodes = test::add_replicas(world, "kv", count, [&](auto members) -> NodeFactory {
      QuorumOptions own = options;
      own.members = members;
      return [own] { return std::make_unique<Quorum>(own); };
    });
    return *nodes;
  };
  o.clients = test::clients_that_read(0.5);
  o.clients.cas = 0;
  o.clients.retries = 0;
  if (make == Make::siblings) {
    o.clients.count = 1;
    o.clients.write = 0;
    o.company = [](World& world, const std::vector<NodeId>& replicas) -> std::shared_ptr<void> {
      return std::make_shared<Editors>(world, replicas);
    };
  }
  if (make == Make::available)
    o.clients.keys = [](Rng& rng) { return Value(static_cast<int>(rng.below(20))); };
  o.faults = faults(make);
  if (make != Make::atomic) {
    o.judge = [watch = options.watch, nodes](World& world, const Clients&) {
      world.heal_all();  // a shortened schedule may lack the end of a fault
      world.run(3s);
      const auto replica = [&](NodeId node) { return static_cast<const Quorum*>(world.host(node).node()); };
      watch->settled([&](const Value& key) { return replica(nodes->front())->homes_of(key); },
                     [&](NodeId node, const Value& key) { return replica(node)->record_of(key); });
      return watch->violation();
    };
  }
  return o;
}

template <Make make>
test::Ordeal sound(std::uint64_t seed, QuorumBug bug) {
  return ordeal_of(seed, make, bug);
}

}  // namespace

TEST_CASE("quorum: with R + W > N and write-back it is a linearizable register, whatever fails",
          "[replicate][quorum][sweep]") {
  test::sweep<QuorumBug>(sound<Make::atomic>);
}

TEST_CASE(
    "quorum: sloppy or not, no acknowledged write is lost but to a later stamp, and all replicas converge, "
    "whatever fails",
    "[replicate][quorum][sweep]") {
  test::sweep<QuorumBug>(sound<Make::available>);
}

TEST_CASE(
    "quorum: with version vectors no concurrent write is lost and none that was replaced comes back, "
    "whatever "
    "fails",
    "[replicate][quorum][sweep]") {
  test::sweep<QuorumBug>(sound<Make::siblings>, 10);
}

TEST_CASE("quorum: every planted bug is found, and its schedule of faults shortened",
          "[replicate][quorum][hunt]") {
  for (std::size_t i = 0; i < kQuorumBugs.names.size(); ++i) {
    if (test::skips_hunt(i)) continue;
    const QuorumBug bug = *kQuorumBugs.parse(kQuorumBugs.names[i]);
    test::hunt(
        kQuorumBugs.names[i], [&](std::uint64_t seed) { return ordeal_of(seed, make_for(bug), bug); },
        [&](std::uint64_t seed) { return ordeal_of(seed, make_for(bug), QuorumBug::none); });
  }
}
