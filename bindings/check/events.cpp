#include "core/check/events.hpp"

#include "bindings/host/convert.hpp"
#include "bindings/host/object.hpp"

namespace syslab {
namespace {

const Component events{{
    .name = "check.events",
    .summary =
        "Judges a history of events: was each one that was published applied by each consumer, exactly once, "
        "and those of a stream in order?",
    .params = {object("history", "History",
                      "as lab.event.store, projection and outbox record it, or made by hand"),
               list("consumers", "names of those that must apply everything")
                   .optional("those that applied something"),
               list("publishers", "streams, categories or publishers whose events count").optional("all"),
               boolean("complete",
                       "all who publish are in the history, so that what nobody published is a mistake")
                   .optional("true"),
               boolean("settled", "all had the time they need, so that a loss is one").optional("true")},
    .returns = "{ verdict = 'ok' | 'violated', rule =, message =, id =, published =, applied = }",
    .cost = "O(n log n)",
    .example = R"(
local h = lab.history{ events = {
  { process = 1, type = "invoke", f = "publish", key = "s", value = { ids = { "e1" } }, time = 1 },
  { process = 1, type = "ok", f = "publish", key = "s", time = 1 },
  { process = 2, type = "invoke", f = "apply", key = "view", value = { id = "e1" }, time = 2 },
  { process = 2, type = "ok", f = "apply", key = "view", time = 2 },
  { process = 2, type = "invoke", f = "apply", key = "view", value = { id = "e1" }, time = 3 },
  { process = 2, type = "ok", f = "apply", key = "view", time = 3 } } }
return lab.check.events(h).rule == "twice")",
    .make =
        [](lua_State* L, Arguments& a) {
          EventRules rules;
          if (a.has("consumers")) rules.consumers = a.strings("consumers");
          if (a.has("publishers")) rules.publishers = a.strings("publishers");
          rules.complete = a.boolean("complete", true);
          rules.settled = a.boolean("settled", true);
          const EventsVerdict v = check_events(*a.object<History>("history"), rules);
          push_value(L, Value::map({{"verdict", to_string(v.outcome)},
                                    {"rule", v.rule.empty() ? Value() : Value(v.rule)},
                                    {"message", v.message},
                                    {"id", v.id.empty() ? Value() : Value(v.id)},
                                    {"published", static_cast<double>(v.published)},
                                    {"applied", static_cast<double>(v.applied)}}));
          return 1;
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
