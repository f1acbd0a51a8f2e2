// Two-phase commit: what a crash at each step leaves behind, a bank under everything at once, and planted
// bugs.
#include "core/shard/two_phase_commit.hpp"

#include <catch2/catch.hpp>

#include "core/check/invariants.hpp"
#include "core/sim/fault/chaos.hpp"
#include "core/sim/fault/crash.hpp"
#include "core/sim/fault/drop.hpp"
#include "core/sim/fault/restart.hpp"
#include "tests/replicate/ordeal.hpp"

using namespace syslab;
using namespace std::chrono_literals;

namespace {

constexpr int kAccounts = 5;
constexpr double kInitial = 20;
constexpr Duration kOpen = 3s;

std::vector<NodeId> add_bank(World& world, std::size_t count, TwoPhaseOptions options = {}) {
  options.initial = kInitial;
  return test::add_replicas(world, "bank", count, [&](auto members) -> NodeFactory {
    options.members = std::move(members);
    return [o = options] { return std::make_unique<TwoPhaseCommit>(o); };
  });
}

Value account(std::uint64_t i) {
  return "account-" + std::to_string(i);
}

Value transfer(const Value& from, const Value& to, double amount) {
  return Value::map(
      {{"ops", Value::list({Value::list({"add", from, -amount}), Value::list({"add", to, amount})})}});
}
Value read_all() {
  Value::List ops;
  for (int i = 0; i < kAccounts; ++i)
    ops.push_back(Value::list({"r", account(static_cast<std::uint64_t>(i))}));
  return Value::map({{"ops", Value::list(std::move(ops))}});
}
Value balances(const Value& answer) {
  Value::List list;
  for (const Value& op : answer.list()) list.push_back(op.list()[2]);
  return Value::list(std::move(list));
}

// Move money about, and look at all accounts now and then.
class Tellers {
 public:
  Tellers(World& world, std::vector<NodeId> nodes)
      : world_(world), nodes_(std::move(nodes)), self_(*world.add_client("tellers", {.kind = "clients"})) {
    for (std::uint64_t i = 0; i < 4; ++i) think(world.rng("tellers").split(i));
  }
  const History& history() const { return history_; }
  // The last look: what is locked for ever shows as a refusal.
  std::optional<std::string> close() {
    std::optional<Result> got;
    for (int attempt = 0; attempt < 3 && !(got && got->ok()); ++attempt) {
      got.reset();
      ask(
          {"transact", read_all()}, [&](const Result& r) { got = r; }, 0);
      world_.run(1100ms);
    }
    if (!got || !got->ok()) return "in the end the accounts cannot be read";
    return std::nullopt;
  }

 private:
  void think(Rng rng) {
    if (world_.now() >= Instant(kOpen)) return;
    const Duration wait(static_cast<std::int64_t>(rng.below(60'000'000)));
    world_.env(self_).after(wait, [this, rng] { act(rng); });
  }
  void act(Rng rng) {
    rng.next();
    const std::size_t node = rng.below(nodes_.size());
    const std::uint64_t from = rng.below(kAccounts), to = (from + 1 + rng.below(kAccounts - 1)) % kAccounts;
    const bool look = rng.chance(0.3);
    const Value body =
        look ? read_all() : transfer(account(from), account(to), static_cast<double>(1 + rng.below(9)));
    ask(
        {"transact", body}, [this, rng](const Result&) { think(rng); }, node, look);
  }
  void ask(Request request, Reply done, std::size_t node, bool look = true) {
    const History::OpId op =
        history_.invoke(last_process_++, look ? "read" : "transfer", {}, request.body, world_.now());
    world_.env(self_).call(nodes_[node], std::move(request), 1s, [=, this](const Result& r) {
      history_.complete(op, r.ok() && look ? Result(balances(*r)) : r, world_.now());
      done(r);
    });
  }

  World& world_;
  std::vector<NodeId> nodes_;
  NodeId self_;
  History history_;
  std::int64_t last_process_ = 0;
};

test::Ordeal ordeal(std::uint64_t seed, TwoPhaseBug bug) {
  const auto tellers = std::make_shared<std::unique_ptr<Tellers>>();
  test::Ordeal o;
  o.world = {.seed = seed,
             .trace_keep = 0,
             .disk = {.sync_time = make_constant({.value = seed % 2 == 0 ? 0.02 : 0.001})}};
  o.build = [bug, seed](World& world) { return add_bank(world, 3 + seed % 2, {.bug = bug}); };
  o.company = [tellers](World& world, const std::vector<NodeId>& nodes) {
    *tellers = std::make_unique<Tellers>(world, nodes);
    return tellers;
  };
  o.clients = test::clients_that_read(1);
  o.clients.count = 1;
  o.clients.retries = 0;
  o.faults = test::all_faults(kOpen);
  o.lasting = kOpen;
  o.settling = 2s;
  o.judge = [tellers](World&, const Clients&) -> std::optional<std::string> {
    if (auto blocked = (*tellers)->close()) return blocked;
    const auto judgement = check_bank((*tellers)->history(), kAccounts * kInitial);
    REQUIRE(judgement.ok());
    if (judgement->outcome != Outcome::violated) return std::nullopt;
    return judgement->message + ": " + judgement->anomalies[0].message;
  };
  return o;
}

}  // namespace

TEST_CASE(
    "two_phase_commit: a coordinator that dies between the votes and its decision leaves its participants in "
    "doubt",
    "[shard][two_phase_commit]") {
  World world({.seed = 1});
  const std::vector<NodeId> nodes = add_bank(world, 3);
  const NodeId client = *world.add_client("client", {.kind = "clients"});
  world.run(100ms);
  const auto call = [&](std::size_t node, Value body) {
    std::optional<Result> got;
    world.env(client).call(nodes[node], {"transact", std::move(body)}, 1s, [&](const Result& r) { got = r; });
    world.run_until([&] { return got.has_value(); }, world.now() + 2s);
    REQUIRE(got.has_value());
    return *got;
  };
  const auto in_doubt = [&] {
    double all = 0;
    for (const NodeId node : nodes) {
      const Value shown = world.host(node).show()["in_doubt"];  // nil while it is down
      if (shown.is_number()) all += shown.number();
    }
    return all;
  };
  // Both participants are to be others than the coordinator: find two accounts of theirs.
  std::vector<Value> keys;
  for (std::uint64_t i = 0; keys.size() < 2; ++i) {
    if (account(i).hash() % 3 == 1 + keys.size()) keys.push_back(account(i));
  }
  // It hears no votes.
  const auto deaf = world.inject(make_drop({.links = {.to = world.name_of(nodes[0])}, .type = "vote"}));
  REQUIRE(deaf.ok());
  std::optional<Result> answer;
  world.env(client).call(nodes[0], {"transact", transfer(keys[0], keys[1], 5)}, 1s,
                         [&](const Result& r) { answer = r; });
  world.run(100ms);
  CHECK(in_doubt() == 2);
  REQUIRE(world.inject(make_crash({.target = world.name_of(nodes[0])})).ok());
  world.run(5s);
  // They can neither commit nor abort, however long they wait, and their keys are locked.
  CHECK(in_doubt() == 2);
  REQUIRE(answer.has_value());
  CHECK_FALSE(answer->error().definite);
  CHECK(call(1, transfer(keys[0], keys[1], 5)).error().code == "conflict");
  // It comes back and knows nothing of it: aborted.
  world.heal(*deaf);
  REQUIRE(world.inject(make_restart({.target = world.name_of(nodes[0])})).ok());
  world.run(1s);
  CHECK(in_doubt() == 0);
  const Result later = call(1, transfer(keys[0], keys[1], 5));
  REQUIRE(later.ok());
  CHECK(later->list()[0].list()[2] == Value(kInitial - 5));
}

TEST_CASE("two_phase_commit: no money appears or vanishes, whatever fails",
          "[shard][two_phase_commit][sweep]") {
  test::sweep<TwoPhaseBug>(ordeal, 5);
}

TEST_CASE("two_phase_commit: every planted bug is found, and its schedule of faults shortened",
          "[shard][two_phase_commit][hunt]") {
  for (const std::string& name : two_phase_bug_names()) {
    const TwoPhaseBug bug = two_phase_bug_named(name);
    test::hunt(
        name, [bug](std::uint64_t seed) { return ordeal(seed, bug); },
        [](std::uint64_t seed) { return ordeal(seed, TwoPhaseBug::none); });
  }
}
