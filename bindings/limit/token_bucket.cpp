#include "core/limit/token_bucket.hpp"

#include <algorithm>

#include "bindings/limit/limiter.hpp"

namespace syslab {
namespace {

const Component token_bucket{{
    .name = "limit.token_bucket",
    .summary = "Tokens drip in at a rate up to a burst; a request takes its cost in tokens, or is refused.",
    .params = {rate("rate", "tokens a second").above(0).at_most(1e15),
               number("burst", "tokens it holds; it starts full")
                   .above(0)
                   .at_most(1e15)
                   .optional("one second of rate, at least 1"),
               max_keys_param()},
    .returns = "Limiter, or KeyedLimiter with max_keys",
    .cost = "O(1) a decision, 16 bytes a bucket; exact to the nanosecond",
    .paper = "Turner 1986, New directions in communications",
    .example = R"(local bucket = lab.limit.token_bucket{ rate = 10, burst = 2 }
bucket:admit(0); bucket:admit(0)
local admitted, retry_after = bucket:admit(0)
return not admitted and retry_after == 0.1 and bucket:admit(0.1))",
    .make =
        [](lua_State* L, Arguments& a) {
          TokenBucketOptions options{.rate = a.number("rate")};
          options.burst = a.number("burst", std::max(1.0, options.rate));
          if (!TokenBucket::valid(options))
            a.reject("burst", "at this rate an empty bucket would take over 70 years to fill");
          return push_limiter(L, a, options, make_token_bucket, make_keyed_token_bucket);
        },
}};

}  // namespace
}  // namespace syslab
