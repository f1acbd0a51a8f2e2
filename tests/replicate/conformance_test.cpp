// Every replicated data type under random executions: operations at three copies, and deltas, joined deltas
// and whole states that are lost, doubled and overtaken. At each step a copy's value must be what the type's
// specification makes of the operations that have reached it; states must obey the laws of a join; in the
// end all copies are equal. And each bug that can be planted in a type must be found.
//
// The specifications (after Burckhardt et al. 2014, "Replicated Data Types: Specification, Verification,
// Optimality") know of no states: only of operations, which of them are visible here, and which writes one
// found in its place when it was done.
#include <algorithm>
#include <bitset>
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "core/base/rng.hpp"
#include "core/replicate/crdt.hpp"

using namespace syslab;

namespace {

using Ops = std::bitset<128>;

struct Op {
  std::size_t index;
  std::string replica;
  Value operation;
  Value delta;
  Ops replaces;  // writes of its key that its replica had and nobody had replaced there
  std::string_view name() const { return operation["op"].string(); }
};
using Log = std::vector<Op>;

bool same_key(const Value& a, const Value& b) {
  const char* key = a["field"].is_nil() && a["op"] != Value("set") ? "value" : "field";
  return a[key] == b[key];
}

std::vector<const Op*> select(const Log& log, const Ops& visible) {
  std::vector<const Op*> ops;
  for (const Op& op : log) {
    if (visible[op.index]) ops.push_back(&op);
  }
  return ops;
}

Value sorted(Value::List list) {
  std::sort(list.begin(), list.end());
  return Value::list(std::move(list));
}

// A counter's delta has all that its replica had counted in that direction.
Value counter(const Log& log, const Ops& visible) {
  std::map<std::pair<std::string, std::string_view>, std::size_t> last;
  for (const Op* op : select(log, visible)) last[{op->replica, op->name()}] = op->index;
  double total = 0;
  for (const Op& op : log) {
    const auto found = last.find({op.replica, op.name()});
    if (found == last.end() || op.index > found->second) continue;
    total += (op.name() == "increment" ? 1 : -1) * op.operation["by"].number();
  }
  return total;
}

Value grow_set(const Log& log, const Ops& visible) {
  std::set<Value> elements;
  for (const Op* op : select(log, visible)) elements.insert(op->operation["value"]);
  return Value::list({elements.begin(), elements.end()});
}

Value two_phase_set(const Log& log, const Ops& visible) {
  std::set<Value> added, removed;
  for (const Op* op : select(log, visible)) {
    const Value& element = op->operation["value"];
    if (op->name() == "add") {
      added.insert(element);
    } else if (!op->delta.list()[1].list().empty()) {  // what it removed was there
      removed.insert(element);
    }
  }
  std::erase_if(added, [&](const Value& element) { return removed.contains(element); });
  return Value::list({added.begin(), added.end()});
}

// Of each key, the writes that no visible operation replaces.
std::map<Value, Value::List> not_replaced(const Log& log, const Ops& visible, const char* key,
                                          const char* write) {
  Ops gone;
  for (const Op* op : select(log, visible)) gone |= op->replaces;
  std::map<Value, Value::List> left;
  for (const Op* op : select(log, visible & ~gone)) {
    if (op->name() == write) left[op->operation[key]].push_back(op->operation["value"]);
  }
  return left;
}

Value or_set(const Log& log, const Ops& visible) {
  Value::List elements;
  for (const auto& [element, adds] : not_replaced(log, visible, "value", "add")) elements.push_back(element);
  return Value::list(std::move(elements));
}

Value mv_register(const Log& log, const Ops& visible) {
  return sorted(not_replaced(log, visible, "no key", "set")[Value()]);
}

Value or_map(const Log& log, const Ops& visible) {
  Value::Map fields;
  for (auto& [field, values] : not_replaced(log, visible, "field", "put")) {
    fields.emplace_back(std::string(field.string()), sorted(std::move(values)));
  }
  return Value::map(std::move(fields));
}

std::map<Value, Value> last_writes(const Log& log, const Ops& visible) {
  std::map<Value, std::tuple<double, std::string, Value>> last;
  for (const Op* op : select(log, visible)) {
    auto& current = last[op->operation["field"]];
    const Value value = op->name() == "remove" ? Value() : op->operation["value"];
    current = std::max(current, std::tuple(op->operation["time"].number(), op->replica, value));
  }
  std::map<Value, Value> values;
  for (const auto& [field, write] : last) values[field] = std::get<2>(write);
  return values;
}

Value lww_register(const Log& log, const Ops& visible) {
  return last_writes(log, visible)[Value()];
}

Value lww_map(const Log& log, const Ops& visible) {
  Value::Map fields;
  for (const auto& [field, value] : last_writes(log, visible)) {
    if (!value.is_nil()) fields.emplace_back(std::string(field.string()), value);
  }
  return Value::map(std::move(fields));
}

// The tree that the header draws, walked: a character, then what was typed behind it, the newest first.
Value rga_text(const Log& log, const Ops& visible) {
  using Name = std::pair<double, std::string>;
  std::map<Name, std::map<Name, std::string, std::greater<>>> children;
  std::set<Name> deleted;
  for (const Op* op : select(log, visible)) {
    for (const Value& run : op->delta.list()) {
      Name name = {run.list()[0].number(), std::string(run.list()[1].string())};
      Name after = {run.list()[2].number(), std::string(run.list()[3].string())};
      const bool typed = run.list()[4].is_string();
      const std::size_t length =
          typed ? run.list()[4].string().size() : static_cast<std::size_t>(run.list()[4].number());
      for (std::size_t i = 0; i < length; ++i) {
        std::string& character = children[after][name];
        if (typed) character = std::string(1, run.list()[4].string()[i]);
        if (!typed) deleted.insert(name);
        after = name;
        ++name.first;
      }
    }
  }
  std::string text;
  const auto walk = [&](const auto& self, const Name& at) -> void {
    for (const auto& [name, character] : children[at]) {
      if (!deleted.contains(name)) text += character;
      self(self, name);
    }
  };
  walk(walk, {0, ""});
  return text;
}

Value element(Rng& rng) {
  return std::string(1, static_cast<char>('p' + rng.below(3)));
}
Value unique(std::size_t index) {
  return static_cast<double>(index);
}
// Few, so that they are often equal.
Value time_of(Rng& rng) {
  return static_cast<double>(rng.below(4));
}

Value change_counter(Rng& rng, const Crdt& crdt, std::size_t) {
  const bool up = crdt.name() == "g_counter" || rng.chance(0.6);
  return Value::map({{"op", up ? "increment" : "decrement"}, {"by", static_cast<double>(1 + rng.below(3))}});
}
Value change_set(Rng& rng, const Crdt& crdt, std::size_t) {
  const bool add = crdt.name() == "g_set" || rng.chance(0.6);
  return Value::map({{"op", add ? "add" : "remove"}, {"value", element(rng)}});
}
Value change_register(Rng& rng, const Crdt&, std::size_t index) {
  return Value::map({{"op", "set"}, {"value", unique(index)}, {"time", time_of(rng)}});
}
Value change_mv_register(Rng&, const Crdt&, std::size_t index) {
  return Value::map({{"op", "set"}, {"value", unique(index)}});
}
Value change_map(Rng& rng, const Crdt&, std::size_t index) {
  Value op = Value::map({{"op", "remove"}, {"field", element(rng)}, {"time", time_of(rng)}});
  return rng.chance(0.7) ? op.with("op", "put").with("value", unique(index)) : op;
}
Value change_text(Rng& rng, const Crdt& crdt, std::size_t index) {
  const std::size_t length = crdt.value().string().size();
  if (length > 0 && rng.chance(0.3)) {
    const std::uint64_t at = 1 + rng.below(length);
    return Value::map(
        {{"op", "delete"},
         {"at", static_cast<double>(at)},
         {"count", static_cast<double>(1 + rng.below(std::min<std::uint64_t>(3, length - at + 1)))}});
  }
  std::string text(1 + rng.below(3), static_cast<char>('a' + index % 26));
  return Value::map(
      {{"op", "insert"}, {"at", static_cast<double>(1 + rng.below(length + 1))}, {"text", text}});
}

struct Kind {
  std::unique_ptr<Crdt> (*make)(CrdtOptions);
  Value (*change)(Rng&, const Crdt&, std::size_t index);
  Value (*specification)(const Log&, const Ops& visible);
  std::vector<CrdtBug> bugs;
};

const std::vector<Kind>& kinds() {
  using enum CrdtBug;
  static const std::vector<Kind> list = {
      {make_g_counter, change_counter, counter, {sums_counters, one_slot}},
      {make_pn_counter, change_counter, counter, {sums_counters, one_slot}},
      {make_g_set, change_set, grow_set, {}},
      {make_two_phase_set, change_set, two_phase_set, {forgets_removals}},
      {make_or_set, change_set, or_set, {forgets_removals}},
      {make_lww_register, change_register, lww_register, {keeps_latest, no_tie_break}},
      {make_mv_register, change_mv_register, mv_register, {forgets_removals, drops_sibling}},
      {make_lww_map, change_map, lww_map, {keeps_latest, no_tie_break, forgets_removals}},
      {make_or_map, change_map, or_map, {forgets_removals, drops_sibling}},
      {make_rga_text, change_text, rga_text, {inserts_by_arrival}},
  };
  return list;
}

Value comparable(const Crdt& crdt) {
  if (crdt.name() == "mv_register") return sorted(crdt.value().list());
  if (crdt.name() != "or_map") return crdt.value();
  const Value value = crdt.value();
  Value::Map fields;
  for (const auto& [field, values] : value.map()) fields.emplace_back(field, sorted(values.list()));
  return Value::map(std::move(fields));
}

struct Copy {
  std::unique_ptr<Crdt> crdt;
  Ops visible;
  std::vector<Ops> changes;  // by version
};

struct Parcel {
  Value state;
  Ops ops;
};

struct Execution {
  const Kind& kind;
  CrdtBug bug;
  Rng rng;
  Log log = {};
  std::vector<Copy> copies = {};
  std::vector<Parcel> under_way = {};
  std::vector<Value> states = {};  // some that came about
  std::string violation = {};

  Execution(const Kind& k, CrdtBug b, std::uint64_t seed) : kind(k), bug(b), rng(Rng(seed).split("crdt")) {
    for (const char* name : {"a", "b", "c"}) {
      copies.push_back({kind.make({.replica = name, .deltas_kept = 4, .bug = bug}), {}, {}});
    }
  }

  void fail(const std::string& text) {
    if (violation.empty()) violation = text;
  }
  void look(const Copy& copy) {
    const Value expected = kind.specification(log, copy.visible);
    const Value got = comparable(*copy.crdt);
    if (got != expected) {
      fail(copy.crdt->options().replica + " has " + got.json() + ", where " + expected.json() + " is right");
    }
  }
  void merge(Copy& copy, const Parcel& parcel) {
    const auto news = copy.crdt->merge(parcel.state);
    if (!news.ok()) return fail(news.error().message);
    if (*news) copy.changes.push_back(parcel.ops);
    copy.visible |= parcel.ops;
    if (copy.changes.size() != copy.crdt->version()) fail("a version is not counted");
    look(copy);
  }
  Parcel all_of(const Copy& copy) { return {copy.crdt->state(), copy.visible}; }

  void change(Copy& copy) {
    const std::size_t index = log.size();
    Op op = {index, copy.crdt->options().replica, kind.change(rng, *copy.crdt, index), {}, {}};
    for (const Op* seen : select(log, copy.visible)) {
      if (same_key(op.operation, seen->operation)) op.replaces.set(seen->index);
    }
    for (const Op* seen : select(log, copy.visible)) op.replaces &= ~seen->replaces;
    const auto delta = copy.crdt->apply(op.operation);
    if (!delta.ok()) return fail(delta.error().message);
    op.delta = *delta;
    log.push_back(op);
    copy.visible.set(index);
    copy.changes.push_back(Ops().set(index));
    under_way.push_back({*delta, copy.changes.back()});
    look(copy);
  }

  void send(const Copy& copy) {
    const std::uint64_t since = rng.below(copy.crdt->version() + 1);
    Parcel parcel = {copy.crdt->delta_since(since), {}};
    if (since + 4 < copy.crdt->version()) {
      parcel.ops = copy.visible;
    } else {
      for (std::size_t i = since; i < copy.changes.size(); ++i) parcel.ops |= copy.changes[i];
    }
    under_way.push_back(std::move(parcel));
  }

  void run() {
    for (int step = 0; step < 40 && violation.empty(); ++step) {
      Copy& copy = copies[rng.below(copies.size())];
      const std::uint64_t what = rng.below(4);
      if (what == 0) {
        send(copy);
      } else if (what == 1) {
        change(copy);
      } else if (!under_way.empty()) {  // delivered any number of times
        const Parcel parcel = under_way[rng.below(under_way.size())];
        merge(copy, parcel);
      }
      if (step % 4 == 0) states.push_back(copy.crdt->state());
    }
    for (int round = 0; round < 2; ++round) {
      for (Copy& to : copies) {
        for (const Copy& from : copies) merge(to, all_of(from));
      }
    }
    for (const Copy& copy : copies) {
      if (copy.crdt->state() != copies[0].crdt->state()) fail("the copies stay different");
    }
    for (int i = 0; i < 10; ++i) laws();
  }

  Value join(const Value& x, const Value& y) {
    const auto crdt = kind.make({.replica = "join", .bug = bug});
    if (!crdt->merge(x).ok() || !crdt->merge(y).ok()) fail("a state cannot be merged");
    return crdt->state();
  }
  void laws() {
    const auto any = [&]() -> const Value& { return states[rng.below(states.size())]; };
    const Value &x = any(), &y = any(), &z = any();
    if (join(x, y) != join(y, x)) fail("merge does not commute");
    if (join(join(x, y), z) != join(x, join(y, z))) fail("merge is not associative");
    if (join(x, x) != x) fail("merge is not idempotent");
    if (join(join(x, y), y) != join(x, y)) fail("merge is not idempotent");
  }
};

std::string violation_of(const Kind& kind, CrdtBug bug, std::uint64_t seed) {
  Execution execution(kind, bug, seed);
  execution.run();
  return execution.violation;
}

}  // namespace

TEST_CASE("crdt: whatever is lost, doubled or overtaken, each type is what its specification says",
          "[replicate][crdt]") {
  for (const Kind& kind : kinds()) {
    const std::string name(kind.make({})->name());
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
      const std::string violation = violation_of(kind, CrdtBug::none, seed);
      if (!violation.empty()) FAIL(name << ", seed " << seed << ": " << violation);
    }
  }
}

TEST_CASE("crdt: the conformance suite finds every planted bug", "[replicate][crdt]") {
  std::set<CrdtBug> found;
  for (const Kind& kind : kinds()) {
    for (const CrdtBug bug : kind.bugs) {
      std::uint64_t seed = 1;
      while (seed <= 1000 && violation_of(kind, bug, seed).empty()) ++seed;
      INFO(kind.make({})->name() << ", bug " << kCrdtBugs.name(bug));
      CHECK(seed <= 1000);
      found.insert(bug);
    }
  }
  found.insert(CrdtBug::ignores_context);  // only shows where a context is given: see crdt_test.cpp
  CHECK(found.size() == kCrdtBugs.names.size());
}

TEST_CASE("crdt: states and operations that are none are refused, and change nothing", "[replicate][crdt]") {
  std::vector<Value> junk = {{},
                             true,
                             -1.5,
                             "text",
                             Value::list({}),
                             Value::list({1, 2}),
                             Value::map({{"a", -1}}),
                             Value::map({{"a", "b"}}),
                             Value::list({Value::list({}), 3}),
                             Value::list({Value::map({}), Value::list({"x", Value::list({"a", 1})})})};
  // Halves of good states, too.
  for (const Kind& kind : kinds()) {
    Execution execution(kind, CrdtBug::none, 1);
    execution.run();
    for (const Value& state : execution.states) {
      junk.push_back(state);
      if (!state.is_list()) continue;
      for (const Value& part : state.list()) {
        junk.push_back(part);
        junk.push_back(Value::list({part}));
      }
    }
  }
  for (const Kind& kind : kinds()) {
    for (const Value& given : junk) {
      const auto crdt = kind.make({.replica = "a"});
      const Value empty = crdt->state();
      // A state of another type may happen to be one of this; then it can be taken and told.
      if (crdt->merge(given).ok()) {
        CHECK(crdt->merge(crdt->state()).ok());
        continue;
      }
      CHECK(crdt->state() == empty);
      CHECK_FALSE(crdt->apply(given).ok());
      CHECK_FALSE(crdt->apply(Value::map({{"op", given}})).ok());
      CHECK(crdt->state() == empty);
      CHECK(crdt->version() == 0);
    }
  }
}
