#include "core/shard/heat.hpp"

#include <fmt/format.h>

#include "bindings/host/convert.hpp"
#include "bindings/shard/router.hpp"

namespace syslab {
namespace {

struct RouterHeat {
  std::shared_ptr<const Router> router;
  Heat heat;
};

void record_key(RouterHeat& h, const Value& key, std::uint64_t requests) {
  const std::string problem = key.is_nil() ? "expected a key, got nothing" : h.router->refusal_of_key(key);
  if (!problem.empty()) throw ScriptError("bad argument 'key': " + problem);
  if (h.router->shards().empty()) throw ScriptError("the router has no shard");
  h.heat.record(*h.router, key, requests);
}

int record(lua_State* L, RouterHeat& h) {
  const double requests = lua_isnoneornil(L, 3) ? 1 : number_argument(L, 3, "requests");
  if (!(requests >= 1 && requests <= 1e15))
    throw ScriptError("bad argument 'requests': expected a number of at least 1");
  record_key(h, to_value(L, 2), static_cast<std::uint64_t>(requests));
  return 0;
}

int replay(lua_State* L, RouterHeat& h) {
  for (const Value& key : keys_at(L, 2)) record_key(h, key, 1);
  return 0;
}

int clear(lua_State*, RouterHeat& h) {
  h.heat.clear();
  return 0;
}

int report(lua_State* L, RouterHeat& h) {
  Value::List shards, keys;
  for (const Heat::Shard& s : h.heat.shards(*h.router)) {
    shards.push_back(Value::map({{"name", s.name},
                                 {"requests", static_cast<double>(s.requests)},
                                 {"over_fair", s.over_fair},
                                 {"hot", s.hot},
                                 {"one_key", s.one_key}}));
  }
  for (const Heat::Key& k : h.heat.keys(*h.router, 10)) {
    keys.push_back(Value::map({{"key", k.key},
                               {"count", static_cast<double>(k.count)},
                               {"error", static_cast<double>(k.error)},
                               {"shard", h.router->shards()[k.shard].name}}));
  }
  push_value(L, Value::map({{"total", static_cast<double>(h.heat.total())},
                            {"shards", Value::list(std::move(shards))},
                            {"keys", Value::list(std::move(keys))}}));
  return 1;
}

const Type type{describe_type<RouterHeat>(
    "Heat", "Counts requests by shard and finds hot keys.",
    {
        method<&clear>("clear", "()", "Forgets all counts: a new period begins."),
        method<&record>("record", "(key, requests = 1)", "Counts requests for a key."),
        method<&replay>("replay", "(keys)", "Counts a list of keys."),
        method<&report>(
            "report", "() -> { total, shards, keys }",
            "Of each shard: name, requests, over_fair, hot, and one_key (its hottest key alone is "
            "more than a fair share, so splitting does not help); the ten hottest keys: key, count "
            "(at least the truth), error, shard."),
    },
    [](lua_State* L, int index) {
      return fmt::format("{} requests", object_at<RouterHeat>(L, index)->heat.total());
    })};

const Component heat{{
    .name = "shard.heat",
    .summary = "Which shards get more than their share of the requests, and is it many keys or one?",
    .params =
        {object("router", "Router", "says which shard has a key; later changes of it count"),
         number("hot", "a shard with more than this times its fair share is hot").above(1).optional("2"),
         count("places", "keys that are counted; every key above 1 request in this many is found")
             .at_least(1)
             .at_most(1e6)
             .optional("100")},
    .returns = "Heat",
    .cost = "O(log shards) a request, 200 bytes a place",
    .paper = "Metwally et al. 2005 (space-saving)",
    .example = R"(local r = lab.shard.hash{ shards = { "a", "b", "c", "d" } }
local heat = lab.shard.heat{ router = r }
heat:replay(1000)
heat:record("celebrity", 1000)
local report, hot = heat:report(), {}
for _, shard in ipairs(report.shards) do if shard.hot then hot[#hot + 1] = shard end end
return #hot == 1 and hot[1].name == r:route("celebrity") and hot[1].one_key and report.keys[1].key == "celebrity")",
    .make =
        [](lua_State* L, Arguments& a) {
          HeatOptions o;
          o.places = a.count("places", o.places);
          o.hot = a.number("hot", o.hot);
          return push(L, std::make_shared<RouterHeat>(RouterHeat{a.object<Router>("router"), Heat(o)}));
        },
}};

}  // namespace
}  // namespace syslab
