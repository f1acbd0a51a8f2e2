#include "core/resilience/retry.hpp"

#include "bindings/resilience/filter.hpp"

namespace syslab {
namespace {

const Component retry{{
    .name = "resilience.retry",
    .summary =
        "Asks again after a failure that may pass, with growing waits; a budget bounds the extra load.",
    .params =
        {count("attempts", "attempts in all, the first one included").at_least(1).at_most(1e6).optional("3"),
         duration("base", "the first wait").optional("100 ms"),
         duration("max", "the longest wait").optional("10 s"),
         choice("jitter", {"none", "full", "equal", "decorrelated"},
                "how the waits vary, so that those who failed together do not come back together")
             .optional("full"),
         boolean("idempotent", "also retry where the request may have been executed, such as after a timeout")
             .optional("false"),
         number("budget", "retries for each request in the long run")
             .at_least(0)
             .at_most(1000)
             .optional("no bound"),
         count("reserve", "with a budget: retries that may be made before any were earned")
             .at_most(1e6)
             .optional("10"),
         duration("within", "no retry starts later than this after the request").optional("no limit")},
    .returns = "Filter",
    .cost = "O(1) a request, beside what it wraps",
    .paper = "Bronson et al. 2021, Metastable failures in distributed systems",
    .example = R"(
local w = lab.world{ seed = 1 }
local db = w:service("db", { time = 5*ms })
local lb = w:balancer("lb", db, { filters = { lab.resilience.retry{ attempts = 5, base = 100*ms, jitter = "none" } } })
w:inject(lab.fault.crash("db")); w:at(250*ms, lab.fault.restart("db"))
return lb:call{ timeout = 5*s } ~= nil and lb:state().filters[1].retries == 2)",
    .make =
        [](lua_State* L, Arguments& a) {
          RetryOptions o;
          o.attempts = static_cast<std::uint32_t>(a.count("attempts", o.attempts));
          o.base = a.duration("base", o.base);
          o.max = a.duration("max", o.max);
          using Jitter = RetryOptions::Jitter;
          const std::string jitter = a.string("jitter", "full");
          o.jitter = jitter == "none"    ? Jitter::none
                     : jitter == "equal" ? Jitter::equal
                     : jitter == "full"  ? Jitter::full
                                         : Jitter::decorrelated;
          o.idempotent = a.boolean("idempotent", o.idempotent);
          if (a.has("budget")) o.budget = a.number("budget");
          o.reserve = static_cast<std::uint32_t>(a.count("reserve", o.reserve));
          o.within = a.maybe_duration("within");
          return push_filter(L, "retry", make_retry(o));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
