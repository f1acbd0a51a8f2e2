#include "core/sim/fault/bandwidth.hpp"

#include "bindings/fault/fault.hpp"

namespace syslab {
namespace {

const Component bandwidth{{
    .name = "fault.bandwidth",
    .summary = "The links carry only so many bytes a second; messages wait their turn. Of several limits the "
               "lowest holds.",
    .params = link_params({rate("rate", "bytes a second").above(0).optional("1 MB")}),
    .returns = "Fault",
    .example = R"(return lab.fault.bandwidth{ target = 'db', rate = 10*KB }:options().rate == 10000)",
    .make =
        [](lua_State* L, Arguments& a) {
          return push_fault(L, make_bandwidth({.links = link_options(a), .rate = a.number("rate", 1e6)}));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
