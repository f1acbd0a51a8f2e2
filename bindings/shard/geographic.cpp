#include "core/shard/geographic.hpp"

#include <fmt/format.h>

#include "bindings/host/convert.hpp"
#include "bindings/shard/router.hpp"
#include "core/shard/range.hpp"

namespace syslab {
namespace {

Param latitude(std::string name = "lat") {
  return number(std::move(name), "degrees north").at_least(-90).at_most(90);
}
Param longitude(std::string name = "lon") {
  return number(std::move(name), "degrees east").at_least(-180).at_most(180);
}
Param precision_param(std::string fallback) {
  return count("precision", "letters: 5 are 4.9 km, 6 are 1.2 km, 12 are 4 cm")
      .at_least(1)
      .at_most(kGeohashMost)
      .optional(std::move(fallback));
}

GeoBox box_argument(const Arguments& a) {
  const auto box = geohash_decode(a.string("hash"));
  if (!box) a.reject("hash", fmt::format("'{}' is no geohash", a.string("hash")));
  return *box;
}

const Component geographic{{
    .name = "shard.geographic",
    .summary = "Shards by place: a key is { lat =, lon = } or a geohash, and what is in one geohash cell is "
               "together. Cells are placed in order, or by any other router.",
    .params = {shards_param(), precision_param("4: cells of 39 km by 20 km"),
               list("sample", "keys to cut the cells into even ranges by").optional("the first letters"),
               object("cells", "Router", "places the texts of cells; it has the shards")
                   .optional("a range router, 4 ranges a shard")},
    .returns = "Router",
    .cost = "that of the router of cells",
    .paper = "Niemeyer 2008, geohash.org",
    .example = R"(local r = lab.shard.geographic{ precision = 5, shards = { "a", "b", "c" } }
local paris, lyon = { lat = 48.8566, lon = 2.3522 }, { lat = 45.764, lon = 4.8357 }
local by_hash = lab.shard.geographic{ precision = 5, cells = lab.shard.hash{ shards = { "a", "b", "c" } } }
return r:route(paris) == r:route("u09tv") and #r:near(paris, 20000) == 1 and #by_hash:near(lyon, 20000) == 3)",
    .make =
        [](lua_State* L, Arguments& a) {
          const int precision = static_cast<int>(a.count("precision", 4));
          if (const auto cells = a.object<Router>("cells")) {
            if (a.has("shards")) a.reject("shards", "the router of cells has them");
            if (a.has("sample")) a.reject("sample", "the router of cells has its own order");
            return push(
                L, std::unique_ptr<Router>(std::make_unique<GeographicRouter>(cells->clone(), precision)));
          }
          std::vector<Value> cells;
          const GeographicRouter measure(std::make_unique<RangeRouter>(), precision);
          for (const Value& key : a.has("sample") ? keys_at(L, a.index_of("sample")) : std::vector<Value>()) {
            const std::string problem = measure.refusal_of_key(key);
            if (!problem.empty()) a.reject("sample", problem);
            cells.emplace_back(measure.cell_of(key));
          }
          if (cells.empty()) {
            for (const char c : std::string_view("0123456789bcdefghjkmnpqrstuvwxyz")) {
              cells.emplace_back(std::string(1, c));
            }
          }
          const std::size_t shards = placed_nodes(L, a, "shards").size();
          auto range = std::make_unique<RangeRouter>(
              even_splits(std::move(cells), 4 * std::max<std::size_t>(1, shards)));
          return push_router(L, a, std::make_unique<GeographicRouter>(std::move(range), precision));
        },
}};

const Component geohash{{
    .name = "shard.geohash",
    .summary = "The geohash of a place: a text whose prefixes are ever larger cells around it.",
    .params = {latitude(), longitude(), precision_param("12")},
    .returns = "string",
    .paper = "Niemeyer 2008, geohash.org",
    .example = R"(return lab.shard.geohash(57.64911, 10.40744, 11) == "u4pruydqqvj")",
    .make =
        [](lua_State* L, Arguments& a) {
          const std::string hash = geohash_encode({a.number("lat"), a.number("lon")},
                                                  static_cast<int>(a.count("precision", kGeohashMost)));
          lua_pushlstring(L, hash.data(), hash.size());
          return 1;
        },
}};

const Component geohash_cell{{
    .name = "shard.geohash_cell",
    .summary = "The cell of a geohash: its bounds, its middle, and its neighbours.",
    .params = {string("hash", "a geohash")},
    .returns = "table {lat, lon, south, north, west, east, neighbours = {n, ne, e, se, s, sw, w, nw}}",
    .paper = "Niemeyer 2008, geohash.org",
    .example = R"(local cell = lab.shard.geohash_cell("ezs42")
return cell.neighbours.n == "ezs48" and cell.neighbours.sw == "ezefp" and cell.south < 42.6 and cell.north > 42.6)",
    .make =
        [](lua_State* L, Arguments& a) {
          const GeoBox box = box_argument(a);
          constexpr std::pair<const char*, std::pair<int, int>> kWays[] = {
              {"n", {1, 0}},  {"ne", {1, 1}},   {"e", {0, 1}},  {"se", {-1, 1}},
              {"s", {-1, 0}}, {"sw", {-1, -1}}, {"w", {0, -1}}, {"nw", {1, -1}}};
          Value::Map neighbours;
          for (const auto& [name, way] : kWays) {
            const auto next = geohash_neighbour(a.string("hash"), way.first, way.second);
            if (next) neighbours.emplace_back(name, *next);
          }
          push_value(L, Value::map({{"lat", box.middle().latitude},
                                    {"lon", box.middle().longitude},
                                    {"south", box.low.latitude},
                                    {"north", box.high.latitude},
                                    {"west", box.low.longitude},
                                    {"east", box.high.longitude},
                                    {"neighbours", Value::map(std::move(neighbours))}}));
          return 1;
        },
}};

const Component geohash_cells_function{{
    .name = "shard.geohash_cells",
    .summary = "All cells that have a point within a radius: where a search around a place must look.",
    .params = {latitude(), longitude(), number("radius", "metres").at_least(0).at_most(2.1e7),
               precision_param("6")},
    .returns = "list of geohashes, sorted",
    .cost = "O(cells), at most 100000",
    .example =
        R"(local cells = lab.shard.geohash_cells{ lat = 57.64911, lon = 10.40744, radius = 100, precision = 6 }
return #cells >= 1 and #cells <= 4)",
    .make =
        [](lua_State* L, Arguments& a) {
          const auto cells = geohash_cells({a.number("lat"), a.number("lon")}, a.number("radius"),
                                           static_cast<int>(a.count("precision", 6)));
          if (!cells) a.reject("precision", "that circle has more than 100000 such cells");
          push_value(L, Value::list(Value::List(cells->begin(), cells->end())));
          return 1;
        },
}};

const Component geo_distance_function{{
    .name = "shard.geo_distance",
    .summary = "Metres between two places on a sphere, along the great circle.",
    .params = {latitude(), longitude(), latitude("to_lat"), longitude("to_lon")},
    .returns = "number",
    .cost = "0.2 us",
    .example = R"(local metres = lab.shard.geo_distance(48.8566, 2.3522, 52.52, 13.405)
return metres > 870e3 and metres < 885e3)",
    .make =
        [](lua_State* L, Arguments& a) {
          lua_pushnumber(
              L, geo_distance({a.number("lat"), a.number("lon")}, {a.number("to_lat"), a.number("to_lon")}));
          return 1;
        },
}};

}  // namespace
}  // namespace syslab
