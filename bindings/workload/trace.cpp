#include "core/workload/trace.hpp"

#include <algorithm>

#include "bindings/workload/workload.hpp"

namespace syslab {
namespace {

constexpr double kMostTaken = 1e7;

int count_requests(lua_State* L, RequestTrace& trace) {
  double requests = 0;
  for_each_batch(L, trace,
                 [&](const RequestBatch& batch) { requests += static_cast<double>(batch.ids.size()); });
  lua_pushnumber(L, requests);
  return 1;
}

int take(lua_State* L, RequestTrace& trace) {
  const double wanted = number_argument(L, 2, "n");
  if (!(wanted >= 0 && wanted <= kMostTaken))
    throw ScriptError("bad argument 'n': at most 10 million requests at once");
  lua_newtable(L);
  trace.rewind();
  RequestBatch batch;
  int taken = 0;
  while (taken < static_cast<int>(wanted)) {
    const Expected<std::size_t> n = trace.read(batch);
    if (!n) throw ScriptError(n.error().message);
    if (*n == 0) break;
    for (std::size_t i = 0; i < *n && taken < static_cast<int>(wanted); ++i) {
      lua_createtable(L, 0, 3);
      lua_pushnumber(L, static_cast<double>(batch.ids[i]));
      lua_setfield(L, -2, "id");
      if (!batch.sizes.empty()) {
        lua_pushnumber(L, static_cast<double>(batch.sizes[i]));
        lua_setfield(L, -2, "size");
      }
      if (!batch.times.empty()) {
        lua_pushnumber(L, to_seconds(batch.times[i]));
        lua_setfield(L, -2, "time");
      }
      lua_rawseti(L, -2, ++taken);
    }
  }
  return 1;
}

std::string show(lua_State* L, int index) {
  return object_at<RequestTrace>(L, index)->describe();
}

const Type trace{describe_type<RequestTrace>(
    "RequestTrace",
    "Requests in an order, recorded or generated, read in constant memory. Every use starts at the "
    "beginning.",
    {
        method<&count_requests>("count", "() -> number",
                                "How many requests there are. Reads the whole trace."),
        method<&take>("take", "(n) -> list of {id, size?, time?}",
                      "The first n requests. Ids above 2^53 are rounded to what a Lua number holds."),
    },
    &show)};

}  // namespace
}  // namespace syslab
