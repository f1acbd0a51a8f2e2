#include "core/limit/filter.hpp"

#include "bindings/resilience/filter.hpp"

namespace syslab {
namespace {

const Component filter{{
    .name = "limit.filter",
    .summary = "Refuses the requests that a limiter does not admit, with the error 'rate_limited'. Each "
               "process has a fresh "
               "limiter like the one given.",
    .params = {any("limiter", "a Limiter, or a KeyedLimiter for a budget for each key or caller"),
               choice("by", {"key", "caller"}, "whose budget it is, of a KeyedLimiter").optional("key")},
    .returns = "Filter",
    .cost = "the limiter's decision",
    .example = R"(
local w = lab.world{ seed = 1 }
local filter = lab.limit.filter{ limiter = lab.limit.token_bucket{ rate = 1, burst = 2 } }
local api = w:service("api", { filters = { filter } })
api:call(); api:call()
local value, err = api:call()
return value == nil and err.code == "rate_limited" and err.definite)",
    .make =
        [](lua_State* L, Arguments& a) {
          LimitFilterOptions o;
          if (const auto single = shared_at<Limiter>(L, a.index_of("limiter"))) {
            o.limiter = [single] { return single->fresh(); };
          } else if (const auto keyed = shared_at<KeyedLimiter>(L, a.index_of("limiter"))) {
            o.keyed_limiter = [keyed] { return keyed->fresh(); };
          } else {
            a.reject("limiter", "expected a Limiter or a KeyedLimiter, got " +
                                    describe_argument(L, a.index_of("limiter")));
          }
          if (a.string("by", "key") == "caller") o.by = LimitFilterOptions::By::caller;
          return push_filter(L, "limit", make_limit_filter(o));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
