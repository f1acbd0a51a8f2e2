#include "core/shard/join.hpp"

#include <fmt/format.h>

#include "bindings/host/convert.hpp"
#include "bindings/shard/router.hpp"

namespace syslab {
namespace {

ShardedTable table_option(lua_State* L, const Arguments& a, const char* name) {
  ShardedTable table;
  const int index = a.index_of(name);
  const auto field = [&](const char* key) { lua_getfield(L, index, key); };
  const auto text = [&](const char* key) {
    field(key);
    if (lua_type(L, -1) != LUA_TSTRING)
      a.reject(name, fmt::format("'{}' should be a column's name, got {}", key, describe_argument(L, -1)));
    std::string got = lua_tostring(L, -1);
    lua_pop(L, 1);
    return got;
  };
  field("router");
  table.router = object_at<Router>(L, -1);  // the table keeps it
  if (table.router == nullptr || table.router->shards().empty())
    a.reject(name, "'router' should be a Router with shards");
  lua_pop(L, 1);
  table.placed_by = text("placed_by");
  table.on = text("on");
  field("rows");
  const Value rows = lua_type(L, -1) == LUA_TTABLE ? to_value(L, lua_gettop(L)) : Value();
  if (!rows.is_list()) a.reject(name, "'rows' should be a list of tables");
  lua_pop(L, 1);
  for (const Value& row : rows.list()) {
    const Value& key = row[table.placed_by];
    const std::string problem = key.is_nil() ? "nothing" : table.router->refusal_of_key(key);
    if (!problem.empty()) a.reject(name, fmt::format("a row has no '{}': {}", table.placed_by, problem));
    table.rows.push_back(row);
  }
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {
    lua_pop(L, 1);
    const std::string_view key = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "?";
    if (key != "router" && key != "placed_by" && key != "on" && key != "rows")
      a.reject(name, fmt::format("there is no '{}' in it: rows, router, placed_by, on", key));
  }
  return table;
}

Param table_param(const char* name) {
  return table(name,
               "{ rows = list of tables, router = Router, placed_by = COLUMN, on = COLUMN to join by }");
}

const Component join{{
    .name = "shard.join",
    .summary = "Joins two tables that are on shards, and counts what is moved: by sending the smaller one "
               "everywhere "
               "(broadcast), sending both where a hash says (shuffle), asking for single rows (lookup), or "
               "nothing at "
               "all, where rows that match are together (co_partitioned).",
    .params = {table_param("left"), table_param("right"),
               choice("way", {"broadcast", "co_partitioned", "shuffle", "lookup"}, "how"),
               boolean("rows", "also give the joined rows, as pairs of numbers of rows").optional("false")},
    .returns = "table {rows, rows_moved, bytes_moved, messages, busiest, gather_bytes, pairs} | nil, err",
    .cost = "O(rows log rows)",
    .paper = "DeWitt & Gray 1992, Parallel database systems",
    .example = R"(local shards = { "a", "b", "c" }
local users, orders = {}, {}
for i = 1, 30 do users[i] = { id = i, name = "user " .. i } end
for i = 1, 300 do orders[i] = { id = i, user = i % 30 + 1 } end
local function cost(way, by)
  return lab.shard.join{ way = way,
    left = { rows = orders, router = lab.shard.hash{ shards = shards }, placed_by = by, on = "user" },
    right = { rows = users, router = lab.shard.hash{ shards = shards }, placed_by = "id", on = "id" } }
end
local _, err = cost("co_partitioned", "id")
return cost("co_partitioned", "user").rows_moved == 0 and cost("broadcast", "id").rows_moved == 60
  and cost("shuffle", "id").rows == 300 and err.code == "conflict")",
    .make =
        [](lua_State* L, Arguments& a) {
          const ShardedTable left = table_option(L, a, "left"), right = table_option(L, a, "right");
          const Expected<JoinCost> cost = join_tables(left, right, *parse_join_way(a.string("way")));
          if (!cost) return push_failure(L, cost.error());
          const auto n = [](std::uint64_t count) { return Value(static_cast<double>(count)); };
          Value out = Value::map({{"rows", n(cost->pairs.size())},
                                  {"rows_moved", n(cost->rows_moved)},
                                  {"bytes_moved", n(cost->bytes_moved)},
                                  {"messages", n(cost->messages)},
                                  {"busiest", n(cost->busiest)},
                                  {"gather_bytes", n(cost->gather_bytes)}});
          if (a.boolean("rows", false)) {
            Value::List pairs;
            for (const auto& [i, k] : cost->pairs) pairs.push_back(Value::list({n(i + 1), n(k + 1)}));
            out = out.with("pairs", Value::list(std::move(pairs)));
          }
          push_value(L, out);
          return 1;
        },
}};

}  // namespace
}  // namespace syslab
