#include "bindings/hash/placement.hpp"

namespace syslab {
namespace {

const Component moved_function{{
    .name = "hash.moved",
    .summary = "Which keys have another home in `after` than in `before`, how many of those needlessly, and "
               "what each node "
               "lost and gained; printed, as bars. The two may be of different kinds.",
    .params = {object("before", "Placement", "how it was"), object("after", "Placement", "how it is"),
               any("keys", "a list of keys, or a number n for the keys 1 to n").optional("10000")},
    .returns = "table {keys, moved, needless, lost, gained}",
    .cost = "two look-ups a key",
    .example = R"(local before = lab.hash.ring{ nodes = { "a", "b", "c" } }
local after = lab.hash.ring{ nodes = { "a", "b", "c", "d" } }
local moved = lab.hash.moved(before, after, 10000)
return moved.moved == moved.gained.d and moved.needless == 0)",
    .make =
        [](lua_State* L, Arguments& a) {
          lua_getfield(L, LUA_REGISTRYINDEX, "syslab.library_method");
          lua_pushliteral(L, "placement_view");
          lua_pushliteral(L, "moved");
          lua_call(L, 2, 1);
          lua_pushvalue(L, a.index_of("before"));
          lua_pushvalue(L, a.index_of("after"));
          if (a.has("keys")) {
            lua_pushvalue(L, a.index_of("keys"));
          } else {
            lua_pushnumber(L, 10000);
          }
          lua_call(L, 3, 1);
          return 1;
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
