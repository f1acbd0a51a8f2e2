#include "core/store/database.hpp"

#include <algorithm>

#include "bindings/resilience/filter.hpp"
#include "bindings/store/engine.hpp"
#include "core/store/documents.hpp"
#include "core/store/table.hpp"

namespace syslab {

std::shared_ptr<const Engine> engine_at(lua_State* L, int index) {
  if (auto table = shared_at<Table>(L, index)) return table;
  if (auto documents = shared_at<Documents>(L, index)) return documents;
  if (const auto box = shared_at<RelationalBox>(L, index)) return relational_engine(*box);
  return nullptr;
}

namespace {

const Component database{{
    .name = "store.database",
    .summary = "Tables, relational engines and documents behind a service, kept on the node's disk. A "
               "request's type is "
               "a verb of the engine (put, query, select, find, begin ...), `in` the engine's name.",
    .params =
        {table("holds", "{ NAME = lab.store.table{...} }: each as described, and empty"),
         boolean("durable", "every change is in a log on the disk before it is answered").optional("true"),
         duration("row_time", "what each row that is looked at or written costs a worker").optional("0"),
         count("workers", "requests worked on at once").at_least(1).at_most(100000).optional("1")},
    .returns = "Filter",
    .cost = "an append and a sync of the disk a change",
    .example = R"(
local w = lab.world{ seed = 1 }
local db = w:service("db", { time = 2*ms, filters = { lab.store.database{ row_time = 0.1*ms, holds = {
  shop = lab.store.relational(), carts = lab.store.table() } } } })
db:call{ type = "create_table", ["in"] = "shop", name = "users", columns = { id = "integer", name = "text" },
  primary_key = { "id" } }
db:call{ type = "insert", ["in"] = "shop", table = "users", rows = { { id = 1, name = "ann" } } }
db:call{ type = "put", ["in"] = "carts", item = { id = "ann", pens = 2 } }
w:inject(lab.fault.crash("db")); w:inject(lab.fault.restart("db"))
return db:call{ type = "select", ["in"] = "shop", table = "users" }[1].name == "ann"
  and db:call{ type = "get", ["in"] = "carts", key = { id = "ann" }, strong = true }.item.pens == 2)",
    .make =
        [](lua_State* L, Arguments& a) {
          DatabaseOptions o;
          lua_pushnil(L);
          while (lua_next(L, a.index_of("holds")) != 0) {
            const auto engine = engine_at(L, -1);
            if (lua_type(L, -2) != LUA_TSTRING || engine == nullptr) {
              a.reject("holds", "expected { users = lab.store.table() }");
            }
            o.holds.emplace(lua_tostring(L, -2), engine);
            lua_pop(L, 1);
          }
          if (o.holds.empty()) a.reject("holds", "there is no engine in it");
          o.durable = a.boolean("durable", o.durable);
          o.row_time = a.duration("row_time", o.row_time);
          o.workers = a.count("workers", o.workers);
          return push_filter(L, "database", make_database(std::move(o)));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
