#include "core/sim/fault/slow.hpp"

#include "bindings/fault/fault.hpp"

namespace syslab {
namespace {

const Component slow{{
    .name = "fault.slow",
    .summary =
        "A node works slower: service times, handling times and its disk. What is under way keeps its pace.",
    .params = {target_param(),
               number("factor", "how many times longer everything takes").above(0).optional("10")},
    .returns = "Fault",
    .example = R"(
local w = lab.world{ seed = 1 }
local db = w:service('db', { time = 10*ms })
w:inject(lab.fault.slow{ target = 'db', factor = 20 })
db:call()
return w:now() > 0.2)",
    .make =
        [](lua_State* L, Arguments& a) {
          return push_fault(
              L, make_slow({.target = target_option(a, "target"), .factor = a.number("factor", 10)}));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
