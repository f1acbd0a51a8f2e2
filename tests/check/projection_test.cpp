// The checker of projections, proved by mutants: a read model is kept with one mistake at a time.
#include "core/check/projection.hpp"

#include <catch2/catch.hpp>
#include <functional>
#include <map>

#include "core/base/rng.hpp"

using namespace syslab;

namespace {

// {key, add}: adds to a row, or deletes it where add is 0.
Expected<Value> count(const Value& event, const std::function<Value(const std::string&)>& get) {
  const std::string key(event["key"].string());
  if (event["add"] == Value(0)) return Value::map({{key, false}});
  const Value row = get(key);
  return Value::map({{key, (row.is_number() ? row.number() : 0) + event["add"].number()}});
}

std::vector<Value> some_events(Rng& rng) {
  std::vector<Value> events;
  for (int i = 0; i < 80; ++i) {
    const std::string key(1, static_cast<char>('a' + rng.below(5)));
    events.push_back(Value::map(
        {{"key", key}, {"add", rng.chance(0.08) ? 0.0 : 1.0 + static_cast<double>(rng.below(3))}}));
  }
  return events;
}

enum class Mistake { none, skips_one, applies_one_twice, keeps_deleted, swaps_two, stops_early };

Value rows_of(std::vector<Value> events, Mistake mistake, Rng& rng) {
  std::map<std::string, Value> rows;
  const std::size_t where = 10 + rng.below(events.size() - 20);
  if (mistake == Mistake::skips_one) events.erase(events.begin() + static_cast<std::ptrdiff_t>(where));
  if (mistake == Mistake::applies_one_twice)
    events.insert(events.begin() + static_cast<std::ptrdiff_t>(where), events[where]);
  if (mistake == Mistake::swaps_two) std::swap(events[where], events.back());
  if (mistake == Mistake::stops_early) events.resize(events.size() - 5);
  for (const Value& event : events) {
    const auto changes =
        count(event, [&](const std::string& key) { return rows.contains(key) ? rows[key] : Value(); });
    for (const auto& [key, value] : changes->map()) {
      if (value.truthy()) {
        rows[key] = value;
      } else if (mistake != Mistake::keeps_deleted) {
        rows.erase(key);
      }
    }
  }
  return Value::map(Value::Map(rows.begin(), rows.end()));
}

}  // namespace

TEST_CASE("check projection: a right read model passes, and mistakes are found", "[check][projection]") {
  for (const auto mistake : {Mistake::none, Mistake::skips_one, Mistake::applies_one_twice,
                             Mistake::keeps_deleted, Mistake::swaps_two, Mistake::stops_early}) {
    int found = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
      Rng rng(seed);
      const std::vector<Value> events = some_events(rng);
      const Value rows = rows_of(events, mistake, rng);
      const ProjectionVerdict v = check_projection(events, rows, count);
      // What is wrong for a while may be right in the end: a row that is deleted later, say.
      const bool wrong = !(rows == rows_of(events, Mistake::none, rng));
      INFO(v.message);
      REQUIRE((v.outcome == Outcome::violated) == wrong);
      found += wrong;
    }
    INFO(static_cast<int>(mistake));
    CHECK((mistake == Mistake::none ? found == 0 : found > 10));
  }
}

TEST_CASE("check projection: it names the row and the event", "[check][projection]") {
  const std::vector<Value> events = {Value::map({{"key", "a"}, {"add", 2}}),
                                     Value::map({{"key", "b"}, {"add", 3}}),
                                     Value::map({{"key", "b"}, {"add", 0}})};
  CHECK(check_projection(events, Value::map({}), count).message ==
        "row 'a' is not there; it was made by event 1");
  CHECK(check_projection(events, Value::map({{"a", 3}}), count).message ==
        "row 'a' is 3, and 2 by the log (changed last by event 1)");
  CHECK(check_projection(events, Value::map({{"a", 2}, {"b", 3}}), count).message ==
        "row 'b' is there, and by the log it is not since event 3");
  CHECK(check_projection(events, Value::map({{"a", 2}, {"c", 3}}), count).rule == "extra");
  CHECK(check_projection(events, Value::map({{"a", 2}}), count).outcome == Outcome::ok);
  const auto fails = [](const Value&, const std::function<Value(const std::string&)>&) -> Expected<Value> {
    return make_error("malformed", "no");
  };
  CHECK(check_projection(events, {}, fails).rule == "apply");
}
