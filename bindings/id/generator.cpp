#include "bindings/id/generator.hpp"

#include <fmt/format.h>

#include <cmath>

#include "bindings/host/convert.hpp"
#include "core/id/decimal.hpp"

namespace syslab {

std::uint64_t whole_argument(lua_State* L, int index, const char* name) {
  if (lua_type(L, index) == LUA_TSTRING) {
    const Expected<std::uint64_t> number = read_decimal(string_argument(L, index, name));
    if (!number) throw ScriptError(fmt::format("bad argument '{}': {}", name, number.error().message));
    return *number;
  }
  if (lua_type(L, index) != LUA_TNUMBER) {
    throw ScriptError(fmt::format("bad argument '{}': expected a whole number or decimal digits, got {}",
                                  name, describe_argument(L, index)));
  }
  const double number = lua_tonumber(L, index);
  if (!(number >= 0 && number <= 0x1p53 && number == std::floor(number))) {
    throw ScriptError(
        fmt::format("bad argument '{}': expected a whole number from 0 to 2^53, got {}; write larger "
                    "ones as a string of digits",
                    name, number));
  }
  return static_cast<std::uint64_t>(number);
}

Instant wall_argument(double seconds, const char* name) {
  constexpr double kMost = 200 * 365.25 * 86400;
  if (!(std::abs(seconds) <= kMost)) {
    throw ScriptError(fmt::format("bad argument '{}': expected seconds since 1970, within 200 years, got {}",
                                  name, seconds));
  }
  return Instant(std::chrono::microseconds(static_cast<std::int64_t>(std::floor(seconds * 1e6 + 0.5))));
}

namespace {

constexpr double kMostTaken = 1e6;

Instant now_at(lua_State* L, int index) {
  return wall_argument(
      lua_isnoneornil(L, index) ? LuaHost::of(L).seconds() : number_argument(L, index, "now"), "now");
}

int push_id(lua_State* L, const std::string& text) {
  lua_pushlstring(L, text.data(), text.size());
  return 1;
}

int next(lua_State* L, IdGenerator& generator) {
  const Expected<Issued> issued = generator.next(now_at(L, 2));
  if (!issued) return push_failure(L, issued.error());
  if (issued->ready()) return push_id(L, generator.write(issued->id));
  lua_pushnil(L);
  push_error(L, make_error("exhausted", fmt::format("no id is left in this tick; again in {} s",
                                                    to_seconds(issued->wait))));
  lua_pushnumber(L, to_seconds(issued->wait));
  return 3;
}

// Many ids, the clock going on by itself where they would have to wait.
int take(lua_State* L, IdGenerator& generator) {
  const double wanted = number_argument(L, 2, "n");
  if (!(wanted >= 0 && wanted <= kMostTaken && wanted == std::floor(wanted))) {
    throw ScriptError("bad argument 'n': expected a whole number of at most 1 million");
  }
  Instant now = now_at(L, 3);
  lua_createtable(L, static_cast<int>(wanted), 0);
  for (int i = 1; i <= static_cast<int>(wanted);) {
    const Expected<Issued> issued = generator.next(now);
    if (!issued) return push_failure(L, issued.error());
    now += issued->wait;
    if (!issued->ready()) continue;
    push_id(L, generator.write(issued->id));
    lua_rawseti(L, -2, i++);
  }
  lua_pushnumber(L, to_seconds(now));
  return 2;
}

int parse(lua_State* L, IdGenerator& generator) {
  if (lua_type(L, 2) != LUA_TSTRING) {
    throw ScriptError(fmt::format("bad argument 'id': expected a string, for a number is not exact; got {}",
                                  describe_argument(L, 2)));
  }
  const Expected<Id> id = generator.read(string_argument(L, 2, "id"));
  if (!id) return push_failure(L, id.error());
  push_value(L, generator.fields(*id));
  return 1;
}

std::string show(lua_State* L, int index) {
  return object_at<IdGenerator>(L, index)->describe();
}

const Type generator{describe_type<IdGenerator>(
    "IdGenerator",
    "Makes ids by itself. It never waits: time is an argument (the wall clock, in seconds since 1970; left "
    "out, it is "
    "the time of the last world, which begins in 1970). An id is a string, also where it is a 64-bit number: "
    "Lua's "
    "numbers are exact up to 2^53 only.",
    {
        method<&next>(
            "next", "(now?) -> id | nil, err, wait",
            "The next id. Where none is left in this tick, err.code is 'exhausted' and `wait` says how many "
            "seconds to wait; a clock that went back is 'clock_backwards'."),
        method<&parse>(
            "parse", "(id) -> table | nil, err",
            "What an id says: ms since 1970, time in seconds, worker, sequence ... as the kind has them."),
        method<&take>(
            "take", "(n, now?) -> list of ids, now | nil, err",
            "The next n ids, as fast as the clock allows; also the time when the last one was made."),
    },
    &show)};

}  // namespace
}  // namespace syslab
