#include "bindings/queue/queue.hpp"

namespace syslab {
namespace {

const Component priority{{
    .name = "queue.priority",
    .summary =
        "A queue that gives the message of the highest priority first; equal ones first in, first out.",
    .params = queue_params(
        {count("levels", "priorities are 0 to levels - 1").at_least(1).at_most(256).optional("10")}),
    .returns = "Queue",
    .cost = "O(levels) a receive, else O(1)",
    .example = R"(
local q = lab.queue.priority{ levels = 3 }
q:send("slow", { now = 0 }); q:send("urgent", { priority = 2, now = 0 })
local _, err = q:send("?", { priority = 3, now = 0 })
return q:receive{ now = 0 }[1].body == "urgent" and err.code == "InvalidParameterValue")",
    .make =
        [](lua_State* L, Arguments& a) {
          QueueOptions o;
          o.ordering = Ordering::priority;
          o.levels = static_cast<std::uint32_t>(a.count("levels", o.levels));
          return push_queue(L, a, std::move(o));
        },
}};

}  // namespace
}  // namespace syslab
