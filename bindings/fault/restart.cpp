#include "core/sim/fault/restart.hpp"

#include "bindings/fault/fault.hpp"

namespace syslab {
namespace {

const Component restart{{
    .name = "fault.restart",
    .summary = "Starts a process that is down, on its disk or on a new one; one that runs is killed first.",
    .params = {target_param(), boolean("wipe_disk", "start on an empty disk").optional("false")},
    .returns = "Fault",
    .example = R"(
local w = lab.world{ seed = 1 }
w:service('db')
w:inject(lab.fault.crash('db'))
w:inject(lab.fault.restart('db'))
return w:find('db'):up())",
    .make =
        [](lua_State* L, Arguments& a) {
          return push_fault(L, make_restart({.target = target_option(a, "target"),
                                             .wipe_disk = a.boolean("wipe_disk", false)}));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
