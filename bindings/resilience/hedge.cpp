#include "core/resilience/hedge.hpp"

#include "bindings/resilience/filter.hpp"

namespace syslab {
namespace {

const Component hedge{{
    .name = "resilience.hedge",
    .summary = "Asks a second time where the first answer is slow, and takes whichever comes first. For "
               "idempotent requests.",
    .params =
        {duration("after", "how long before each further attempt, such as the 95th percentile").above(0),
         count("attempts", "attempts in all").at_least(2).at_most(1000).optional("2")},
    .returns = "Filter",
    .cost = "O(1) a request, beside what it wraps",
    .paper = "Dean & Barroso 2013, The tail at scale",
    .example = R"(
local w = lab.world{ seed = 1 }
local slow = w:service("slow", { time = 500*ms })
local fast = w:service("fast", { time = 5*ms })
local lb = w:balancer("lb", { slow, fast }, { filters = { lab.resilience.hedge{ after = 20*ms } } })
lb:call()
return w:now() < 100*ms and lb:state().filters[1].won == 1)",
    .make =
        [](lua_State* L, Arguments& a) {
          HedgeOptions o;
          o.after = a.duration("after");
          o.attempts = static_cast<std::uint32_t>(a.count("attempts", o.attempts));
          return push_filter(L, "hedge", make_hedge(o));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
