#include "core/limit/fixed_window.hpp"

#include "bindings/limit/limiter.hpp"

namespace syslab {
namespace {

const Component fixed_window{{
    .name = "limit.fixed_window",
    .summary = "At most so many requests in each window of time, then the count starts anew; twice as many "
               "may pass across a boundary.",
    .params = {limit_param(), window_param(),
               choice("start", {"clock", "first"},
                      "windows are multiples of the window on the clock, or begin with the first request")
                   .optional("clock"),
               max_keys_param()},
    .returns = "Limiter, or KeyedLimiter with max_keys",
    .cost = "O(1) a decision, 16 bytes a key",
    .example = R"(local window = lab.limit.fixed_window{ limit = 1, window = 60 }
return window:admit(59.9) and window:admit(60) and not window:admit(60.1))",
    .make =
        [](lua_State* L, Arguments& a) {
          FixedWindowOptions options{.count = window_options(a)};
          if (a.string("start", "clock") == "first") options.start = FixedWindowOptions::Start::first;
          return push_limiter(L, a, options, make_fixed_window, make_keyed_fixed_window);
        },
}};

}  // namespace
}  // namespace syslab
