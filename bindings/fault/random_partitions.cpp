#include "core/sim/fault/random_partitions.hpp"

#include "bindings/fault/fault.hpp"

namespace syslab {
namespace {

const Component random_partitions{{
    .name = "fault.random_partitions",
    .summary = "One partition after the other, each of a random shape: one node, a minority, a majority, a "
               "ring or a bridge.",
    .params = {target_param("of", "the nodes to cut apart").optional("all protocol nodes, else all services"),
               duration("every", "mean time from one partition to the next").above(0).optional("10 s"),
               duration("lasting", "mean length").above(0).optional("half of every"),
               duration("span", "for how long").optional("until healed")},
    .returns = "Fault",
    .example = R"(
local w = lab.world{ seed = 1 }
w:fleet("app", 5)
w:inject(lab.fault.random_partitions{ every = 2*s, span = 20*s })
w:run(30*s)
return #w:faults() > 3)",
    .make =
        [](lua_State* L, Arguments& a) {
          RandomPartitionsOptions o;
          o.of = target_option(a, "of");
          o.every = a.duration("every", o.every);
          o.lasting = a.maybe_duration("lasting");
          o.span = a.maybe_duration("span");
          return push_fault(L, make_random_partitions(std::move(o)));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
