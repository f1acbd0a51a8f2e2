#include "core/workload/key_stream.hpp"

#include "bindings/workload/workload.hpp"

namespace syslab {
namespace {

int next_key(lua_State* L, KeyStream& keys) {
  lua_pushnumber(L, static_cast<double>(keys.next(LuaHost::of(L).rng)));
  return 1;
}

int take(lua_State* L, KeyStream& keys) {
  const double n = number_argument(L, 2, "n");
  if (!(n >= 0 && n <= 1e7)) throw ScriptError("bad argument 'n': at most 10 million keys at once");
  Rng& rng = LuaHost::of(L).rng;
  lua_createtable(L, static_cast<int>(n), 0);
  for (int i = 1; i <= static_cast<int>(n); ++i) {
    lua_pushnumber(L, static_cast<double>(keys.next(rng)));
    lua_rawseti(L, -2, i);
  }
  return 1;
}

int trace(lua_State* L, KeyStream& keys, Arguments& a) {
  return push(L, make_generated_trace(keys, a.count("requests"), a.count("seed", 1)));
}

int count_keys(lua_State* L, KeyStream& keys) {
  lua_pushnumber(L, static_cast<double>(keys.count()));
  return 1;
}

std::string show(lua_State* L, int index) {
  return object_at<KeyStream>(L, index)->describe();
}

const Type key_stream{describe_type<KeyStream>(
    "KeyStream", "Chooses which item the next request asks for: whole numbers from 1 to count().",
    {
        method<&next_key>("next", "() -> number", "One key, from the script's random stream."),
        method<&take>("take", "(n) -> list", "n keys, from the script's random stream."),
        method<&count_keys>("count", "() -> number", "There are this many different keys."),
        method<&trace>(
            "trace",
            {count("requests", "how long it is"), count("seed", "of its own random stream").optional("1")},
            "RequestTrace", "A trace of requests for these keys, the same whenever it is read."),
    },
    &show)};

}  // namespace
}  // namespace syslab
