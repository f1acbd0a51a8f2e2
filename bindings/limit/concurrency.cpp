#include "core/limit/concurrency.hpp"

#include "bindings/limit/limiter.hpp"

namespace syslab {
namespace {

const Component concurrency{{
    .name = "limit.concurrency",
    .summary = "At most so many requests inside at once, and a burst more that are held back.",
    .params = {count("limit", "requests inside at once").at_least(1).at_most(1e9),
               count("burst", "more that are admitted, after a delay").at_most(1e9).optional("0"),
               duration("unit_delay",
                        "how long those are held back: the typical latency; learned from release")
                   .optional("0 s"),
               max_keys_param()},
    .returns = "ConcurrencyLimiter, or KeyedConcurrencyLimiter with max_keys",
    .cost = "O(1), 4 bytes a key",
    .paper = "resty.limit.conn of OpenResty",
    .example = R"(local limit = lab.limit.concurrency{ limit = 1, burst = 1, unit_delay = 0.1 }
limit:acquire()
local admitted, delay = limit:acquire()
return admitted and delay == 0.1 and not limit:acquire() and limit:release() == nil and limit:acquire())",
    .make =
        [](lua_State* L, Arguments& a) {
          const ConcurrencyOptions options{static_cast<std::uint32_t>(a.count("limit")),
                                           static_cast<std::uint32_t>(a.count("burst", 0)),
                                           a.duration("unit_delay", Duration::zero())};
          return push_limiter(L, a, options, make_concurrency, make_keyed_concurrency);
        },
}};

}  // namespace
}  // namespace syslab
