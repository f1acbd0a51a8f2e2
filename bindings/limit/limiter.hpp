// What the bindings of all limiters have in common: the option max_keys, which makes one for each key.
#pragma once

#include "bindings/host/object.hpp"
#include "core/limit/concurrency_limiter.hpp"
#include "core/limit/limiter.hpp"
#include "core/limit/window.hpp"

namespace syslab {

inline Param max_keys_param() {
  return count("max_keys", "gives every key a limit of its own, and bounds their number")
      .at_least(1)
      .at_most(1e9)
      .optional("one limit for all");
}

// Pushes a limiter of these options, or a keyed one where max_keys is given.
template <class Options, class Make, class MakeKeyed>
int push_limiter(lua_State* L, const Arguments& a, const Options& options, Make make, MakeKeyed make_keyed) {
  if (a.has("max_keys")) return push(L, make_keyed(options, a.count("max_keys")));
  return push(L, make(options));
}

// The options of limiters that count in a window.
inline Param limit_param() {
  return number("limit", "requests in a window").above(0).at_most(1e12);
}
inline Param window_param() {
  return duration("window", "length of a window").above(0).optional("1 s");
}
inline WindowOptions window_options(const Arguments& a) {
  const WindowOptions options{a.number("limit"), a.duration("window", std::chrono::seconds(1))};
  if (options.limit < 0x1p-20) a.reject("limit", "expected at least 2^-20 requests in a window");
  if (!valid_window(options)) a.reject("window", "expected a time from 1 ns to 70 years");
  return options;
}

}  // namespace syslab
