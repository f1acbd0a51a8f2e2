#include "core/sim/fault/pause.hpp"

#include "bindings/fault/fault.hpp"

namespace syslab {
namespace {

const Component pause{{
    .name = "fault.pause",
    .summary =
        "Nothing runs on a node: messages, timers and disk completions wait, in order, until it resumes.",
    .params = {target_param()},
    .returns = "Fault",
    .example = R"(
local w = lab.world{ seed = 1 }
local db = w:service('db')
w:inject(lab.fault.pause('db'), 2)
local answer = db:call{ timeout = 10 }
return answer ~= nil and w:now() > 2)",
    .make = [](lua_State* L,
               Arguments& a) { return push_fault(L, make_pause({.target = target_option(a, "target")})); },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
