#include "core/sim/fault/reorder.hpp"

#include "bindings/fault/fault.hpp"

namespace syslab {
namespace {

const Component reorder{{
    .name = "fault.reorder",
    .summary = "Messages are delayed with a probability, and those behind them may overtake.",
    .params = link_params(
        {duration("by", "how much later").optional("1 ms"),
         probability("probability", "how likely each message is hit").optional("0.1"),
         probability("correlation",
                     "how much a hit depends on the last message's: 0 not at all, near 1 in long bursts")
             .at_most(0.99)
             .optional("0")}),
    .returns = "Fault",
    .example = R"(return lab.fault.reorder{ target = 'db', by = 5*ms }:options().by == 0.005)",
    .make =
        [](lua_State* L, Arguments& a) {
          return push_fault(L, make_reorder({.links = link_options(a),
                                             .by = a.duration("by", std::chrono::milliseconds(1)),
                                             .probability = a.number("probability", 0.1),
                                             .correlation = a.number("correlation", 0)}));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
