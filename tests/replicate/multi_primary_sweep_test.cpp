// Multi-primary replication under everything at once, with each kind of data; and the same with each planted
// bug, which must be found.
#include <catch2/catch.hpp>
#include <set>

#include "core/check/causal.hpp"
#include "core/check/counter.hpp"
#include "core/check/invariants.hpp"
#include "core/replicate/multi_primary.hpp"
#include "core/sim/fault/chaos.hpp"
#include "core/sim/fault/clock_skew.hpp"
#include "core/sim/fault/partition.hpp"
#include "tests/replicate/ordeal.hpp"

using namespace syslab;
using namespace std::chrono_literals;

namespace {

constexpr Duration kOpen = 3s;

enum class Trade : std::uint8_t { registers, cart, set, counter };

struct Setting {
  Trade trade;
  MultiPrimaryOptions options;
};

// Clients that stay with one replica as long as it answers, as sessions do. After a failure they go to
// another one and are somebody else, who has seen nothing. They begin nothing new after kOpen.
class Shoppers {
 public:
  Shoppers(World& world, std::vector<NodeId> replicas, const Setting& setting)
      : world_(world),
        replicas_(std::move(replicas)),
        setting_(setting),
        self_(*world.add_client("shoppers", {.kind = "clients"})) {
    const Rng rng = world.rng("shoppers");
    for (std::size_t i = 0; i < 5; ++i) {
      shoppers_.push_back({static_cast<std::int64_t>(i), 0, i % replicas_.size(), rng.split(i)});
    }
    last_process_ = static_cast<std::int64_t>(shoppers_.size()) - 1;
    for (Shopper& s : shoppers_) think(s);
  }

  const History& history() const { return history_; }

  // Everybody's last word: what each replica answers now, in a history of reads alone, of as many processes.
  std::optional<std::string> read_all() {
    std::size_t missing = 0;
    for (std::size_t i = 0; i < replicas_.size(); ++i) {
      for (const Value& key : keys()) {
        ++missing;
        const auto process = static_cast<std::int64_t>(i * 100 + keys_index(key));
        const History::OpId op = last_words_.invoke(process, "read", key, {}, world_.now());
        world_.env(self_).call(
            replicas_[i], {"read", Value::map({{"key", key}})}, 1s, [=, this](const Result& r) {
              // In a list, so that it is only compared.
              last_words_.complete(op, r.ok() ? Result(Value::list({*r})) : r, world_.now());
              if (!r.ok()) return;
              --missing_answers_;
              if (key == Value("bin")) look_for_removed(*r);
              if (key != keys()[0] || setting_.trade == Trade::registers) return;
              const History::OpId own = history_.invoke(1'000'000 + process, "read", {}, {}, world_.now());
              history_.complete(own, Event::Type::ok, worth(*r), world_.now());
            });
      }
    }
    missing_answers_ += missing;
    world_.run(1500ms);
    if (missing_answers_ > 0) return "in the end a replica does not answer";
    return came_back_;
  }
  const History& last_words() const { return last_words_; }

 private:
  struct Shopper {
    std::int64_t process;
    std::uint64_t seq;
    std::size_t replica;
    Rng rng;
  };

  std::vector<Value> keys() const {
    switch (setting_.trade) {
      case Trade::registers:
        return {0, 1, 2, 3};
      case Trade::set:
        return {"list", "bin"};
      default:
        return {"key"};
    }
  }
  std::size_t keys_index(const Value& key) const {
    std::size_t at = 0;
    while (keys()[at] != key) ++at;
    return at;
  }

  // Siblings of a cart are lists, of which the union is what the customer sees.
  Value worth(const Value& answer) const {
    if (setting_.trade != Trade::cart) return answer;
    std::set<Value> all;
    for (const Value& list : answer["values"].list()) all.insert(list.list().begin(), list.list().end());
    return Value::list({all.begin(), all.end()});
  }

  void look_for_removed(const Value& bin) {
    for (const Value& thing : bin.list()) {
      if (removed_.contains(thing)) came_back_ = thing.json() + " was removed, and is back";
    }
  }

  void think(Shopper& s) {
    if (world_.now() >= Instant(kOpen)) return;
    world_.env(self_).after(Duration(static_cast<std::int64_t>(s.rng.below(60'000'000))),
                            [this, &s] { act(s); });
  }

  void act(Shopper& s) {
    const Value fresh = static_cast<double>(++last_value_);
    if (setting_.trade == Trade::registers) {
      const Value key = keys()[s.rng.below(4)];
      const bool read = s.rng.chance(0.7);
      const Value value = read ? Value() : fresh;
      const History::OpId op = history_.invoke(s.process, read ? "read" : "write", key, value, world_.now());
      ask(s, op, {read ? "read" : "write", Value::map({{"key", key}, {"value", value}})}, read);
    } else if (setting_.trade == Trade::counter) {
      const History::OpId op = history_.invoke(s.process, "increment", {}, 1, world_.now());
      ask(s, op, {"update", Value::map({{"key", "key"}, {"op", "increment"}})}, false);
    } else if (setting_.trade == Trade::set && s.rng.chance(0.3)) {
      throw_away(s, fresh);
    } else if (setting_.trade == Trade::set) {
      const History::OpId op = history_.invoke(s.process, "add", {}, fresh, world_.now());
      ask(s, op, {"update", Value::map({{"key", "list"}, {"op", "add"}, {"value", fresh}})}, false);
    } else {
      put_into_cart(s, fresh);
    }
  }

  // Puts a thing into the bin and takes it out again: then it never comes back.
  void throw_away(Shopper& s, const Value& thing) {
    const auto request = [thing](const char* op) {
      return Request{"update", Value::map({{"key", "bin"}, {"op", op}, {"value", thing}})};
    };
    const NodeId replica = replicas_[s.replica];
    world_.env(self_).call(replica, request("add"), 300ms, [=, this, &s](const Result& added) {
      if (!added.ok()) return think(s);
      world_.env(self_).call(replica, request("remove"), 300ms, [=, this, &s](const Result& removed) {
        if (removed.ok()) removed_.insert(thing);
        think(s);
      });
    });
  }

  // Reads the cart, and writes it with one thing more.
  void put_into_cart(Shopper& s, const Value& thing) {
    const History::OpId op = history_.invoke(s.process, "add", {}, thing, world_.now());
    const Request read = {"read", Value::map({{"key", "key"}})};
    world_.env(self_).call(replicas_[s.replica], read, 300ms, [this, &s, op, thing](const Result& r) {
      if (!r.ok()) return done(s, op, make_error("unavailable", "the cart could not be read"));
      Value::List things = worth(*r).list();
      things.push_back(thing);
      ask(s, op,
          {"write",
           Value::map(
               {{"key", "key"}, {"value", Value::list(std::move(things))}, {"context", (*r)["context"]}})},
          false);
    });
  }

  void ask(Shopper& s, History::OpId op, Request request, bool read) {
    if (!read) {
      request.body =
          request.body.with("client", std::to_string(s.process)).with("seq", static_cast<double>(++s.seq));
    }
    world_.env(self_).call(replicas_[s.replica], request, 300ms,
                           [this, &s, op](const Result& r) { done(s, op, r); });
  }

  void done(Shopper& s, History::OpId op, const Result& r) {
    // What a write answers is the value as it is then.
    const Event& start = history_.invocation(op);
    history_.complete(op, r.ok() && start.f != "read" ? Result(start.value) : r, world_.now());
    // The network may double a request and refuse one copy: then nobody knows of the other.
    if (!r.ok()) {
      s.replica = s.rng.below(replicas_.size());
      s.process = ++last_process_;
    }
    think(s);
  }

  World& world_;
  std::vector<NodeId> replicas_;
  Setting setting_;
  NodeId self_;
  History history_, last_words_;
  std::vector<Shopper> shoppers_;
  std::int64_t last_process_ = 0;
  std::uint64_t last_value_ = 0;
  std::size_t missing_answers_ = 0;
  std::set<Value> removed_;
  std::optional<std::string> came_back_;
};

std::optional<std::string> wrong(const Expected<Judgement>& judgement) {
  REQUIRE(judgement.ok());
  if (judgement->outcome != Outcome::violated) return std::nullopt;
  return judgement->message + ": " + judgement->anomalies[0].message;
}

std::optional<std::string> judge(Shoppers& shoppers, const Setting& setting) {
  if (const auto silent = shoppers.read_all()) return silent;
  if (const auto w = wrong(check_convergence(shoppers.last_words(), Duration::zero(), true))) return w;
  if (setting.trade == Trade::counter) return wrong(check_final_count(shoppers.history()));
  if (setting.trade != Trade::registers) return wrong(check_set(shoppers.history()));
  // Wall clocks lose what was written, and then nobody reads his own writes.
  if (!setting.options.causal || setting.options.clock == WriteClock::wall) return std::nullopt;
  if (const auto w = wrong(check_causal(shoppers.history(), {.convergent = true}))) return w;
  return wrong(check_session(shoppers.history()));
}

Setting setting_for(std::uint64_t seed, MultiPrimaryBug bug) {
  using enum MultiPrimaryBug;
  Setting s;
  s.trade = static_cast<Trade>(seed % 4);
  // What a bug needs to show at all.
  if (bug == ignores_causes || bug == keeps_latest || bug == no_tie_break) s.trade = Trade::registers;
  if (bug == drops_sibling || bug == ignores_context) s.trade = Trade::cart;
  if (bug == sums_counters || bug == one_slot || bug == executes_twice) s.trade = Trade::counter;
  if (bug == forgets_removals) s.trade = Trade::set;
  MultiPrimaryOptions& o = s.options;
  o.data = s.trade == Trade::registers ? make_lww_register({})
           : s.trade == Trade::cart    ? make_mv_register({})
           : s.trade == Trade::set     ? make_or_set({})
           : seed % 8 == 3             ? make_g_counter({})
                                       : make_pn_counter({});
  o.topology = static_cast<Topology>(seed / 4 % 3);
  if (bug == relays_nothing && o.topology == Topology::all) o.topology = Topology::ring;
  o.causal = seed % 3 != 0 || bug == ignores_causes;
  o.clock = seed / 2 % 3 == 0 && bug != ignores_causes ? WriteClock::wall : WriteClock::hybrid;
  if (bug == no_tie_break) o.clock = WriteClock::wall;
  if (bug == ignores_causes) o.topology = Topology::all;
  o.ship_every = seed % 5 == 0 ? 5ms : 50ms;
  o.anti_entropy = bug == ignores_causes ? 2s : 200ms;
  o.batch = seed % 7 == 0 ? 2 : 64;
  o.checkpoint_after = seed % 2 == 0 || bug == forgets_state ? 20 : 0;
  o.bug = bug;
  return s;
}

test::Ordeal ordeal(std::uint64_t seed, MultiPrimaryBug bug) {
  const Setting setting = setting_for(seed, bug);
  const auto shoppers = std::make_shared<std::unique_ptr<Shoppers>>();
  test::Ordeal o;
  // A slow disk keeps the moment open in which something is sent but not yet synced.
  const bool slow = seed / 4 % 3 == 0 || bug == MultiPrimaryBug::ships_before_disk ||
                    bug == MultiPrimaryBug::acknowledges_before_disk;
  o.world = {
      .seed = seed, .trace_keep = 0, .disk = {.sync_time = make_constant({.value = slow ? 0.02 : 0.001})}};
  o.build = [setting, seed](World& world) {
    return test::add_replicas(world, "kv", 3 + seed % 2, [&](auto members) -> NodeFactory {
      MultiPrimaryOptions options = setting.options;
      options.members = std::move(members);
      return [options] { return std::make_unique<MultiPrimary>(options); };
    });
  };
  o.company = [setting, shoppers](World& world, const std::vector<NodeId>& replicas) {
    *shoppers = std::make_unique<Shoppers>(world, replicas, setting);
    return shoppers;
  };
  // They show that every kind of data can be read.
  o.clients = test::clients_that_read(1);
  o.clients.count = 1;
  o.faults = test::all_faults(kOpen);
  // Two halves, and one between them that hears both.
  if (bug == MultiPrimaryBug::ignores_causes) {
    o.faults = {make_chaos(
        {.faults = {make_partition({.bridge = "all"})}, .every = 300ms, .lasting = 600ms, .span = kOpen})};
  }
  o.faults.push_back(make_chaos({.faults = {make_clock_skew({.target = "one", .by = 2s}),
                                            make_clock_skew({.target = "one", .by = -2s})},
                                 .every = 1s,
                                 .lasting = 1s,
                                 .span = kOpen}));
  o.lasting = kOpen;
  o.settling = 3s;
  o.judge = [setting, shoppers](World&, const Clients&) { return judge(**shoppers, setting); };
  return o;
}

}  // namespace

TEST_CASE("multi_primary: all replicas come to the same, nothing that should stay is lost, whatever fails",
          "[replicate][multi_primary][sweep]") {
  test::sweep<MultiPrimaryBug>(ordeal, 20);
}

TEST_CASE("multi_primary: every planted bug is found, and its schedule of faults shortened",
          "[replicate][multi_primary][hunt]") {
  test::hunt(kMultiPrimaryBugs, ordeal);
}
