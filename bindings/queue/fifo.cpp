#include "bindings/queue/queue.hpp"

namespace syslab {
namespace {

const Component fifo{{
    .name = "queue.fifo",
    .summary = "A queue that keeps the order of each group, gives a group to one consumer at a time, and "
               "delivers once what "
               "is sent twice within five minutes.",
    .params = queue_params({
        boolean("content_dedup", "a message without a dedup id is recognised by the SHA-256 of its body")
            .optional("false"),
        duration("dedup_window", "how long a dedup id is remembered, deleted or not").optional("5 min"),
    }),
    .returns = "Queue",
    .cost = "O(1) a call for constant timeouts, else O(log n)",
    .paper = "Amazon SQS developer guide: FIFO queue key terms",
    .example = R"(
local q = lab.queue.fifo{ content_dedup = true }
q:send("a1", { group = "a", now = 0 }); q:send("a2", { group = "a", now = 0 }); q:send("b1", { group = "b", now = 0 })
local again = q:send("a1", { group = "a", now = 299 })
local a1 = q:receive{ now = 1 }[1]
local b1 = q:receive{ now = 1 }[1]
local withheld = #q:receive{ now = 1 } == 0
q:delete(a1.receipt, { now = 2 })
return again.duplicate and b1.body == "b1" and withheld and q:receive{ now = 2 }[1].body == "a2")",
    .make =
        [](lua_State* L, Arguments& a) {
          QueueOptions o;
          o.ordering = Ordering::fifo;
          o.content_dedup = a.boolean("content_dedup", false);
          o.dedup_window = a.duration("dedup_window", o.dedup_window);
          return push_queue(L, a, std::move(o));
        },
}};

}  // namespace
}  // namespace syslab
