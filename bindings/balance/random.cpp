#include "core/balance/random.hpp"

#include "bindings/balance/picker.hpp"

namespace syslab {
namespace {

const Component random{{
    .name = "balance.random",
    .summary = "A backend at random, in proportion to its weight.",
    .params = {},
    .returns = "BalancePolicy",
    .cost = "O(backends) a pick",
    .example = R"(
local w = lab.world{ seed = 1 }
local app = w:fleet("app", 3, { time = 10*ms })
local lb = w:balancer("lb", app, { policy = lab.balance.random() })
for i = 1, 30 do lb:call() end
return app[1]:state().served > 0)",
    .make = [](lua_State* L, Arguments&) { return push_policy(L, "random", &make_random); },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
