#include "core/balance/least_connections.hpp"

#include "bindings/balance/picker.hpp"

namespace syslab {
namespace {

const Component least_connections{{
    .name = "balance.least_connections",
    .summary = "The backend with the fewest outstanding requests for its weight. One that fails fast looks "
               "idle, and so draws all traffic: use health checks.",
    .params = {},
    .returns = "BalancePolicy",
    .cost = "O(backends) a pick",
    .example = R"(
local w = lab.world{ seed = 1 }
local app = w:fleet("app", 3, { time = 10*ms })
local lb = w:balancer("lb", app, { policy = lab.balance.least_connections() })
for i = 1, 30 do lb:call() end
return app[1]:state().served > 0)",
    .make = [](lua_State* L,
               Arguments&) { return push_policy(L, "least_connections", &make_least_connections); },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
