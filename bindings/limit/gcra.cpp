#include "core/limit/gcra.hpp"

#include <algorithm>

#include "bindings/limit/limiter.hpp"

namespace syslab {
namespace {

const Component gcra{{
    .name = "limit.gcra",
    .summary = "The token bucket with one timestamp: when would the next request come, if all came evenly? "
               "As a cell rate algorithm.",
    .params = {rate("rate", "requests a second").above(0).at_most(1e15),
               number("burst", "requests that may come at once")
                   .above(0)
                   .at_most(1e15)
                   .optional("one second of rate, at least 1"),
               max_keys_param()},
    .returns = "Limiter, or KeyedLimiter with max_keys",
    .cost = "O(1) a decision; 8 bytes a key where requests are whole nanoseconds apart, else 16",
    .paper = "ITU-T I.371, the generic cell rate algorithm",
    .example = R"(local gcra = lab.limit.gcra{ rate = 1, burst = 5 }
for _ = 1, 5 do gcra:admit(0) end
local admitted, retry_after, remaining = gcra:admit(3)
return admitted and remaining == 2)",
    .make =
        [](lua_State* L, Arguments& a) {
          GcraOptions options{.rate = a.number("rate")};
          options.burst = a.number("burst", std::max(1.0, options.rate));
          if (!Gcra::valid(options))
            a.reject("burst", "at this rate it would take over 70 years until so many may come again");
          return push_limiter(L, a, options, make_gcra, make_keyed_gcra);
        },
}};

}  // namespace
}  // namespace syslab
