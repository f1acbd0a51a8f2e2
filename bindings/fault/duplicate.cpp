#include "core/sim/fault/duplicate.hpp"

#include "bindings/fault/fault.hpp"

namespace syslab {
namespace {

const Component duplicate{{
    .name = "fault.duplicate",
    .summary = "Messages arrive twice with a probability. Both copies have the same id.",
    .params = link_params(
        {probability("probability", "how likely each message is hit").optional("0.1"),
         probability("correlation",
                     "how much a hit depends on the last message's: 0 not at all, near 1 in long bursts")
             .at_most(0.99)
             .optional("0")}),
    .returns = "Fault",
    .example =
        R"(return lab.fault.duplicate{ target = 'db', probability = 0.5 }:options().probability == 0.5)",
    .make =
        [](lua_State* L, Arguments& a) {
          return push_fault(L, make_duplicate({.links = link_options(a),
                                               .probability = a.number("probability", 0.1),
                                               .correlation = a.number("correlation", 0)}));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
