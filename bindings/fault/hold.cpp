#include "core/sim/fault/hold.hpp"

#include "bindings/fault/fault.hpp"

namespace syslab {
namespace {

const Component hold{{
    .name = "fault.hold",
    .summary = "Messages are kept at the far end of the links; nothing is lost, all arrive, in order, when "
               "it is healed.",
    .params = link_params({}),
    .returns = "Fault",
    .example = R"(
local w = lab.world{ seed = 1 }
local db = w:service('db')
w:inject(lab.fault.hold('db'), 2)
return db:call{ timeout = 10 } ~= nil and w:now() > 2)",
    .make = [](lua_State* L, Arguments& a) { return push_fault(L, make_hold({.links = link_options(a)})); },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
