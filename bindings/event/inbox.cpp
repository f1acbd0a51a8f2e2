#include "core/event/inbox.hpp"

#include "bindings/resilience/filter.hpp"

namespace syslab {
namespace {

const Component inbox{{
    .name = "event.inbox",
    .summary = "Makes a service answer each request once: a request with an id that was answered before gets "
               "the same "
               "answer, and the service is not asked again.",
    .params =
        {string("field", "where a request has its id").optional("'id'"),
         duration("window", "for how long an id is remembered").above(0).optional("5 min"),
         count("max", "ids it remembers; the oldest go first").at_least(1).optional("1000000"),
         choice(
             "remember", {"after", "before"},
             "when: after the answer (a crash in between lets it in twice) or before (then it may be lost)")
             .optional("'after'"),
         boolean("durable", "what it remembers survives a crash").optional("true")},
    .returns = "Filter",
    .cost = "O(log n), and a write and a sync a group of requests",
    .paper = "Hohpe & Woolf, Enterprise Integration Patterns, 2003: Idempotent Receiver",
    .example = R"(
local w = lab.world{ seed = 1 }
local count = 0
local till = w:service("till", { time = 10*ms, filters = { lab.event.inbox{ window = 60 } },
  handler = function() count = count + 1; return count end })
local a = till:call{ type = "pay", id = "p1" }
local b = till:call{ type = "pay", id = "p1" }
w:inject(lab.fault.crash("till")); w:inject(lab.fault.restart("till")); w:run(1*s)
local c = till:call{ type = "pay", id = "p1" }
w:run(60*s)
return a == 1 and b == 1 and c == 1 and till:call{ type = "pay", id = "p1" } == 2)",
    .make =
        [](lua_State* L, Arguments& a) {
          InboxOptions o;
          o.field = a.string("field", o.field);
          o.window = a.duration("window", o.window);
          o.max = a.count("max", o.max);
          if (a.string("remember", "after") == "before") o.remember = InboxOptions::Remember::before;
          o.durable = a.boolean("durable", o.durable);
          return push_filter(L, "inbox", make_inbox(std::move(o)));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
