#include "core/base/distribution.hpp"

#include "bindings/host/lua_host.hpp"
#include "bindings/host/object.hpp"

namespace syslab {
namespace {

int sample(lua_State* L, const Distribution& distribution) {
  Rng& rng = LuaHost::of(L).rng;
  if (lua_isnoneornil(L, 2)) {
    lua_pushnumber(L, distribution.sample(rng));
    return 1;
  }
  const double n = number_argument(L, 2, "n");
  if (!(n >= 0 && n <= 1e7)) throw ScriptError("bad argument 'n': at most 10 million samples at once");
  lua_createtable(L, static_cast<int>(n), 0);
  for (int i = 1; i <= static_cast<int>(n); ++i) {
    lua_pushnumber(L, distribution.sample(rng));
    lua_rawseti(L, -2, i);
  }
  return 1;
}

int mean(lua_State* L, const Distribution& distribution) {
  lua_pushnumber(L, distribution.mean());
  return 1;
}

std::string show(lua_State* L, int index) { return object_at<const Distribution>(L, index)->describe(); }

const Type distribution{describe_type<const Distribution>(
    "Distribution", "A probability distribution: service times, delays, sizes.",
    {
        method<&sample>("sample", "(n?) -> number | list",
                        "One number, or a list of n, from the script's random stream."),
        method<&mean>("mean", "() -> number",
                      "The expected value; infinite for a Pareto of shape 1 or less."),
    },
    &show)};

}  // namespace
}  // namespace syslab
