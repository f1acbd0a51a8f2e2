#include "core/sim/fault/delay.hpp"

#include "bindings/fault/fault.hpp"

namespace syslab {
namespace {

const Component delay{{
    .name = "fault.delay",
    .summary = "Messages take longer. They stay in order; what overtakes is lab.fault.reorder.",
    .params = link_params(
        {duration("by", "how much longer").optional("100 ms"),
         duration("jitter", "give or take, uniformly").optional("0"),
         probability("probability", "how likely each message is hit").optional("1"),
         probability("correlation",
                     "how much a hit depends on the last message's: 0 not at all, near 1 in long bursts")
             .at_most(0.99)
             .optional("0")}),
    .returns = "Fault",
    .example = R"(
local w = lab.world{ seed = 1 }
local db = w:service('db')
w:inject(lab.fault.delay{ target = 'db', by = 200*ms })
db:call()
return w:now() > 0.4)",
    .make =
        [](lua_State* L, Arguments& a) {
          return push_fault(L, make_delay({.links = link_options(a),
                                           .by = a.duration("by", std::chrono::milliseconds(100)),
                                           .jitter = a.duration("jitter", Duration::zero()),
                                           .probability = a.number("probability", 1),
                                           .correlation = a.number("correlation", 0)}));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
