#include "core/sim/fault/drop.hpp"

#include "bindings/fault/fault.hpp"

namespace syslab {
namespace {

const Component drop{{
    .name = "fault.drop",
    .summary = "Messages of one type are lost: all votes, every tenth append.",
    .params = link_params(
        {string("type", "the message type").optional("every type"),
         probability("probability", "how likely each message is hit").optional("1"),
         probability("correlation",
                     "how much a hit depends on the last message's: 0 not at all, near 1 in long bursts")
             .at_most(0.99)
             .optional("0")}),
    .returns = "Fault",
    .example = R"(
local w = lab.world{ seed = 1 }
local db = w:service('db')
w:inject(lab.fault.drop{ target = 'db', type = 'write' })
return db:call{ type = 'read' } ~= nil and db:call{ type = 'write' } == nil)",
    .make =
        [](lua_State* L, Arguments& a) {
          return push_fault(L, make_drop({.links = link_options(a),
                                          .type = a.string("type", ""),
                                          .probability = a.number("probability", 1),
                                          .correlation = a.number("correlation", 0)}));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
