#include "core/limit/gradient2.hpp"

#include <algorithm>

#include "bindings/limit/limiter.hpp"

namespace syslab {
namespace {

const Component gradient2{{
    .name = "limit.gradient2",
    .summary = "A limit on what is inside that follows the slope of the latency: it shrinks when requests "
               "begin to queue.",
    .params = {count("initial", "the limit at first").at_least(1).at_most(1e9).optional("20"),
               count("min", "it never goes below").at_least(1).at_most(1e9).optional("1"),
               count("max", "it never goes above").at_least(1).at_most(1e9).optional("1000"),
               number("queue", "how many requests may queue").at_least(0).at_most(1e9).optional("4"),
               number("smoothing", "how far the limit moves towards a new estimate")
                   .above(0)
                   .at_most(1)
                   .optional("0.2"),
               number("tolerance", "a latency so many times the normal one is no sign of a queue yet")
                   .at_least(1)
                   .at_most(1e9)
                   .optional("1.5"),
               count("long_window", "requests that make up the normal latency")
                   .at_least(1)
                   .at_most(1e9)
                   .optional("600"),
               max_keys_param()},
    .returns = "ConcurrencyLimiter, or KeyedConcurrencyLimiter with max_keys",
    .cost = "O(1), 32 bytes a key",
    .paper = "Gradient2Limit of Netflix's concurrency-limits, 2018",
    .example = R"(local limit = lab.limit.gradient2{ initial = 10 }
for _ = 1, 5 do limit:acquire() end
limit:release(0.01)
return limit:limit() > 10)",
    .make =
        [](lua_State* L, Arguments& a) {
          Gradient2Options options;
          options.initial = static_cast<std::uint32_t>(a.count("initial", options.initial));
          options.min = static_cast<std::uint32_t>(a.count("min", std::min(options.min, options.initial)));
          options.max = static_cast<std::uint32_t>(a.count("max", std::max(options.max, options.initial)));
          if (options.initial < options.min) a.reject("min", "it is above 'initial'");
          if (options.initial > options.max) a.reject("max", "it is below 'initial'");
          options.queue = a.number("queue", options.queue);
          options.smoothing = a.number("smoothing", options.smoothing);
          options.tolerance = a.number("tolerance", options.tolerance);
          options.long_window = static_cast<std::uint32_t>(a.count("long_window", options.long_window));
          return push_limiter(L, a, options, make_gradient2, make_keyed_gradient2);
        },
}};

}  // namespace
}  // namespace syslab
