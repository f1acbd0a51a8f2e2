#include "core/resilience/bulkhead.hpp"

#include "bindings/resilience/filter.hpp"

namespace syslab {
namespace {

const Component bulkhead{{
    .name = "resilience.bulkhead",
    .summary =
        "Lets only so many requests in at once; some may wait in line, the rest is refused as 'overloaded'.",
    .params = {count("concurrent", "requests inside at once").at_least(1).at_most(4e9),
               count("queue", "requests that may wait in line").at_most(4e9).optional("0"),
               duration("wait", "the longest time in line").optional("no limit")},
    .returns = "Filter",
    .cost = "O(1) a request, beside what it wraps",
    .example = R"(
local w = lab.world{ seed = 1 }
local db = w:service("db", { time = 10*ms, slots = 8, filters = { lab.resilience.bulkhead{ concurrent = 2 } } })
local refused = 0
for i = 1, 5 do
  w:spawn(function()
    local value, err = db:call()
    if not value and err.code == "overloaded" then refused = refused + 1 end
  end)
end
w:run(1*s)
return refused == 3)",
    .make =
        [](lua_State* L, Arguments& a) {
          BulkheadOptions o;
          o.concurrent = static_cast<std::uint32_t>(a.count("concurrent"));
          o.queue = static_cast<std::uint32_t>(a.count("queue", o.queue));
          o.wait = a.maybe_duration("wait");
          return push_filter(L, "bulkhead", make_bulkhead(o));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
