#include "core/resilience/breaker.hpp"

#include <algorithm>

#include "bindings/resilience/filter.hpp"

namespace syslab {
namespace {

const Component breaker{{
    .name = "resilience.breaker",
    .summary = "Circuit breaker: stops asking a service that fails, and tries it again after a while.",
    .params = {count("window", "results that are looked at").at_least(1).at_most(1e6).optional("100"),
               count("minimum_calls", "no rate is taken from fewer results").optional("100, at most window"),
               number("failure_rate", "share of failures that opens it").above(0).at_most(1).optional("0.5"),
               duration("slow", "an answer that takes this long is slow").optional("nothing is slow"),
               number("slow_rate", "share of slow answers that opens it").above(0).at_most(1).optional("1"),
               duration("open_time", "how long it refuses everything").optional("60 s"),
               count("trials", "requests that may try the service afterwards")
                   .at_least(1)
                   .at_most(1e6)
                   .optional("10"),
               duration("trial_time", "opens again where the trials have not all come back by then")
                   .above(0)
                   .optional("no limit")},
    .returns = "Filter",
    .cost = "O(1) a request, beside what it wraps",
    .paper = "Nygard 2007, Release It!; defaults of Resilience4j",
    .example = R"(
local w = lab.world{ seed = 1 }
local db = w:service("db", {})
local lb = w:balancer("lb", db, { filters = { lab.resilience.breaker{ window = 4, open_time = 10*s, trials = 1 } } })
w:inject(lab.fault.crash("db"))
for i = 1, 10 do lb:call() end
local open = lb:state().filters[1].state == "open" and lb:state().filters[1].refused == 6
w:inject(lab.fault.restart("db")); w:run(10*s)
return open and lb:call() ~= nil and lb:state().filters[1].state == "closed")",
    .make =
        [](lua_State* L, Arguments& a) {
          BreakerOptions o;
          o.window = static_cast<std::uint32_t>(a.count("window", o.window));
          o.minimum_calls = static_cast<std::uint32_t>(
              std::min<std::uint64_t>(a.count("minimum_calls", o.minimum_calls), o.window));
          o.failure_rate = a.number("failure_rate", o.failure_rate);
          o.slow = a.maybe_duration("slow");
          o.slow_rate = a.number("slow_rate", o.slow_rate);
          o.open_time = a.duration("open_time", o.open_time);
          o.trials = static_cast<std::uint32_t>(a.count("trials", o.trials));
          o.trial_time = a.maybe_duration("trial_time");
          return push_filter(L, "breaker", make_breaker(o));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
