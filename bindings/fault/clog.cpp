#include "core/sim/fault/clog.hpp"

#include "bindings/fault/fault.hpp"

namespace syslab {
namespace {

const Component clog{{
    .name = "fault.clog",
    .summary = "Messages are kept in the sender's queue; when it is healed they leave one after the other "
               "and still take their latency.",
    .params = link_params({}),
    .returns = "Fault",
    .example = R"(
local w = lab.world{ seed = 1 }
local db = w:service('db')
w:inject(lab.fault.clog('db'), 2)
return db:call{ timeout = 10 } ~= nil and w:now() > 2)",
    .make = [](lua_State* L, Arguments& a) { return push_fault(L, make_clog({.links = link_options(a)})); },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
