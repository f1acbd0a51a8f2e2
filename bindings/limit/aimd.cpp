#include "core/limit/aimd.hpp"

#include <algorithm>

#include "bindings/limit/limiter.hpp"

namespace syslab {
namespace {

const Component aimd{{
    .name = "limit.aimd",
    .summary = "A limit on what is inside that grows by one while all goes well and shrinks by a factor when "
               "requests are dropped or late.",
    .params = {count("initial", "the limit at first").at_least(1).at_most(1e9).optional("20"),
               count("min", "it never goes below").at_least(1).at_most(1e9).optional("1"),
               count("max", "it never goes above").at_least(1).at_most(1e9).optional("1000"),
               number("backoff", "shrinks to this share").above(0).at_most(0.999).optional("0.9"),
               duration("timeout", "a latency above it counts as dropped").above(0).optional("5 s"),
               max_keys_param()},
    .returns = "ConcurrencyLimiter, or KeyedConcurrencyLimiter with max_keys",
    .cost = "O(1), 8 bytes a key",
    .paper = "Chiu & Jain 1989; AIMDLimit of Netflix's concurrency-limits",
    .example = R"(local limit = lab.limit.aimd{ initial = 10, backoff = 0.5 }
limit:acquire(); limit:release(0.01, "dropped")
return limit:limit() == 5)",
    .make =
        [](lua_State* L, Arguments& a) {
          AimdOptions options;
          options.initial = static_cast<std::uint32_t>(a.count("initial", options.initial));
          options.min = static_cast<std::uint32_t>(a.count("min", std::min(options.min, options.initial)));
          options.max = static_cast<std::uint32_t>(a.count("max", std::max(options.max, options.initial)));
          if (options.initial < options.min) a.reject("min", "it is above 'initial'");
          if (options.initial > options.max) a.reject("max", "it is below 'initial'");
          options.backoff = a.number("backoff", options.backoff);
          options.timeout = a.duration("timeout", options.timeout);
          return push_limiter(L, a, options, make_aimd, make_keyed_aimd);
        },
}};

}  // namespace
}  // namespace syslab
