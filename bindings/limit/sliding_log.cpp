#include "core/limit/sliding_log.hpp"

#include "bindings/limit/limiter.hpp"

namespace syslab {
namespace {

const Component sliding_log{{
    .name = "limit.sliding_log",
    .summary =
        "Keeps the time of each request of the last window: exact, never more than the limit in any window.",
    .params = {limit_param().at_most(1e6), window_param(), max_keys_param()},
    .returns = "Limiter, or KeyedLimiter with max_keys",
    .cost = "O(1) amortised; 40 bytes a key and 16 to 32 bytes a request in the window",
    .example = R"(local log = lab.limit.sliding_log{ limit = 2, window = 1 }
log:admit(0); log:admit(0.9)
local admitted, retry_after = log:admit(0.95)
return not admitted and retry_after == 0.05 and log:admit(1) and not log:admit(1))",
    .make =
        [](lua_State* L, Arguments& a) {
          return push_limiter(L, a, window_options(a), make_sliding_log, make_keyed_sliding_log);
        },
}};

}  // namespace
}  // namespace syslab
