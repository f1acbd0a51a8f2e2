#include "core/sim/fault/stop.hpp"

#include "bindings/fault/fault.hpp"

namespace syslab {
namespace {

const Component stop{{
    .name = "fault.stop",
    .summary =
        "An orderly stop: a service refuses new requests and finishes those it serves. Healed by a start.",
    .params = {target_param()},
    .returns = "Fault",
    .example = R"(
local w = lab.world{ seed = 1 }
w:service('db')
w:inject(lab.fault.stop('db'))
w:run(1)
return not w:find('db'):up())",
    .make = [](lua_State* L,
               Arguments& a) { return push_fault(L, make_stop({.target = target_option(a, "target")})); },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
