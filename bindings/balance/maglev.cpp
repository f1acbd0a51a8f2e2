#include "core/balance/maglev.hpp"

#include "bindings/balance/picker.hpp"

namespace syslab {
namespace {

const Component maglev{{
    .name = "balance.maglev",
    .summary = "All requests for a key to one backend, by Maglev's look-up table: as even as can be, at the "
               "price of a "
               "few keys that move needlessly when a backend joins.",
    .params = {},
    .returns = "BalancePolicy",
    .cost = "about 5 ns a pick; 2 ms where a backend joins",
    .paper = "Eisenbud et al. 2016, Maglev: a fast and reliable software network load balancer",
    .example = R"(
local w = lab.world{ seed = 1 }
local app = w:fleet("app", 3, { time = 10*ms })
local lb = w:balancer("lb", app, { policy = lab.balance.maglev() })
local home = lb:call{ key = "alice" }.node
for i = 1, 10 do
  if lb:call{ key = "alice" }.node ~= home then return false end
end
return true)",
    .make = [](lua_State* L, Arguments&) { return push_policy(L, "maglev", make_maglev_picker); },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
