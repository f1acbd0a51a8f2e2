#include "core/check/projection.hpp"

#include "bindings/event/script_function.hpp"
#include "bindings/host/convert.hpp"
#include "bindings/host/object.hpp"

namespace syslab {
namespace {

const Component projection{{
    .name = "check.projection",
    .summary =
        "Are the rows of a read model what a fold over the events gives? Names the first row that is wrong.",
    .params = {list("events", "as read_all of a store gives them, from the first on"),
               any("rows", "{ [KEY] = VALUE }, or the list that a query of a projection gives"),
               function("apply", "(event, rows) -> { [KEY] = VALUE or false }, as the projection has it")},
    .returns = "{ verdict = 'ok' | 'violated', rule =, message =, key =, events =, rows = }",
    .cost = "a call of `apply` an event",
    .example = R"(
local function apply(event, rows) return { n = (rows:get("n") or 0) + event.data } end
local events = { { type = "Added", data = 2 }, { type = "Added", data = 3 } }
return lab.check.projection(events, { n = 5 }, apply).verdict == "ok"
  and lab.check.projection(events, { { key = "n", value = 7 } }, apply).rule == "differs")",
    .make =
        [](lua_State* L, Arguments& a) {
          const Value events = to_value(L, a.index_of("events")), given = to_value(L, a.index_of("rows"));
          Value::Map rows;
          if (given.is_map()) {
            rows = given.map();
          } else if (given.is_list()) {
            for (const Value& row : given.list()) {
              if (!row["key"].is_string())
                a.reject("rows", "an item of a query's list is { key =, value = }");
              rows.emplace_back(std::string(row["key"].string()), row["value"]);
            }
          } else {
            a.reject("rows", "expected rows by their keys, or the answer of a query");
          }
          const ProjectionVerdict v = check_projection(events.list(), Value::map(std::move(rows)),
                                                       ScriptFunction(L, a.index_of("apply")));
          push_value(L, Value::map({{"verdict", to_string(v.outcome)},
                                    {"rule", v.rule.empty() ? Value() : Value(v.rule)},
                                    {"message", v.message},
                                    {"key", v.key.empty() ? Value() : Value(v.key)},
                                    {"events", static_cast<double>(v.events)},
                                    {"rows", static_cast<double>(v.rows)}}));
          return 1;
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
