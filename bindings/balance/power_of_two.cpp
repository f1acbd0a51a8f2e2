#include "core/balance/power_of_two.hpp"

#include "bindings/balance/picker.hpp"

namespace syslab {
namespace {

const Component power_of_two{{
    .name = "balance.power_of_two",
    .summary = "The less loaded of two backends chosen at random: nearly as good as the best of all, and "
               "free of herds.",
    .params = {count("choices", "how many are chosen at random").at_least(1).optional("2")},
    .returns = "BalancePolicy",
    .cost = "O(backends) a pick",
    .paper = "Mitzenmacher 2001, The Power of Two Choices in Randomized Load Balancing",
    .example = R"(
local w = lab.world{ seed = 1 }
local app = w:fleet("app", 3, { time = 10*ms })
local lb = w:balancer("lb", app, { policy = lab.balance.power_of_two() })
for i = 1, 30 do lb:call() end
return app[1]:state().served > 0)",
    .make =
        [](lua_State* L, Arguments& a) {
          PowerOfTwoOptions o;
          o.choices = a.count("choices", o.choices);
          return push_policy(L, "power_of_two", [o] { return make_power_of_two(o); });
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
