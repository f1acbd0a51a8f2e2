#include "core/queue/consumer.hpp"

#include "bindings/resilience/filter.hpp"

namespace syslab {
namespace {

const Component consumer{{
    .name = "queue.consumer",
    .summary =
        "Fetches messages (or jobs) from a broker and has the service inside work on them; deletes a message "
        "when that has answered. A crash in mid-work leaves it to the visibility timeout.",
    .params =
        {string("from", "the broker's name"),
         string("queue", "of the broker; either this or jobs").optional("none"),
         string("jobs", "a job queue of the broker").optional("none"),
         count("concurrency", "how many it works on at once").at_least(1).at_most(1e6).optional("1"),
         count("batch", "messages it asks for at once, at most").at_least(1).optional("10"),
         duration("wait", "how long a receive waits for a message").optional("20 s"),
         duration("visibility", "how long what it receives is hidden").optional("the queue's"),
         boolean("extend", "hides a message again while the service works on it").optional("false"),
         duration("retry", "after an error the message comes back after that").optional("at its timeout"),
         duration("pause", "after a receive that failed").above(0).optional("1 s")},
    .returns = "Filter",
    .cost = "one timer and two calls a message",
    .example = R"(
local w = lab.world{ seed = 1 }
local mq = w:service("mq", { filters = { lab.queue.broker{ queues = { jobs = lab.queue.standard() } } } })
local workers = w:fleet("worker", 2, { time = 1*s, filters = { lab.queue.consumer{ from = "mq", queue = "jobs" } } })
for i = 1, 4 do mq:call{ type = "send", queue = "jobs", body = "job " .. i } end
w:run(3*s)
return mq:call{ type = "attributes", queue = "jobs" }.deleted == 4 and workers[1]:state().filters[1].done == 2)",
    .make =
        [](lua_State* L, Arguments& a) {
          ConsumerOptions o;
          o.from = a.string("from");
          o.queue = a.string("queue", "");
          o.jobs = a.string("jobs", "");
          if (o.queue.empty() == o.jobs.empty()) a.reject("queue", "it consumes either a queue or jobs");
          o.concurrency = a.count("concurrency", o.concurrency);
          o.batch = a.count("batch", o.batch);
          o.wait = a.duration("wait", o.wait);
          o.visibility = a.maybe_duration("visibility");
          o.extend = a.boolean("extend", false);
          if (o.extend && (!o.visibility || *o.visibility <= Duration::zero()))
            a.reject("extend", "it needs a visibility above 0");
          o.retry = a.maybe_duration("retry");
          o.pause = a.duration("pause", o.pause);
          return push_filter(L, "consumer", make_consumer(std::move(o)));
        },
}};

}  // namespace
}  // namespace syslab
