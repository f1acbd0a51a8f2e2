#include "core/store/rows.hpp"

#include "bindings/resilience/filter.hpp"

namespace syslab {
namespace {

const Component rows{{
    .name = "store.rows",
    .summary = "Rows behind a service: get, put, delete, cas and put_many, kept on the node's disk. The "
               "service says "
               "what a request costs.",
    .params =
        {count("rows", "keys 1 to this have a row from the beginning: its value is the key").optional("0"),
         size("row_bytes", "the rows that are there from the beginning are texts of that size")
             .at_most(1 << 30)
             .optional("the key"),
         duration("row_time", "what each further row of a put_many costs").optional("0")},
    .returns = "Filter",
    .cost = "a read is free; a write takes a write and a sync of the disk",
    .example = R"(
local w = lab.world{ seed = 1 }
local db = w:service("db", { time = 5*ms, filters = { lab.store.rows{ rows = 10 } } })
db:call{ type = "put", key = "x", value = "new" }
w:inject(lab.fault.crash("db")); w:inject(lab.fault.restart("db"))
local _, err = db:call{ key = 11 }
return db:call{ key = "x" } == "new" and db:call{ key = 3 } == 3 and err.code == "not_found")",
    .make =
        [](lua_State* L, Arguments& a) {
          RowsOptions o;
          o.rows = a.count("rows", o.rows);
          o.row_bytes = a.count("row_bytes", o.row_bytes);
          o.row_time = a.duration("row_time", o.row_time);
          return push_filter(L, "rows", make_rows_filter(o));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
