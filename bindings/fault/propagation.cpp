#include "core/sim/fault/propagation.hpp"

#include "bindings/fault/fault.hpp"

namespace syslab {
namespace {

const Component propagation{{
    .name = "fault.propagation",
    .summary = "Changes of a topic's filters take effect late.",
    .params = {target_param("target", "the topics"),
               duration("delay", "from a change to its effect").optional("15 min")},
    .returns = "Fault",
    .paper = "Amazon SNS developer guide, subscription filter policies: up to 15 minutes",
    .example = R"(
local w = lab.world{ seed = 1 }
local seen = 0
w:service("shop", { handler = function() seen = seen + 1; return true end })
local topic = w:service("topic", { filters = { lab.topic.fanout{ subscriptions = { { name = "s", to = "shop" } } } } })
w:inject(lab.fault.propagation{ target = "topic", delay = 60 }, 10)
topic:call{ type = "set_filter", name = "s", filter = { kind = { "car" } } }
topic:call{ type = "publish", body = "x" }
w:run(61); topic:call{ type = "publish", body = "x" }; w:run(1)
return seen == 1)",
    .make =
        [](lua_State* L, Arguments& a) {
          PropagationOptions o{.target = target_option(a, "target")};
          o.delay = a.duration("delay", o.delay);
          return push_fault(L, make_propagation(std::move(o)));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
