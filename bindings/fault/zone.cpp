#include "core/sim/fault/zone.hpp"

#include "bindings/fault/fault.hpp"

namespace syslab {
namespace {

const Component zone{{
    .name = "fault.zone",
    .summary = "A whole zone goes dark: every machine in it loses power. Healed, all start again.",
    .params = {string("zone", "the zone")},
    .returns = "Fault",
    .example = R"(
local w = lab.world{ seed = 1 }
w:service('db', { zone = 'eu' })
w:inject(lab.fault.zone('eu'))
return not w:find('db'):up())",
    .make = [](lua_State* L, Arguments& a) { return push_fault(L, make_zone({.zone = a.string("zone")})); },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
