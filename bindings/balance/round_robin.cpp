#include "core/balance/round_robin.hpp"

#include "bindings/balance/picker.hpp"

namespace syslab {
namespace {

const Component round_robin{{
    .name = "balance.round_robin",
    .summary = "Each backend in turn, in proportion to its weight.",
    .params = {},
    .returns = "BalancePolicy",
    .cost = "O(backends) a pick",
    .example = R"(
local w = lab.world{ seed = 1 }
local app = w:fleet("app", 3, { time = 10*ms })
local lb = w:balancer("lb", app, { policy = lab.balance.round_robin() })
for i = 1, 30 do lb:call() end
return app[1]:state().served > 0)",
    .make = [](lua_State* L, Arguments&) { return push_policy(L, "round_robin", &make_round_robin); },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
