#include "core/limit/filter.hpp"

#include "bindings/resilience/filter.hpp"

namespace syslab {
namespace {

// Sets `maker` where the argument is an L. Each process gets a fresh one.
template <class Kind>
bool take_maker(lua_State* L, int index, std::function<std::unique_ptr<Kind>()>& maker) {
  const std::shared_ptr<Kind> like = shared_at<Kind>(L, index);
  if (like != nullptr) maker = [like] { return like->fresh(); };
  return like != nullptr;
}

const Component filter{{
    .name = "limit.filter",
    .summary =
        "Refuses the requests that a limiter does not admit, with the error 'rate_limited' (or "
        "'overloaded', where too many are inside). Each process has a fresh limiter like the one given.",
    .params =
        {any("limiter",
             "a Limiter or a ConcurrencyLimiter, or a keyed one for a budget for each key or caller"),
         choice("by", {"key", "caller"}, "whose budget it is, of a keyed one").optional("key"),
         boolean("dry_run", "lets everything pass and counts what it would have refused").optional("false")},
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
          const int index = a.index_of("limiter");
          if (!take_maker(L, index, o.limiter) && !take_maker(L, index, o.keyed_limiter) &&
              !take_maker(L, index, o.concurrency) && !take_maker(L, index, o.keyed_concurrency)) {
            a.reject("limiter", "expected a limiter such as lab.limit.token_bucket{...}, got " +
                                    describe_argument(L, index));
          }
          if (a.string("by", "key") == "caller") o.by = LimitFilterOptions::By::caller;
          o.dry_run = a.boolean("dry_run", false);
          return push_filter(L, "limit", make_limit_filter(o));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
