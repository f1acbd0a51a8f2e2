// The base library that scripts see: Lua's own without its ways out and without what differs between runs.
#pragma once

#include <lua.hpp>

namespace syslab {

// Opens base, string, table, math, bit and coroutine; takes away files, processes, bytecode, the debug library and the
// collector; puts in a sorted pairs and next, a tostring without addresses, seeded randomness, simulated os.time and
// os.clock, a text-only load and, except in an isolate, a `require` that finds the library and the script's folder.
void install_sandbox(lua_State* L);

}  // namespace syslab
