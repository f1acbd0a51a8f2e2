#include "core/limit/leaky_bucket.hpp"

#include <algorithm>

#include "bindings/limit/limiter.hpp"

namespace syslab {
namespace {

const Component leaky_bucket{{
    .name = "limit.leaky_bucket",
    .summary = "Requests fill a bucket that leaks at a rate; what would overflow is refused. As a queue, "
               "what fits waits its turn.",
    .params = {rate("rate", "leaks so much a second").above(0).at_most(1e15),
               number("burst", "holds so much; in the form 'openresty' so many may wait")
                   .at_least(0)
                   .at_most(1e15)
                   .optional("one second of rate, at least 1"),
               choice("form", {"meter", "queue", "openresty"},
                      "'queue' delays what it admits so that it leaves evenly; 'openresty' decides as "
                      "lua-resty-limit-traffic does, backwards clocks included")
                   .optional("meter"),
               max_keys_param()},
    .returns = "Limiter, or KeyedLimiter with max_keys",
    .cost = "O(1) a decision, 16 bytes a bucket",
    .paper = "Turner 1986, New directions in communications",
    .example = R"(local bucket = lab.limit.leaky_bucket{ rate = 10, burst = 2, form = "queue" }
bucket:admit(0)
local admitted, retry_after, remaining, delay = bucket:admit(0)
return admitted and delay == 0.1 and remaining == 0)",
    .make =
        [](lua_State* L, Arguments& a) {
          using Form = LeakyBucketOptions::Form;
          LeakyBucketOptions options{.rate = a.number("rate")};
          options.burst = a.number("burst", std::max(1.0, options.rate));
          const std::string form = a.string("form", "meter");
          options.form = form == "queue" ? Form::queue : form == "openresty" ? Form::openresty : Form::meter;
          const bool openresty = options.form == Form::openresty;
          if (!openresty && options.burst == 0) a.reject("burst", "expected a number above 0, got 0");
          if (openresty ? !OpenrestyBucket::valid(options) : !LeakyBucket::valid(options))
            a.reject("burst", "at this rate a full bucket would take over 70 years to leak");
          return push_limiter(L, a, options, make_leaky_bucket, make_keyed_leaky_bucket);
        },
}};

}  // namespace
}  // namespace syslab
