#include "bindings/host/lua_host.hpp"
#include "bindings/queue/queue.hpp"

namespace syslab {
namespace {

const Component standard{{
    .name = "queue.standard",
    .summary = "A queue that delivers at least once, in roughly the order of sending: a received message is "
               "hidden until it "
               "is deleted or its visibility timeout is over.",
    .params = queue_params({
        probability("duplicates", "chance that a received message can be received again at once")
            .optional("0"),
        probability("reorder", "chance that a receive takes one of the first ten instead of the first")
            .optional("0"),
        count("seed", "of these two").optional("the session's seed"),
    }),
    .returns = "Queue",
    .cost = "O(1) a call for constant timeouts, else O(log n)",
    .paper = "Amazon SQS developer guide: message quotas, visibility timeout, dead-letter queues",
    .example = R"(
local dead = lab.queue.standard()
local q = lab.queue.standard{ visibility = 30, dead_letter = dead, max_receives = 2 }
q:send("pay 7", { now = 0 })
local first = q:receive{ now = 1 }[1]
local hidden = #q:receive{ now = 30.9 } == 0
local second = q:receive{ now = 31 }[1]
local gone = #q:receive{ now = 70 } == 0
return hidden and gone and second.receives == 2 and first.receipt ~= second.receipt
  and dead:receive{ now = 70 }[1].body == "pay 7")",
    .make =
        [](lua_State* L, Arguments& a) {
          QueueOptions o;
          o.duplicates = a.number("duplicates", 0);
          o.reorder = a.number("reorder", 0);
          o.seed = a.count("seed", LuaHost::of(L).options().seed);
          return push_queue(L, a, std::move(o));
        },
}};

}  // namespace
}  // namespace syslab
