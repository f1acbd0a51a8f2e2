#include "core/limit/concurrency_limiter.hpp"

#include <fmt/format.h>

#include "bindings/host/object.hpp"
#include "core/hash/hash64.hpp"

namespace syslab {
namespace {

std::uint64_t key_argument(lua_State* L) {
  if (lua_type(L, 2) == LUA_TSTRING) return hash64(string_argument(L, 2, "key"));
  if (lua_type(L, 2) == LUA_TNUMBER) return hash_key(lua_tonumber(L, 2));
  throw ScriptError(
      fmt::format("bad argument 'key': expected a string or a number, got {}", describe_argument(L, 2)));
}

int push_admission(lua_State* L, const Admission& admission) {
  lua_pushboolean(L, admission.admitted);
  lua_pushnumber(L, to_seconds(admission.delay));
  lua_pushnumber(L, admission.remaining);
  return 3;
}

std::optional<Duration> latency_argument(lua_State* L, int index) {
  if (lua_isnoneornil(L, index)) return std::nullopt;
  return duration_argument(L, index, "latency");
}

RequestOutcome outcome_argument(lua_State* L, int index) {
  if (lua_isnoneornil(L, index)) return RequestOutcome::success;
  const std::string_view outcome = string_argument(L, index, "outcome");
  if (outcome == "success") return RequestOutcome::success;
  if (outcome == "dropped") return RequestOutcome::dropped;
  if (outcome == "ignored") return RequestOutcome::ignored;
  throw ScriptError(
      fmt::format("bad argument 'outcome': expected 'success', 'dropped' or 'ignored', got '{}'", outcome));
}

void must_be_inside(bool inside) {
  if (!inside) throw ScriptError("release without acquire: nobody is inside");
}

int acquire(lua_State* L, ConcurrencyLimiter& limiter) {
  return push_admission(L, limiter.acquire());
}

int peek(lua_State* L, ConcurrencyLimiter& limiter) {
  return push_admission(L, limiter.peek());
}

int release(lua_State* L, ConcurrencyLimiter& limiter) {
  const auto latency = latency_argument(L, 2);
  must_be_inside(limiter.release(outcome_argument(L, 3), latency));
  return 0;
}

int in_flight(lua_State* L, ConcurrencyLimiter& limiter) {
  lua_pushnumber(L, limiter.in_flight());
  return 1;
}

int limit(lua_State* L, ConcurrencyLimiter& limiter) {
  lua_pushnumber(L, limiter.limit());
  return 1;
}

int reset(lua_State*, ConcurrencyLimiter& limiter) {
  limiter.reset();
  return 0;
}

int keyed_acquire(lua_State* L, KeyedConcurrencyLimiter& limiter) {
  return push_admission(L, limiter.acquire(key_argument(L)));
}

int keyed_peek(lua_State* L, KeyedConcurrencyLimiter& limiter) {
  return push_admission(L, limiter.peek(key_argument(L)));
}

int keyed_release(lua_State* L, KeyedConcurrencyLimiter& limiter) {
  const auto latency = latency_argument(L, 3);
  must_be_inside(limiter.release(key_argument(L), outcome_argument(L, 4), latency));
  return 0;
}

int keyed_in_flight(lua_State* L, KeyedConcurrencyLimiter& limiter) {
  lua_pushnumber(L, limiter.in_flight(key_argument(L)));
  return 1;
}

int keyed_limit(lua_State* L, KeyedConcurrencyLimiter& limiter) {
  lua_pushnumber(L, limiter.limit(key_argument(L)));
  return 1;
}

int keyed_reset(lua_State*, KeyedConcurrencyLimiter& limiter) {
  limiter.reset();
  return 0;
}

int keyed_size(lua_State* L, KeyedConcurrencyLimiter& limiter) {
  lua_pushnumber(L, static_cast<double>(limiter.size()));
  return 1;
}

int keyed_size_bytes(lua_State* L, KeyedConcurrencyLimiter& limiter) {
  lua_pushnumber(L, static_cast<double>(limiter.size_bytes()));
  return 1;
}

int keyed_forgotten(lua_State* L, KeyedConcurrencyLimiter& limiter) {
  lua_pushnumber(L, static_cast<double>(limiter.forgotten()));
  return 1;
}

constexpr const char* kAcquire = "Comes in, if there is room; delay is how long it is to be held back.";
constexpr const char* kRelease =
    "One that was admitted leaves: after how many seconds, and how it went ('success', 'dropped', "
    "'ignored').";

const Type concurrency_limiter{describe_type<ConcurrencyLimiter>(
    "ConcurrencyLimiter", "Decides whether one more request may be inside now. Who was admitted must leave.",
    {
        method<&acquire>("acquire", "() -> admitted, delay, remaining", kAcquire),
        method<&peek>("peek", "() -> admitted, delay, remaining", "A dry run: what acquire would say."),
        method<&release>("release", "(latency?, outcome = 'success')", kRelease),
        method<&in_flight>("in_flight", "() -> number", "How many are inside."),
        method<&limit>("limit", "() -> number", "How many may be inside now."),
        method<&reset>("reset", "()", "As freshly made."),
    },
    [](lua_State* L, int index) {
      const auto& limiter = *object_at<ConcurrencyLimiter>(L, index);
      return fmt::format("{}, {} inside", limiter.describe(), limiter.in_flight());
    })};

const Type keyed_concurrency_limiter{describe_type<KeyedConcurrencyLimiter>(
    "KeyedConcurrencyLimiter",
    "A ConcurrencyLimiter for every key, in bounded memory: a key of which nobody is inside may be "
    "forgotten.",
    {
        method<&keyed_acquire>("acquire", "(key) -> admitted, delay, remaining", kAcquire),
        method<&keyed_peek>("peek", "(key) -> admitted, delay, remaining",
                            "A dry run: what acquire would say."),
        method<&keyed_release>("release", "(key, latency?, outcome = 'success')", kRelease),
        method<&keyed_in_flight>("in_flight", "(key) -> number", "How many of the key are inside."),
        method<&keyed_limit>("limit", "(key) -> number", "How many of the key may be inside now."),
        method<&keyed_reset>("reset", "()", "As freshly made."),
        method<&keyed_size>("size", "() -> number", "How many keys are held now."),
        method<&keyed_size_bytes>("size_bytes", "() -> bytes", "How much memory they take."),
        method<&keyed_forgotten>("forgotten", "() -> number",
                                 "How many keys were forgotten although something was learned of them."),
    },
    [](lua_State* L, int index) {
      const auto& limiter = *object_at<KeyedConcurrencyLimiter>(L, index);
      return fmt::format("{}, {} of {} keys", limiter.describe(), limiter.size(), limiter.max_keys());
    })};

}  // namespace
}  // namespace syslab
