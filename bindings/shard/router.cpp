#include "bindings/shard/router.hpp"

#include <fmt/format.h>

#include "bindings/host/convert.hpp"
#include "core/hash/spread.hpp"
#include "core/shard/bucket_map.hpp"
#include "core/shard/directory.hpp"
#include "core/shard/geographic.hpp"
#include "core/shard/hierarchical.hpp"
#include "core/shard/range.hpp"

namespace syslab {
namespace {

constexpr double kMostKeys = 1e6;

void require_shards(const Router& router) {
  if (router.shards().empty()) throw ScriptError("there is no shard to put a key on; add one first");
}

Value key_at(lua_State* L, int index, const Router& router) {
  Value key = to_value(L, index);
  if (key.is_nil()) throw ScriptError("bad argument 'key': expected a key, got nothing");
  const std::string problem = router.refusal_of_key(key);
  if (!problem.empty()) throw ScriptError("bad argument 'key': " + problem);
  return key;
}

std::vector<Value> keys_of(lua_State* L, int index, const Router& router) {
  std::vector<Value> keys = keys_at(L, index);
  for (const Value& key : keys) {
    const std::string problem = router.refusal_of_key(key);
    if (!problem.empty()) throw ScriptError("bad argument 'keys': " + problem);
  }
  return keys;
}

void must(const std::string& problem) {
  if (!problem.empty()) throw ScriptError(problem);
}

double weight_at(lua_State* L, int index) {
  if (lua_isnoneornil(L, index)) return 1;
  const double weight = number_argument(L, index, "weight");
  if (weight > 0 && weight <= 1000) return weight;
  throw ScriptError(
      fmt::format("bad argument 'weight': expected a number above 0 and at most 1000, got {}", weight));
}

std::size_t shard_at(lua_State* L, int index, const Router& router) {
  const std::string_view name = string_argument(L, index, "shard");
  const std::size_t place = router.index_of(name);
  if (place == Router::kNone) throw ScriptError(fmt::format("there is no shard '{}'", name));
  return place;
}

void push_text(lua_State* L, std::string_view text) {
  lua_pushlstring(L, text.data(), text.size());
}

int push_shard(lua_State* L, const Router& router, std::size_t place) {
  push_text(L, router.shards()[place].name);
  return 1;
}

int push_shards(lua_State* L, const Router& router, const std::vector<std::size_t>& places) {
  lua_createtable(L, static_cast<int>(places.size()), 0);
  for (std::size_t i = 0; i < places.size(); ++i) {
    push_shard(L, router, places[i]);
    lua_rawseti(L, -2, static_cast<int>(i + 1));
  }
  return 1;
}

int strategy(lua_State* L, Router& router) {
  push_text(L, router.name());
  return 1;
}

int route(lua_State* L, Router& router) {
  const Value key = key_at(L, 2, router);
  require_shards(router);
  return push_shard(L, router, router.route(key));
}

int take(lua_State* L, Router& router) {
  const Value key = key_at(L, 2, router);
  require_shards(router);
  return push_shard(L, router, router.take(key));
}

int touched(lua_State* L, Router& router) {
  require_shards(router);
  return push_shards(L, router, router.touched({to_value(L, 2), to_value(L, 3)}));
}

int touched_by(lua_State* L, Router& router) {
  require_shards(router);
  return push_shards(L, router, router.touched_by(keys_of(L, 2, router)));
}

int add(lua_State* L, Router& router) {
  must(router.add({std::string(string_argument(L, 2, "name")), weight_at(L, 3)}));
  return 0;
}

int remove(lua_State* L, Router& router) {
  must(router.remove(std::string(string_argument(L, 2, "name"))));
  return 0;
}

int weigh(lua_State* L, Router& router) {
  must(router.weigh(std::string(string_argument(L, 2, "name")), weight_at(L, 3)));
  return 0;
}

int shards(lua_State* L, Router& router) {
  Value::List list;
  for (const PlacedNode& shard : router.shards()) {
    list.push_back(Value::map({{"name", shard.name}, {"weight", shard.weight}}));
  }
  push_value(L, Value::list(std::move(list)));
  return 1;
}

int copy(lua_State* L, Router& router) {
  return push(L, router.clone());
}

int memory(lua_State* L, Router& router) {
  lua_pushnumber(L, static_cast<double>(router.memory_bytes()));
  return 1;
}

std::vector<std::uint32_t> places_of(const Router& router, std::span<const Value> keys) {
  std::vector<std::uint32_t> places(keys.size());
  router.route_all(keys, places);
  return places;
}

Value counts(std::span<const PlacedNode> shards, const std::vector<std::uint64_t>& counts) {
  Value::Map map;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    map.emplace_back(shards[i].name, static_cast<double>(counts[i]));
  }
  return Value::map(std::move(map));
}

int spread_data(lua_State* L, Router& router) {
  require_shards(router);
  const std::vector<Value> keys = keys_of(L, 2, router);
  const Spread s = spread_of_places(router.shards(), places_of(router, keys));
  push_value(L, Value::map({{"keys", counts(router.shards(), s.keys)},
                            {"total", static_cast<double>(keys.size())},
                            {"max_over_fair", s.max_over_fair},
                            {"deviation", s.deviation},
                            {"chi_square", s.chi_square}}));
  return 1;
}

Router& after_at(lua_State* L, const Router& before) {
  Router* after = object_at<Router>(L, 2);
  if (after == nullptr) {
    throw ScriptError(
        fmt::format("bad argument 'after': expected a Router, got {}", describe_argument(L, 2)));
  }
  require_shards(before);
  require_shards(*after);
  return *after;
}

int moved_data(lua_State* L, Router& before) {
  const Router& after = after_at(L, before);
  const std::vector<Value> keys = keys_of(L, 3, after);
  const Moved m =
      moved_of_places(before.shards(), places_of(before, keys), after.shards(), places_of(after, keys));
  push_value(L, Value::map({{"keys", static_cast<double>(m.keys)},
                            {"moved", static_cast<double>(m.moved)},
                            {"needless", static_cast<double>(m.needless)},
                            {"lost", counts(before.shards(), m.lost)},
                            {"gained", counts(after.shards(), m.gained)}}));
  return 1;
}

int flows(lua_State* L, Router& before) {
  const Router& after = after_at(L, before);
  const std::vector<Value> keys = keys_of(L, 3, after);
  Value::List list;
  for (const Flow& flow :
       flows_of_places(before.shards(), places_of(before, keys), after.shards(), places_of(after, keys))) {
    list.push_back(
        Value::map({{"from", flow.from}, {"to", flow.to}, {"keys", static_cast<double>(flow.keys)}}));
  }
  push_value(L, Value::list(std::move(list)));
  return 1;
}

// ---- what only some routers have

template <class R>
R* as(Router& router) {
  return dynamic_cast<R*>(&router);
}

[[noreturn]] void cannot(const Router& router, const char* what) {
  throw ScriptError(fmt::format("a {} router has no {}", router.name(), what));
}

int assign(lua_State* L, Router& router) {
  if (auto* directory = as<DirectoryRouter>(router)) {
    const Value key = to_value(L, 2);
    if (key.is_nil()) throw ScriptError("bad argument 'key': expected a key, got nothing");
    directory->assign(key, shard_at(L, 3, router));
  } else if (auto* range = as<RangeRouter>(router)) {
    range->assign(key_at(L, 2, router), shard_at(L, 3, router));
  } else if (auto* buckets = as<BucketMap>(router)) {
    const double bucket = number_argument(L, 2, "bucket");
    if (!(bucket >= 0 && bucket < static_cast<double>(buckets->owners().size()))) {
      throw ScriptError(fmt::format("bad argument 'bucket': expected 0 to {}", buckets->owners().size() - 1));
    }
    buckets->assign(static_cast<std::uint32_t>(bucket), shard_at(L, 3, router));
  } else {
    cannot(router, "table to assign in");
  }
  return 0;
}

int forget(lua_State* L, Router& router) {
  auto* directory = as<DirectoryRouter>(router);
  if (directory == nullptr) cannot(router, "table to forget from");
  lua_pushboolean(L, directory->forget(to_value(L, 2)));
  return 1;
}

RangeRouter& ranges_of(Router& router) {
  auto* range = as<RangeRouter>(router);
  if (range == nullptr) cannot(router, "ranges");
  require_shards(router);
  return *range;
}

int ranges(lua_State* L, Router& router) {
  const RangeRouter& range = ranges_of(router);
  Value::List list;
  for (std::size_t i = 0; i < range.ranges().size(); ++i) {
    Value entry = Value::map({{"shard", router.shards()[range.ranges()[i].shard].name}});
    if (i > 0) entry = entry.with("from", range.ranges()[i].from);
    if (i + 1 < range.ranges().size()) entry = entry.with("to", range.ranges()[i + 1].from);
    list.push_back(std::move(entry));
  }
  push_value(L, Value::list(std::move(list)));
  return 1;
}

int split(lua_State* L, Router& router) {
  RangeRouter& range = ranges_of(router);
  lua_pushboolean(L, range.split(key_at(L, 2, router)));
  return 1;
}

int merge(lua_State* L, Router& router) {
  RangeRouter& range = ranges_of(router);
  lua_pushboolean(L, range.merge(key_at(L, 2, router)));
  return 1;
}

int bucket(lua_State* L, Router& router) {
  auto* buckets = as<BucketMap>(router);
  if (buckets == nullptr) cannot(router, "buckets");
  lua_pushnumber(L, buckets->bucket(key_at(L, 2, router)));
  return 1;
}

int disbalance(lua_State* L, Router& router) {
  auto* buckets = as<BucketMap>(router);
  if (buckets == nullptr) cannot(router, "buckets");
  lua_pushnumber(L, disbalance_of(buckets->owners(), router.shards()));
  return 1;
}

int near(lua_State* L, Router& router) {
  auto* geographic = as<GeographicRouter>(router);
  if (geographic == nullptr) cannot(router, "places on earth");
  require_shards(router);
  const Value point = key_at(L, 2, router);
  const double radius = number_argument(L, 3, "radius");
  if (!(radius >= 0)) throw ScriptError("bad argument 'radius': expected metres, at least 0");
  const GeoPoint p = point.is_map() ? GeoPoint{point["lat"].number(), point["lon"].number()}
                                    : geohash_decode(point.string())->middle();
  const auto cells = geohash_cells(p, radius, geographic->precision());
  if (!cells) throw ScriptError("that circle has more than 100000 cells: take fewer letters");
  std::vector<Value> keys(cells->begin(), cells->end());
  push_shards(L, router, geographic->cells().touched_by(keys));
  lua_pushnumber(L, static_cast<double>(keys.size()));
  return 2;
}

std::string show(lua_State* L, int index) {
  const auto& router = *object_at<Router>(L, index);
  const std::size_t n = router.shards().size();
  return fmt::format("{}, {} shard{}", router.name(), n, n == 1 ? "" : "s");
}

const Type type{describe_type<Router>(
    "Router",
    "Says which shard has a key, and which shards a range of keys is on. Keys are values; shards have names "
    "and "
    "weights.",
    {
        method<&add>("add", "(name, weight = 1)", "Adds a shard. In a hierarchy its name is 'GROUP/SHARD'."),
        method<&assign>("assign", "(key, shard)",
                        "Gives a key (directory, vertical), the range of a key (range) or a bucket, by its "
                        "number (buckets, slots), to a shard."),
        method<&bucket>("bucket", "(key) -> number", "The bucket or slot of a key, counted from 0."),
        method<&copy>("copy", "() -> Router", "The same router, on its own: to compare before and after."),
        method<&disbalance>("disbalance", "() -> percent",
                            "Of buckets or slots: how far the shard furthest from its share is off it."),
        method<&flows>("flows", "(after, keys) -> list of { from, to, keys }",
                       "What would move from where to where, most first: the plan of a change."),
        method<&forget>("forget", "(key) -> boolean",
                        "Takes a key out of a directory; false if it was not in it."),
        method<&memory>("memory", "() -> bytes", "What it takes, beside the names of the shards."),
        method<&merge>(
            "merge", "(at) -> boolean",
            "Takes a split point away: the range above it joins the one below. False if there is none."),
        lua_method(
            "moved", "(after, keys) -> {keys, moved, needless, lost, gained}",
            "How many keys have another shard in `after`, and how many of those needlessly (between "
            "shards that are in both); printed, as bars. `keys` is a list, or a number n for the keys 1 "
            "to n.",
            "placement_view", "moved"),
        method<&moved_data>("moved_data", "(after, keys) -> table",
                            "The numbers of moved, without the picture."),
        method<&near>(
            "near", "(point, radius) -> list of shards, cells",
            "Of a geographic router: the shards within so many metres, and how many cells were looked "
            "at."),
        method<&shards>("nodes", "() -> list of {name, weight}", "All shards, sorted by name."),
        method<&ranges>("ranges", "() -> list of { from, to, shard }", "The ranges of keys, in order."),
        method<&remove>("remove", "(name)", "Removes a shard; its keys go to others."),
        method<&route>("route", "(key) -> shard", "The shard that has a key."),
        method<&split>("split", "(at) -> boolean",
                       "Cuts a range in two; both stay where they were. False where there is a cut already."),
        lua_method(
            "spread", "(keys) -> {keys, total, max_over_fair, deviation, chi_square}",
            "How keys are shared, as numbers and, printed, as bars. `keys` is a list, or a number n for "
            "the keys 1 to n.",
            "placement_view", "spread"),
        method<&spread_data>("spread_data", "(keys) -> table", "The numbers of spread, without the picture."),
        method<&strategy>("algorithm", "() -> string", "How it routes: \"range\"."),
        method<&take>("take", "(key) -> shard",
                      "As route, and a directory writes down where the key is from now on."),
        method<&touched>("touched", "(from?, to?) -> list of shards",
                         "On which shards keys from `from` on and before `to` may be; no bound where nil."),
        method<&touched_by>("touched_by", "(keys) -> list of shards",
                            "The shards that have any of these keys."),
        method<&weigh>("weigh", "(name, weight)", "Gives a shard another weight."),
    },
    &show)};

}  // namespace

Param shards_param() {
  return list("shards", "a list of names or of { name =, weight = }, or a map from names to weights")
      .optional("none yet");
}

int push_router(lua_State* L, const Arguments& arguments, std::unique_ptr<Router> router) {
  const std::string problem = router->reset(placed_nodes(L, arguments, "shards"));
  if (!problem.empty()) arguments.reject("shards", problem);
  return push(L, std::move(router));
}

std::vector<Value> keys_at(lua_State* L, int index) {
  std::vector<Value> keys;
  if (lua_type(L, index) == LUA_TNUMBER) {
    const double n = lua_tonumber(L, index);
    if (!(n >= 1 && n <= kMostKeys)) {
      throw ScriptError(fmt::format("bad argument 'keys': expected 1 to {} keys, got {}", kMostKeys, n));
    }
    for (double key = 1; key <= n; ++key) keys.emplace_back(key);
    return keys;
  }
  const Value given = lua_type(L, index) == LUA_TTABLE ? to_value(L, index) : Value();
  if (!given.is_list() || given.list().empty()) {
    throw ScriptError(fmt::format("bad argument 'keys': expected a number or a list of keys, got {}",
                                  describe_argument(L, index)));
  }
  return given.list();
}

}  // namespace syslab
