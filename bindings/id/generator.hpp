// What the constructors of all id generators share.
#pragma once

#include "bindings/host/lua_host.hpp"
#include "bindings/host/object.hpp"
#include "core/id/generator.hpp"

namespace syslab {

// The option `seed` of generators that draw random numbers.
inline Param id_seed_param() {
  return count("seed", "of its own random stream").optional("the session's seed");
}
inline Rng id_rng(lua_State* L, const Arguments& a) {
  return Rng(a.count("seed", LuaHost::of(L).options().seed)).split("id");
}

inline int push_generator(lua_State* L, std::shared_ptr<IdGenerator> generator) {
  return push(L, std::move(generator));
}

// A 64-bit number as a script writes it: decimal digits, or a number that is whole and below 2^53. Throws
// ScriptError naming the argument.
std::uint64_t whole_argument(lua_State* L, int index, const char* name);

// A time in seconds since 1970, taken to the nearest microsecond: a double holds no more for today's dates,
// and 1462015105.796 is meant to be in the millisecond 796. Throws ScriptError naming the argument.
Instant wall_argument(double seconds, const char* name);

}  // namespace syslab
