#include "bindings/cache/servers.hpp"

#include <fmt/format.h>

#include "bindings/host/arguments.hpp"
#include "bindings/host/convert.hpp"
#include "bindings/host/task.hpp"

namespace syslab {
namespace {

const Type profile{describe_type<CacheProfile>(
    "CacheProfile", "A make of cache server and its settings; w:cache(name, profile) sets it up.", {},
    [](lua_State* L, int index) { return object_at<CacheProfile>(L, index)->describe; })};

// As Node:call, to whichever server is in charge of the key.
int call(lua_State* L, CacheServersHandle& h) {
  LabWorld& w = alive(*h.world);
  LuaRequest request = to_request(L, 2);
  Env& env = w.world.env(LabWorld::kScript);
  Tasks& tasks = w.host.tasks();
  // The replies hold the client: a script may forget the servers while an answer is on its way.
  if (Task* task = tasks.current(L)) {
    tasks.begin_wait(*task, nullptr);
    h.client->call(
        env, std::move(request.request), [&tasks, client = h.client, ref = Tasks::ref(*task)](Result result) {
          tasks.wake(ref, [result = std::move(result)](lua_State* co) { return push_result(co, result); });
        });
    return lua_yield(L, 0);
  }
  auto answer = std::make_shared<std::optional<Result>>();
  h.client->call(env, std::move(request.request),
                 [answer, client = h.client](Result result) { *answer = std::move(result); });
  w.run(L, Instant::max(), [&] { return answer->has_value(); });
  if (!*answer)
    return push_failure(L, make_error("unavailable", "nothing is left to happen, so no answer can come"));
  return push_result(L, **answer);
}

int nodes(lua_State* L, CacheServersHandle& h) {
  LabWorld& w = alive(*h.world);
  lua_createtable(L, static_cast<int>(h.servers->nodes.size()), 0);
  for (std::size_t i = 0; i < h.servers->nodes.size(); ++i) {
    push_node(L, w, h.servers->nodes[i]);
    lua_rawseti(L, -2, static_cast<int>(i + 1));
  }
  return 1;
}

const Type servers{describe_type<CacheServersHandle>(
    "CacheServers",
    "Cache servers of a world, as a client sees them; a cache filter can keep its entries there.",
    {
        method<&call>(
            "call", "({ type =, key =, value =, ttl =, ... }) -> value | nil, err",
            "Sends a request to the server that is in charge of the key, and waits for the answer: get, "
            "set, add, delete, incr, flush. A miss is nil without an error."),
        method<&nodes>("nodes", "() -> list of Nodes", "The servers."),
    },
    [](lua_State* L, int index) -> std::string {
      const CacheServersHandle* h = object_at<CacheServersHandle>(L, index);
      if (h->world->closed()) return "of a closed world";
      return fmt::format("{}, {} nodes", h->servers->profile, h->servers->nodes.size());
    })};

}  // namespace

std::vector<Param> add_cache_params() {
  return {string("name", "the group's name; its members are NAME-1, NAME-2 ..."),
          object("profile", "CacheProfile", "such as lab.cache.memcached{ servers = 3 }"),
          string("zone", "the zone they stand in").optional("none")};
}

int add_cache(lua_State* L, LabWorld& w, Arguments& a) {
  alive(w);
  const auto profile = a.object<CacheProfile>("profile");
  Expected<CacheServers> built = profile->build(w.world, a.string("name"), a.string("zone", ""));
  if (!built) throw ScriptError(built.error().message);
  const auto servers = std::make_shared<const CacheServers>(std::move(*built));
  return push(L, std::make_shared<CacheServersHandle>(
                     CacheServersHandle{w.shared_from_this(), servers, servers->client()}));
}

}  // namespace syslab
