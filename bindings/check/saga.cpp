#include "core/check/saga.hpp"

#include "bindings/host/convert.hpp"
#include "bindings/host/object.hpp"

namespace syslab {
namespace {

const Component saga{{
    .name = "check.saga",
    .summary = "Judges a history of sagas by what the services did: each one done as a whole, or taken back "
               "as a whole, "
               "in the reverse order, and nothing twice.",
    .params = {object("history", "History",
                      "as lab.event.saga and lab.event.outbox record it, or made by hand"),
               list("steps", "{ { action = TYPE, compensation = TYPE } }, in their order"),
               boolean("ended", "all had the time they need, so that one without an end is a mistake")
                   .optional("true")},
    .returns = "{ verdict = 'ok' | 'violated', rule =, message =, saga =, done =, compensated = }",
    .cost = "O(n log n)",
    .paper = "Garcia-Molina & Salem, Sagas, SIGMOD 1987",
    .example = R"(
local h = lab.history{ events = {
  { process = 1, type = "invoke", f = "effect", key = "7", value = { type = "reserve" }, time = 1 },
  { process = 1, type = "ok", f = "effect", key = "7", time = 1 } } }
local steps = { { action = "reserve", compensation = "release" }, { action = "pay" } }
return lab.check.saga(h, steps).rule == "half_done")",
    .make =
        [](lua_State* L, Arguments& a) {
          SagaRules rules;
          const Value steps = to_value(L, a.index_of("steps"));
          for (const Value& step : steps.list()) {
            if (!step["action"].is_string() ||
                (!step["compensation"].is_nil() && !step["compensation"].is_string())) {
              a.reject("steps", "a step is { action = TYPE, compensation = TYPE }");
            }
            rules.steps.push_back(
                {std::string(step["action"].string()),
                 step["compensation"].is_nil() ? "" : std::string(step["compensation"].string())});
          }
          if (rules.steps.empty()) a.reject("steps", "a saga has at least one step");
          rules.ended = a.boolean("ended", true);
          const SagaVerdict v = check_saga(*a.object<History>("history"), rules);
          push_value(L, Value::map({{"verdict", to_string(v.outcome)},
                                    {"rule", v.rule.empty() ? Value() : Value(v.rule)},
                                    {"message", v.message},
                                    {"saga", v.saga.empty() ? Value() : Value(v.saga)},
                                    {"done", static_cast<double>(v.done)},
                                    {"compensated", static_cast<double>(v.compensated)}}));
          return 1;
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
