#include "bindings/limit/limiter.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "bindings/host/lua_host.hpp"
#include "core/hash/hash64.hpp"

namespace syslab {
namespace {

// The time of the last world where none is given.
Instant now_argument(lua_State* L, int index) {
  const double seconds =
      lua_isnoneornil(L, index) ? LuaHost::of(L).seconds() : number_argument(L, index, "now");
  if (!std::isfinite(seconds)) throw ScriptError("bad argument 'now': expected a finite number of seconds");
  return Instant(from_seconds(seconds));
}

double cost_argument(lua_State* L, int index) {
  if (lua_isnoneornil(L, index)) return 1;
  const double cost = number_argument(L, index, "cost");
  if (!(cost > 0 && std::isfinite(cost))) {
    throw ScriptError(fmt::format("bad argument 'cost': expected a finite number above 0, got {}", cost));
  }
  return cost;
}

std::uint64_t key_argument(lua_State* L, int index) {
  if (lua_type(L, index) == LUA_TSTRING) return hash64(string_argument(L, index, "key"));
  if (lua_type(L, index) == LUA_TNUMBER) return hash_key(lua_tonumber(L, index));
  throw ScriptError(
      fmt::format("bad argument 'key': expected a string or a number, got {}", describe_argument(L, index)));
}

int push_decision(lua_State* L, const Decision& decision) {
  lua_pushboolean(L, decision.admitted);
  lua_pushnumber(L, decision.retry_after == Duration::max() ? std::numeric_limits<double>::infinity()
                                                            : to_seconds(decision.retry_after));
  lua_pushnumber(L, decision.remaining);
  lua_pushnumber(L, to_seconds(decision.delay));
  return 4;
}

int admit(lua_State* L, Limiter& limiter) {
  return push_decision(L, limiter.admit(now_argument(L, 2), cost_argument(L, 3)));
}

int peek(lua_State* L, Limiter& limiter) {
  return push_decision(L, limiter.peek(now_argument(L, 2), cost_argument(L, 3)));
}

int reset(lua_State*, Limiter& limiter) {
  limiter.reset();
  return 0;
}

int keyed_admit(lua_State* L, KeyedLimiter& limiter) {
  return push_decision(L, limiter.admit(key_argument(L, 2), now_argument(L, 3), cost_argument(L, 4)));
}

int keyed_peek(lua_State* L, KeyedLimiter& limiter) {
  return push_decision(L, limiter.peek(key_argument(L, 2), now_argument(L, 3), cost_argument(L, 4)));
}

int keyed_reset(lua_State*, KeyedLimiter& limiter) {
  limiter.reset();
  return 0;
}

int keyed_size(lua_State* L, KeyedLimiter& limiter) {
  lua_pushnumber(L, static_cast<double>(limiter.size()));
  return 1;
}

int keyed_size_bytes(lua_State* L, KeyedLimiter& limiter) {
  lua_pushnumber(L, static_cast<double>(limiter.size_bytes()));
  return 1;
}

int keyed_forgotten(lua_State* L, KeyedLimiter& limiter) {
  lua_pushnumber(L, static_cast<double>(limiter.forgotten()));
  return 1;
}

std::string show(lua_State* L, int index) {
  return object_at<Limiter>(L, index)->describe();
}

std::string show_keyed(lua_State* L, int index) {
  const auto& limiter = *object_at<KeyedLimiter>(L, index);
  return fmt::format("{}, {} of {} keys", limiter.describe(), limiter.size(), limiter.max_keys());
}

const Type limiter{describe_type<Limiter>(
    "Limiter",
    "Decides whether a request may pass now. It never waits: time is an argument (in "
    "seconds; left out, it is the time "
    "of the last world).",
    {
        method<&admit>("admit", "(now?, cost = 1) -> admitted, retry_after, remaining, delay",
                       "Takes the cost or nothing. retry_after is 0 if it was "
                       "admitted, and infinite if it never will be; delay is how "
                       "long a queue holds it back."),
        method<&peek>("peek", "(now?, cost = 1) -> admitted, retry_after, remaining, delay",
                      "A dry run: what admit would say."),
        method<&reset>("reset", "()", "As freshly made."),
    },
    &show)};

const Type keyed_limiter{describe_type<KeyedLimiter>(
    "KeyedLimiter",
    "A Limiter for every key (client, tenant, route), in bounded memory: when there are too many keys, one "
    "that is idle "
    "or nearly so is forgotten.",
    {
        method<&keyed_admit>("admit", "(key, now?, cost = 1) -> admitted, retry_after, remaining, delay",
                             "Takes the cost from the key's budget, or nothing."),
        method<&keyed_peek>("peek", "(key, now?, cost = 1) -> admitted, retry_after, remaining, delay",
                            "A dry run: what admit would say."),
        method<&keyed_reset>("reset", "()", "As freshly made."),
        method<&keyed_size>("size", "() -> number", "How many keys have a budget now."),
        method<&keyed_size_bytes>("size_bytes", "() -> bytes", "How much memory they take."),
        method<&keyed_forgotten>(
            "forgotten", "() -> number",
            "How many keys were forgotten that were not idle: they got a fresh budget too early."),
    },
    &show_keyed)};

}  // namespace
}  // namespace syslab
