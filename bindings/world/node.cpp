// The Lua type Node: a host of a world.
#include <fmt/format.h>

#include "bindings/host/convert.hpp"
#include "bindings/host/task.hpp"
#include "bindings/world/lab_world.hpp"

namespace syslab {
namespace {

int name(lua_State* L, NodeHandle& node) {
  lua_pushstring(L, node.host().name().c_str());
  return 1;
}

int state(lua_State* L, NodeHandle& node) {
  push_value(L, node.host().show());
  return 1;
}

int up(lua_State* L, NodeHandle& node) {
  lua_pushboolean(L, node.host().up());
  return 1;
}

// Asks the node's service from a client of the script's own. In a task it waits; at the prompt time passes
// until the answer is there.
int call(lua_State* L, NodeHandle& node) {
  LabWorld& w = alive(*node.world);
  LuaRequest request = to_request(L, 2);
  Env& client = w.world.env(LabWorld::kScript);
  Tasks& tasks = w.host.tasks();
  if (Task* task = tasks.current(L)) {
    tasks.begin_wait(*task, nullptr);
    client.call(node.id, std::move(request.request), request.timeout,
                [&tasks, ref = Tasks::ref(*task)](Result result) {
                  tasks.wake(ref,
                             [result = std::move(result)](lua_State* co) { return push_result(co, result); });
                });
    return lua_yield(L, 0);
  }
  auto answer = std::make_shared<std::optional<Result>>();
  client.call(node.id, std::move(request.request), request.timeout,
              [answer](Result result) { *answer = std::move(result); });
  w.run(L, Instant::max(), [&] { return answer->has_value(); });
  if (!*answer)
    return push_failure(L, make_error("unavailable", "nothing is left to happen, so no answer can come"));
  return push_result(L, **answer);
}

int metrics(lua_State* L, NodeHandle& node) {
  push_value(L, node.host().metrics().snapshot());
  return 1;
}

// A file on its disk, as the process would see it now.
int disk(lua_State* L, NodeHandle& node) {
  return push_result(L, node.host().storage().peek(std::string(string_argument(L, 2, "file"))));
}

const Type node{describe_type<NodeHandle>(
    "Node", "A node of a world: a service, a fleet's member, a balancer, a protocol participant, a client.",
    {
        method<&call>("call", "({ type =, key =, timeout =, ... }?) -> value | nil, err",
                      "Sends a request and waits for the answer; at the prompt time passes meanwhile. The "
                      "timeout is 1 s."),
        method<&disk>("disk", "(file) -> value | nil, err", "The content of a file on its disk."),
        method<&metrics>("metrics", "() -> table", "The node's counters, gauges and histograms."),
        method<&name>("name", "() -> string", "Its name in the world."),
        method<&state>("state", "() -> table",
                       "What it is and does now: kind, zone, state, and what its process shows."),
        method<&up>("up", "() -> boolean", "Whether its process runs."),
    },
    [](lua_State* L, int index) -> std::string {
      const NodeHandle* node = object_at<NodeHandle>(L, index);
      if (node->world->closed()) return "of a closed world";
      const Host& host = node->world->world.host(node->id);
      return fmt::format("{}, {}, {}", host.name(), host.kind(),
                         !host.up()      ? "down"
                         : host.paused() ? "paused"
                                         : "up");
    })};

}  // namespace
}  // namespace syslab
