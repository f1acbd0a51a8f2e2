#include "core/event/projection.hpp"

#include "bindings/event/script_function.hpp"
#include "bindings/resilience/filter.hpp"

namespace syslab {
namespace {

const Component projection{{
    .name = "event.projection",
    .summary =
        "A read model behind a service: it follows an event store, keeps rows that a function makes of the "
        "events, and answers get, query, status and rebuild. It lags, and it can be built again.",
    .params =
        {string("store", "the name of the event store's node"),
         function("apply",
                  "(event, rows) -> { [KEY] = VALUE }: the rows that change, false for one that goes; "
                  "rows:get(KEY) is a row as it stands"),
         string("name", "who it is in a history").optional("'projection'"),
         string("category", "only events of streams whose names begin so, with a '-'").optional("all"),
         choice("checkpoint", {"together", "after", "before"},
                "when its position is kept: with the rows (each event once), after them (at least once), or "
                "before "
                "(at most once)")
             .optional("'together'"),
         count("checkpoint_every", "events, where checkpoints come after").at_least(1).optional("1"),
         count("batch", "events it reads at a time").at_least(1).optional("100"),
         duration("time", "that an event takes").optional("none"),
         duration("wait", "how long a read of the store waits for something new").above(0).optional("5 s"),
         duration("retry", "the pause after a failure").above(0).optional("1 s"),
         choice("on_error", {"stop", "skip"}, "what an event does that `apply` fails for").optional("'stop'"),
         object("history", "History", "events that took effect are recorded there, for lab.check.events")
             .optional("none")},
    .returns = "Filter",
    .cost = "a read of the store, a write and a sync a batch",
    .paper = "Young, CQRS Documents, 2010",
    .example = R"(
local w = lab.world{ seed = 1 }
local es = w:service("es", { slots = 8, filters = { lab.event.store() } })
local view = w:service("view", { filters = { lab.event.projection{ store = "es", apply = function(event, rows)
  return { [event.stream] = (rows:get(event.stream) or 0) + event.data.amount }
end } } })
local function pay(stream, n)
  return es:call{ type = "append", stream = stream, events = { { type = "Paid", data = { amount = n } } } }
end
pay("ann", 5); pay("bob", 3)
local at = pay("ann", 2).position
local ann = view:call{ type = "get", key = "ann", at_least = at }
w:inject(lab.fault.crash("view")); w:inject(lab.fault.restart("view")); w:run(1*s)
view:call{ type = "rebuild" }; w:run(1*s)
return ann == 7 and view:call{ type = "get", key = "ann" } == 7 and #view:call{ type = "query" } == 2)",
    .make =
        [](lua_State* L, Arguments& a) {
          ProjectionOptions o;
          o.name = a.string("name", o.name);
          o.store = a.string("store");
          o.category = a.string("category", "");
          o.apply = function_option<ApplyEvent>(L, a, "apply");
          const std::string checkpoint = a.string("checkpoint", "together");
          o.checkpoint = checkpoint == "after"    ? ProjectionOptions::Checkpoint::after
                         : checkpoint == "before" ? ProjectionOptions::Checkpoint::before
                                                  : ProjectionOptions::Checkpoint::together;
          o.checkpoint_every = a.count("checkpoint_every", o.checkpoint_every);
          o.batch = a.count("batch", o.batch);
          o.time = a.duration("time", o.time);
          o.wait = a.duration("wait", o.wait);
          o.retry = a.duration("retry", o.retry);
          o.skip_errors = a.string("on_error", "stop") == "skip";
          o.history = a.object<History>("history");
          return push_filter(L, "projection", make_projection(std::move(o)));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
