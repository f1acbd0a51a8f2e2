#include "core/sim/fault/heal_all.hpp"

#include "bindings/fault/fault.hpp"

namespace syslab {
namespace {

const Component heal_all{{
    .name = "fault.heal_all",
    .summary = "Takes back every active fault, random ones included.",
    .params = {},
    .returns = "Fault",
    .example = R"(
local w = lab.world{ seed = 1 }
w:service('db')
w:inject(lab.fault.pause('db'))
w:inject(lab.fault.heal_all())
return w:find('db'):state().state == 'up')",
    .make = [](lua_State* L, Arguments&) { return push_fault(L, make_heal_all()); },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
