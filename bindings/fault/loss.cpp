#include "core/sim/fault/loss.hpp"

#include "bindings/fault/fault.hpp"

namespace syslab {
namespace {

const Component loss{{
    .name = "fault.loss",
    .summary = "Messages are lost with a probability, in bursts where they are correlated.",
    .params = link_params(
        {probability("probability", "how likely each message is hit").optional("0.1"),
         probability("correlation",
                     "how much a hit depends on the last message's: 0 not at all, near 1 in long bursts")
             .at_most(0.99)
             .optional("0")}),
    .returns = "Fault",
    .example = R"(
local w = lab.world{ seed = 1 }
local db = w:service('db')
w:inject(lab.fault.loss{ target = 'db', probability = 1 })
local answer, err = db:call()
return answer == nil and err.code == 'timeout')",
    .make =
        [](lua_State* L, Arguments& a) {
          return push_fault(L, make_loss({.links = link_options(a),
                                          .probability = a.number("probability", 0.1),
                                          .correlation = a.number("correlation", 0)}));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
