#include "core/event/event_log.hpp"

#include <catch2/catch.hpp>

#include "core/base/rng.hpp"
#include "core/event/changes.hpp"

using namespace syslab;
using namespace std::chrono_literals;

namespace {

using Version = ExpectedVersion;

std::vector<NewEvent> some(const std::vector<int>& ids) {
  std::vector<NewEvent> events;
  for (const int id : ids) events.push_back({"Tested", Value(id), {}, "id-" + std::to_string(id)});
  return events;
}

template <class T>
std::string code(const Expected<T>& result) {
  return result ? "ok" : result.error().code;
}

// A reducer for accounts: {balance, notes}.
Expected<Value> account(const Value& state, const Value& event) {
  const Value& balance = state["balance"];
  const double before = balance.is_number() ? balance.number() : 0;
  if (event["type"] == Value("Paid")) return state.with("balance", before + event["data"].number());
  if (event["type"] == Value("Noted")) return state.with("note", event["data"]);
  return make_error("malformed", "no such event");
}

NewEvent paid(double amount) {
  return {"Paid", amount, {}, {}};
}

}  // namespace

TEST_CASE("event log: versions count the events of a stream, positions those of the log", "[event]") {
  EventLog log;
  CHECK(log.append(Instant(1s), "a", Version::exactly(0), {paid(1), paid(2)})->version == 2);
  CHECK(log.append(Instant(2s), "b", Version::any(), {paid(3)})->position == 3);
  const auto last = log.append(Instant(2s), "a", Version::exactly(2), {paid(4)});
  CHECK(last->version == 3);
  CHECK(last->position == 4);
  log.check_invariants();
  CHECK(log.streams() == std::vector<std::string>{"a", "b"});
  const Value event = log.describe(log.at(4));
  CHECK(event["id"] == Value("a@3"));
  CHECK(event["time"] == Value(2));
  CHECK(event["data"] == Value(4));

  CHECK(log.read("a", 2, 10)->size() == 2);
  CHECK(log.read("a", 0, 2, true)->front()->version == 3);
  CHECK(log.read("a", 9, 2)->empty());
  const auto page = log.read_all(2, 2);
  CHECK(page.events.size() == 2);
  CHECK(page.next == 4);
}

// The table of KurrentDB (EventStoreDB): the tests "appending_to_implicitly_created_stream" of its clients,
// whose names say what is appended: event 0 with expected version -1 (none), event 1 with expected version 0,
// ... A number there is that of the last event, so ours is one higher.
TEST_CASE("event log: what is appended again is there once, as KurrentDB has it", "[event]") {
  struct Row {
    const char* name;
    std::vector<int> first;
    std::vector<int> again;
    Version expected;
    std::string code;
    std::uint64_t size;
  };
  const std::vector<int> six = {0, 1, 2, 3, 4, 5};
  const std::vector<Row> table = {
      {"sequence_0em1_1e0_2e1_3e2_4e3_5e4_0em1_idempotent", six, {0}, Version::exactly(0), "ok", 6},
      {"sequence_0em1_1e0_2e1_3e2_4e3_4e4_0any_idempotent", six, {0}, Version::any(), "ok", 6},
      {"sequence_0em1_1e0_2e1_3e2_4e3_5e4_0e5_non_idempotent", six, {0}, Version::exactly(6), "ok", 7},
      {"sequence_0em1_1e0_2e1_3e2_4e3_5e4_0e6_wev", six, {0}, Version::exactly(7), "WrongExpectedVersion", 6},
      {"sequence_0em1_1e0_2e1_3e2_4e3_5e4_0e4_wev", six, {0}, Version::exactly(5), "WrongExpectedVersion", 6},
      {"sequence_0em1_0e0_non_idempotent", {0}, {0}, Version::exactly(1), "ok", 2},
      {"sequence_0em1_0any_idempotent", {0}, {0}, Version::any(), "ok", 1},
      {"sequence_0em1_0em1_idempotent", {0}, {0}, Version::exactly(0), "ok", 1},
      {"sequence_S_0em1_1em1_E_S_0em1_E_idempotent", {0, 1}, {0}, Version::exactly(0), "ok", 2},
      {"sequence_S_0em1_1em1_E_S_0any_E_idempotent", {0, 1}, {0}, Version::any(), "ok", 2},
      {"sequence_S_0em1_1em1_E_S_1e0_E_idempotent", {0, 1}, {1}, Version::exactly(1), "ok", 2},
      {"sequence_S_0em1_1em1_E_S_1any_E_idempotent", {0, 1}, {1}, Version::any(), "ok", 2},
      {"sequence_S_0em1_1em1_E_S_0em1_1em1_2em1_E_idempotancy_fail",
       {0, 1},
       {0, 1, 2},
       Version::exactly(0),
       "WrongExpectedVersion",
       2},
      {"the same with any (its JVM client's test)",
       {0, 1},
       {0, 1, 2},
       Version::any(),
       "WrongExpectedVersion",
       2},
  };
  for (const Row& row : table) {
    INFO(row.name);
    EventLog log;
    REQUIRE(log.append({}, "s", Version::exactly(0), some(row.first)).ok());
    const auto again = log.append({}, "s", row.expected, some(row.again));
    CHECK(code(again) == row.code);
    CHECK(log.size() == row.size);
    if (again.ok()) CHECK(again->duplicate == (row.size == row.first.size()));
    log.check_invariants();
  }
}

TEST_CASE("event log: errors have their published names and texts, are definite, and change nothing",
          "[event]") {
  EventLog log(100);
  REQUIRE(log.append({}, "a", Version::any(), {paid(1)}).ok());
  const auto wrong = log.append({}, "a", Version::exactly(0), {paid(2)});
  CHECK(wrong.error().code == "WrongExpectedVersion");
  CHECK(wrong.error().message ==
        "Append failed due to WrongExpectedVersion. Stream: a, Expected version: 0, Actual version: 1");
  CHECK(wrong.error().definite);
  CHECK(code(log.append({}, "b", Version::exists(), {paid(2)})) == "WrongExpectedVersion");
  CHECK(code(log.append({}, "b", Version::exactly(1), {paid(2)})) == "WrongExpectedVersion");
  const auto large = log.append({}, "a", Version::any(), {{"Paid", Value(std::string(100, 'x')), {}, {}}});
  CHECK(large.error().code == "MaximumAppendSizeExceeded");
  CHECK(large.error().message == "Maximum Append Size of 100 Exceeded.");
  CHECK(EventLog::kAppendBytesMax == 1048576);
  CHECK(code(log.append({}, "a", Version::any(), {})) == "InvalidArgument");
  CHECK(code(log.append({}, "", Version::any(), {paid(1)})) == "InvalidArgument");
  CHECK(code(log.append({}, "a", Version::any(), {{"", {}, {}, {}}})) == "InvalidArgument");
  CHECK(code(log.read("b", 1, 1)) == "StreamNotFound");
  CHECK(code(log.state("b", {}, account)) == "StreamNotFound");
  CHECK(code(log.state("a", 2, account)) == "InvalidArgument");
  CHECK(code(log.put_snapshot("a", 2, {})) == "InvalidArgument");
  CHECK(code(log.remove("a", Version::exactly(3))) == "WrongExpectedVersion");
  CHECK(log.size() == 1);
  CHECK(log.streams().size() == 1);

  CHECK(log.remove("a", Version::exactly(1)).ok());
  CHECK(code(log.append({}, "a", Version::any(), {paid(2)})) == "StreamDeleted");
  CHECK(code(log.read("a", 1, 1)) == "StreamDeleted");
  CHECK(log.read_all(1, 10).events.size() == 1);  // what has happened has happened

  CHECK(Version::parse(Value("no_stream"))->version == 0);
  CHECK(code(Version::parse(Value("none"))) == "InvalidArgument");
  CHECK(code(Version::parse(Value(-1))) == "InvalidArgument");
  CHECK(code(Version::parse(Value(1.5))) == "InvalidArgument");
}

TEST_CASE("event log: a category is what stands before the first dash of its streams", "[event]") {
  EventLog log;
  for (const char* stream : {"order-1", "orders-1", "order", "user-1", "order-2"}) {
    REQUIRE(log.append({}, stream, Version::any(), {paid(1)}).ok());
  }
  const auto page = log.read_all(1, 10, "order");
  REQUIRE(page.events.size() == 2);
  CHECK(log.name_of(*page.events[1]) == "order-2");
  CHECK(page.next == 6);
  CHECK(log.read_all(1, 10, "order", 4).next == 5);  // not beyond what may be shown
}

TEST_CASE("event log: a state is the fold of the events, and a snapshot only makes it cheaper", "[event]") {
  EventLog log;
  for (int i = 1; i <= 10; ++i) REQUIRE(log.append({}, "a", Version::any(), {paid(i)}).ok());
  CHECK(log.state("a", {}, account)->state["balance"] == Value(55));
  CHECK(log.state("a", 4, account)->state["balance"] == Value(10));
  CHECK(log.state("a", 0, account)->state == Value::map({}));
  CHECK(log.state("a", {}, account)->applied == 10);
  const auto eight = log.state("a", 8, account);
  REQUIRE(log.put_snapshot("a", 8, eight->state).ok());
  CHECK(log.state("a", {}, account)->applied == 2);
  CHECK(log.state("a", {}, account)->state["balance"] == Value(55));
  CHECK(log.state("a", 7, account)->applied == 7);
  CHECK(log.state("a", {}, account, false)->applied == 10);
  REQUIRE(log.append({}, "a", Version::any(), {{"Odd", {}, {}, {}}}).ok());
  CHECK(code(log.state("a", {}, account)) == "malformed");
  CHECK(log.state("a", 10, account).ok());
}

TEST_CASE("event log: an event is taken back by another one, unless later ones built on it", "[event]") {
  EventLog log;
  REQUIRE(log.append({}, "a", Version::any(), {paid(50), {"Noted", "rent", {}, {}}, paid(-20)}).ok());
  const auto apply = [&](NewEvent event) { return log.append({}, "a", Version::any(), {std::move(event)}); };

  const auto diff = log.diff("a", 1, 3, account);
  CHECK(diff->json() == R"([{"from":50,"path":["balance"],"to":30},{"path":["note"],"to":"rent"}])");
  CHECK(*apply_changes(log.state("a", 3, account)->state, inverse_changes(*diff)) ==
        log.state("a", 1, account)->state);

  const auto blocked = log.undo("a", 1, account);
  CHECK(blocked.error().code == "conflict");
  CHECK(blocked.error().message == "'balance' is 30 and no longer 50");
  REQUIRE(apply(*log.undo("a", 2, account)).ok());
  CHECK(log.state("a", {}, account)->state.json() == R"({"balance":30})");
  REQUIRE(apply(*log.undo("a", 3, account)).ok());
  CHECK(log.state("a", {}, account)->state["balance"] == Value(50));
  // An undo is an event, and can be undone.
  REQUIRE(apply(*log.undo("a", 5, account)).ok());
  CHECK(log.state("a", {}, account)->state["balance"] == Value(30));
  REQUIRE(apply(*log.revert("a", 0, account)).ok());
  CHECK(log.state("a", {}, account)->state == Value::map({}));
  CHECK(log.size() == 7);
  CHECK(log.state("a", 3, account)->state["balance"] == Value(30));
  CHECK(code(log.undo("a", 0, account)) == "InvalidArgument");
  CHECK(code(log.undo("a", 9, account)) == "InvalidArgument");
}

// Fowler, "Event Sourcing" (2005): ships arrive and depart, cargo is loaded, and a book that was carried
// through Canada is marked for ever. His tests: the ship is where it arrived last, at sea after a departure;
// the book that sailed by way of Vancouver has been in Canada, although it was loaded and unloaded elsewhere.
TEST_CASE("event log: Fowler's ships", "[event]") {
  const Reducer shipping = [](const Value& state, const Value& e) -> Expected<Value> {
    const Value& data = e["data"];
    Value next = state;
    if (e["type"] == Value("Departed")) return next.with("port", "at sea");
    if (e["type"] == Value("Arrived")) {
      next = next.with("port", data["port"]);
      if (data["country"] == Value("Canada") && next["cargo"].is_string())
        next = next.with("been_in_canada", true);
      return next;
    }
    return next.with("cargo", e["type"] == Value("Loaded") ? data : Value(false));
  };
  const auto arrived = [](const char* port, const char* country) {
    return NewEvent{"Arrived", Value::map({{"port", port}, {"country", country}}), {}, {}};
  };
  EventLog log;
  REQUIRE(log.append({}, "King Roy", Version::exactly(0),
                     {arrived("San Francisco", "US"),
                      {"Loaded", "Refactoring", {}, {}},
                      {"Departed", {}, {}, {}},
                      arrived("Vancouver", "Canada"),
                      {"Departed", {}, {}, {}},
                      arrived("Los Angeles", "US"),
                      {"Unloaded", {}, {}, {}}})
              .ok());
  CHECK(log.state("King Roy", 1, shipping)->state["port"] == Value("San Francisco"));
  CHECK(log.state("King Roy", 3, shipping)->state["port"] == Value("at sea"));
  CHECK(log.state("King Roy", 3, shipping)->state["been_in_canada"].is_nil());
  CHECK(log.state("King Roy", {}, shipping)->state["port"] == Value("Los Angeles"));
  CHECK(log.state("King Roy", {}, shipping)->state["been_in_canada"] == Value(true));
}

TEST_CASE("changes: what is between two states leads from one to the other and back", "[event][changes]") {
  Rng rng(7);
  const auto scalar = [&]() -> Value {
    return rng.chance(0.5) ? Value(static_cast<double>(rng.below(3))) : Value("x");
  };
  const std::function<Value(int)> state = [&](int depth) {
    Value::Map map;
    for (const char* key : {"a", "b", "c", "d"}) {
      if (rng.chance(0.4)) continue;
      if (depth > 0 && rng.chance(0.4)) {
        map.emplace_back(key, state(depth - 1));
      } else if (rng.chance(0.3)) {
        map.emplace_back(key, Value::list({scalar(), scalar()}));
      } else {
        map.emplace_back(key, scalar());
      }
    }
    return Value::map(std::move(map));
  };
  for (int round = 0; round < 2000; ++round) {
    const Value a = state(3), b = state(3);
    const Value changes = changes_between(a, b);
    const auto there = apply_changes(a, changes);
    REQUIRE(there.ok());
    REQUIRE(*there == b);
    REQUIRE(*apply_changes(b, inverse_changes(changes)) == a);
    REQUIRE(changes_between(a, a).list().empty());
    REQUIRE(inverse_changes(inverse_changes(changes)) == changes);
  }
  CHECK(apply_changes({}, Value(5)).error().code == "malformed");
  CHECK(apply_changes({}, Value::list({Value::map({{"path", Value::list({})}})})).error().code ==
        "malformed");
}

// RFC 7396 (JSON Merge Patch), appendix A: where original and result are objects, our changes lead from one
// to the other.
TEST_CASE("changes: the examples of RFC 7396", "[event][changes]") {
  const std::vector<std::pair<const char*, const char*>> examples = {
      {R"({"a":"b"})", R"({"a":"c"})"},
      {R"({"a":"b"})", R"({"a":"b","b":"c"})"},
      {R"({"a":"b"})", R"({})"},
      {R"({"a":"b","b":"c"})", R"({"b":"c"})"},
      {R"({"a":["b"]})", R"({"a":"c"})"},
      {R"({"a":"c"})", R"({"a":["b"]})"},
      {R"({"a":{"b":"c"}})", R"({"a":{"b":"d"}})"},
      {R"({"a":[{"b":"c"}]})", R"({"a":[1]})"},
      {R"({})", R"({"a":{"bb":{}}})"},
  };
  for (const auto& [from, to] : examples) {
    const Value a = *Value::parse_json(from), b = *Value::parse_json(to);
    CHECK(*apply_changes(a, changes_between(a, b)) == b);
    CHECK(changes_between(a, b).list().size() == 1);
  }
}
