#include "bindings/queue/queue.hpp"

namespace syslab {
namespace {

const Component fair{{
    .name = "queue.fair",
    .summary = "A queue in which groups (tenants) take turns, so that one with a thousand messages does not "
               "keep the others "
               "waiting. Groups are not ordered and not exclusive.",
    .params = queue_params({}),
    .returns = "Queue",
    .cost = "O(1) a call for constant timeouts, else O(log n)",
    .paper = "Nagle 1987, On packet switches with infinite storage",
    .example = R"(
local q = lab.queue.fair()
for i = 1, 100 do q:send("mail " .. i, { group = "big", now = 0 }) end
q:send("hello", { group = "small", now = 0 })
return q:receive{ now = 0 }[1].group == "big" and q:receive{ now = 0 }[1].body == "hello")",
    .make =
        [](lua_State* L, Arguments& a) {
          QueueOptions o;
          o.ordering = Ordering::fair;
          return push_queue(L, a, std::move(o));
        },
}};

}  // namespace
}  // namespace syslab
