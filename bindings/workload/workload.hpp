// What the bindings of the workload family share.
#pragma once

#include "bindings/host/lua_host.hpp"
#include "bindings/host/object.hpp"
#include "core/workload/key_stream.hpp"
#include "core/workload/trace.hpp"

namespace syslab {

// Runs through a trace from its beginning. Stops early where the script is interrupted. Throws ScriptError
// where the trace cannot be read.
template <class Use>
void for_each_batch(lua_State* L, RequestTrace& trace, Use&& use) {
  const LuaHost& host = LuaHost::of(L);
  RequestBatch batch;
  trace.rewind();
  while (!host.interrupted()) {
    const Expected<std::size_t> n = trace.read(batch);
    if (!n) throw ScriptError(n.error().message);
    if (*n == 0) return;
    use(batch);
  }
}

}  // namespace syslab
