#include "core/replicate/failure_detector.hpp"

#include <fmt/format.h>

#include <cmath>

#include "bindings/host/lua_host.hpp"
#include "bindings/host/object.hpp"

namespace syslab {
namespace {

struct DetectorHandle {
  std::unique_ptr<FailureDetector> detector;
  Instant last = Instant::min();  // time that was given
};

// The time of the last world where none is given.
Instant time_argument(lua_State* L, DetectorHandle& handle) {
  const double seconds = lua_isnoneornil(L, 2) ? LuaHost::of(L).seconds() : number_argument(L, 2, "now");
  if (!std::isfinite(seconds)) throw ScriptError("bad argument 'now': expected a finite number of seconds");
  const Instant now(from_seconds(seconds));
  if (now < handle.last) {
    throw ScriptError(fmt::format("bad argument 'now': {} s is before {} s, which was given earlier", seconds,
                                  to_seconds(handle.last)));
  }
  return handle.last = now;
}

int heartbeat(lua_State* L, DetectorHandle& h) {
  h.detector->heartbeat(time_argument(L, h));
  return 0;
}

int suspicion(lua_State* L, DetectorHandle& h) {
  lua_pushnumber(L, h.detector->suspicion(time_argument(L, h)));
  return 1;
}

int suspects(lua_State* L, DetectorHandle& h) {
  lua_pushboolean(L, h.detector->suspects(time_argument(L, h)));
  return 1;
}

int patience(lua_State* L, DetectorHandle& h) {
  const Duration patience = h.detector->patience();
  lua_pushnumber(L, patience == Duration::max() ? HUGE_VAL : to_seconds(patience));
  return 1;
}

const Type failure_detector{describe_type<DetectorHandle>(
    "FailureDetector",
    "Says from the times of heartbeats whether their sender is still there. Times are in seconds and never "
    "run "
    "backwards; left out, it is the time of the last world.",
    {
        method<&heartbeat>("heartbeat", "(now?)", "A heartbeat has come."),
        method<&suspicion>("suspicion", "(now?) -> number",
                           "Phi, or the silence in timeouts; 0 before the first heartbeat."),
        method<&suspects>("suspects", "(now?) -> boolean", "Whether that is above the threshold."),
        method<&patience>(
            "patience", "() -> seconds",
            "How long a silence makes it suspect, as it is now; infinite before the first heartbeat."),
    },
    nullptr)};

int push_detector(lua_State* L, std::unique_ptr<FailureDetector> detector) {
  return push(L, std::make_shared<DetectorHandle>(DetectorHandle{std::move(detector)}));
}

const Component phi_accrual{{
    .name = "replicate.phi_accrual",
    .summary = "A failure detector that learns how regular a sender's heartbeats are: phi = 8 means that one "
               "silence in 10^8 would be so long if it were still there.",
    .params =
        {number("threshold", "phi above which it suspects").above(0).optional("8"),
         count("window", "gaps between heartbeats that it remembers")
             .at_least(1)
             .at_most(1e6)
             .optional("1000"),
         duration("deviation_min", "the least deviation of gaps that it assumes").above(0).optional("0.1 s"),
         duration("pause", "a silence that is always allowed beside the mean").optional("0"),
         duration("first", "the gap to expect before there was one").above(0).optional("1 s")},
    .returns = "FailureDetector",
    .cost = "O(1) a call, 8 bytes a gap",
    .paper = "Hayashibara et al. 2004, The phi accrual failure detector; the normal tail as in Akka",
    .example = R"(
local d = lab.replicate.phi_accrual()
for i = 1, 100 do d:heartbeat(i) end
return d:suspicion(101) < 1 and not d:suspects(101.4) and d:suspects(102))",
    .make =
        [](lua_State* L, Arguments& a) {
          PhiAccrualOptions o;
          o.threshold = a.number("threshold", o.threshold);
          o.window = a.count("window", o.window);
          o.deviation_min = a.duration("deviation_min", o.deviation_min);
          o.pause = a.duration("pause", o.pause);
          o.first = a.duration("first", o.first);
          return push_detector(L, std::make_unique<PhiAccrual>(o));
        },
}};

const Component timeout_detector{{
    .name = "replicate.timeout_detector",
    .summary = "The plain failure detector: whoever was silent for longer than the timeout is gone.",
    .params = {duration("timeout", "the longest silence").above(0)},
    .returns = "FailureDetector",
    .cost = "O(1) a call",
    .example = R"(
local d = lab.replicate.timeout_detector{ timeout = 3 }
d:heartbeat(1)
return not d:suspects(4) and d:suspects(4.5) and d:patience() > 2.99)",
    .make =
        [](lua_State* L, Arguments& a) {
          return push_detector(L, std::make_unique<TimeoutDetector>(a.duration("timeout")));
        },
}};

}  // namespace
}  // namespace syslab
