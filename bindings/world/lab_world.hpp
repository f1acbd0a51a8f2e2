// LabWorld: a World as a script holds it, with what only scripts have: tasks, resources, channels, handles.
#pragma once

#include <deque>
#include <functional>
#include <lua.hpp>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bindings/host/arguments.hpp"
#include "bindings/host/channel.hpp"
#include "bindings/host/lua_host.hpp"
#include "bindings/host/object.hpp"
#include "bindings/host/resource.hpp"
#include "core/replicate/watch.hpp"
#include "core/sim/clients.hpp"
#include "core/sim/explore.hpp"
#include "core/sim/world.hpp"

namespace syslab {

class Balancer;

// Which backends of a balancer are out of its rotation for now, whatever becomes of its process.
struct Rotation {
  std::weak_ptr<Balancer> current;
  std::set<NodeId> out;
};

class LabWorld : public std::enable_shared_from_this<LabWorld> {
 public:
  LabWorld(LuaHost& host, WorldOptions options);
  ~LabWorld();

  World world;
  LuaHost& host;
  // What scripts draw inside the world: w:random(), w:sleep(distribution).
  Rng rng;
  std::deque<Resource> resources;  // stable addresses: tasks that hold or wait point to them
  std::deque<Channel> channels;
  std::deque<std::unique_ptr<Clients>> clients;
  std::map<NodeId, std::shared_ptr<Rotation>> rotations;  // of balancers
  bool echo = true;  // show what nodes written in Lua print

  // Of the protocols that run here: what each has seen that must never be, if anything.
  std::vector<std::shared_ptr<const Watch>> watches;
  // The first of it.
  const std::optional<std::string>& violation() const;
  // In a trial (trial.hpp) a violation ends what lets time pass with an error, and `replay` are the faults that happen
  // in place of those that the script plans.
  bool on_trial = false;
  std::optional<FaultSchedule> replay;

  // The node from which the script itself asks. It is there from the start, so that faults of "everybody else" mean it,
  // but it is no part of the system: pictures and w:nodes() leave it out.
  static constexpr NodeId kScript{0};

  // Lets time pass until `until`, or until `done` says so (asked after every event), or nothing is left to
  // happen. Only the main chunk may: a task sleeps instead. Throws ScriptError with what a task raised
  // meanwhile.
  void run(lua_State* L, Instant until, const std::function<bool()>& done = nullptr);
  // Called before time passes in any world; what it throws goes to the script. It may return a moment: just before that
  // one the run ends with an error, if it gets there. For replays, which stop so.
  static std::function<std::optional<Instant>(const LabWorld&)> before_run;
  // The same for the next `events` events; how many there were.
  double step(lua_State* L, double events);
  // Called with each world that lab.world makes.
  static std::function<void(LabWorld&)> made;
  // Ends it for good: tasks are cancelled, handles are dead. Nothing can be called any more.
  void close();
  bool closed() const { return closed_; }

 private:
  void before_time_passes(lua_State* L);
  void after_time_passed();

  bool closed_ = false;
};

// Throws ScriptError where the world was closed.
LabWorld& alive(LabWorld& world);

// A node of a world, as a script holds it.
struct NodeHandle {
  std::shared_ptr<LabWorld> world;
  NodeId id;
  Host& host() const { return alive(*world).world.host(id); }
};

int push_node(lua_State* L, LabWorld& world, NodeId id);
// What World::show() says of the nodes, and for each the names of those it calls.
Value show_nodes(const World& world);
// The node at a stack index: a handle of this world, or a name. Throws ScriptError naming the parameter.
NodeId node_at(lua_State* L, LabWorld& world, int index, std::string_view name);
// One node, or a list of them; none where the argument was left out.
std::vector<NodeId> nodes_at(lua_State* L, LabWorld& world, const Arguments& a, std::string_view name);

// Runs a Lua function as a task at a time of the world. The function is at `index`.
void spawn_at(lua_State* L, LabWorld& world, int index, Instant at);

// A request table { type =, ...body } and its timeout, which defaults to one second.
struct LuaRequest {
  Request request;
  std::optional<Duration> timeout;
};
LuaRequest to_request(lua_State* L, int index);

// A handler function of a service: runs as a task for every request, on the node, with a Context.
ServiceFactory handler_factory(LabWorld& world, int function_ref);

}  // namespace syslab
