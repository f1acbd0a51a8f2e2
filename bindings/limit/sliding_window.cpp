#include "core/limit/sliding_window.hpp"

#include "bindings/limit/limiter.hpp"

namespace syslab {
namespace {

const Component sliding_window{{
    .name = "limit.sliding_window",
    .summary = "Counts this window, and of the one before as much as the sliding window still covers: an "
               "estimate from two counters.",
    .params = {limit_param(), window_param(), max_keys_param()},
    .returns = "Limiter, or KeyedLimiter with max_keys",
    .cost = "O(1) a decision, 24 bytes a key",
    .paper = "Cloudflare 2017, How we built rate limiting capable of scaling to millions of domains",
    .example = R"(local window = lab.limit.sliding_window{ limit = 100, window = 60 }
for _ = 1, 84 do window:admit(30) end
local admitted, retry_after, remaining = window:peek(78)   -- 30 % into the next: 84 * 0.7 = 58.8 still count
return remaining == 100 - 58 - 1)",
    .make =
        [](lua_State* L, Arguments& a) {
          return push_limiter(L, a, window_options(a), make_sliding_window, make_keyed_sliding_window);
        },
}};

}  // namespace
}  // namespace syslab
