#include "bindings/world/lab_world.hpp"

#include <fmt/format.h>

#include "bindings/host/convert.hpp"

namespace syslab {

LabWorld::LabWorld(LuaHost& lua_host, WorldOptions options)
    : world(options), host(lua_host), rng(Rng(options.seed).split("script")) {
  const Expected<NodeId> script = world.add_client("script", {.kind = "script"});
  SYSLAB_ASSERT(script.ok() && *script == kScript);
}

LabWorld::~LabWorld() {
  close();
}

void LabWorld::close() {
  if (closed_) return;
  closed_ = true;
  host.tasks().cancel_all(world.scheduler());
}

std::function<std::optional<Instant>(const LabWorld&)> LabWorld::before_run;

std::function<void(LabWorld&)> LabWorld::made;

const std::optional<std::string>& LabWorld::violation() const {
  static const std::optional<std::string> none;
  for (const auto& watch : watches) {
    if (const std::optional<std::string>& seen = watch->violation()) return seen;
  }
  return none;
}

void LabWorld::before_time_passes(lua_State* L) {
  if (host.tasks().current(L) != nullptr || world.running()) {
    throw ScriptError("the world runs already: inside a task or a handler use w:sleep(seconds)");
  }
  if (!replay) return;
  std::erase_if(*replay, [this](const PlannedFault& planned) {
    return world.at(std::max(planned.at, world.now()), planned.fault, planned.lasting).ok();
  });
}

void LabWorld::after_time_passed() {
  if (host.interrupted()) throw ScriptError("interrupted");
  if (on_trial && violation()) throw ScriptError(*violation());
  if (host.tasks().has_error()) throw ScriptError(host.tasks().take_error());
}

double LabWorld::step(lua_State* L, double events) {
  before_time_passes(L);
  double done = 0;
  while (done < events && !host.interrupted() && !host.tasks().has_error() && !(on_trial && violation()) &&
         world.step()) {
    ++done;
  }
  after_time_passed();
  return done;
}

void LabWorld::run(lua_State* L, Instant until, const std::function<bool()>& done) {
  before_time_passes(L);
  std::optional<Instant> stop = before_run ? before_run(*this) : std::nullopt;
  if (stop && *stop > until) stop.reset();
  if (stop) until = std::max(world.now(), *stop - Duration(1));
  // An interrupt is looked at between events, because work in C++ fires no Lua hook.
  host.attention = host.interrupted() || host.tasks().has_error();
  const bool watched = on_trial && !watches.empty();
  if (done || watched) {
    const auto over = [&] { return host.attention != 0 || (watched && violation()) || (done && done()); };
    if (world.run_until(over, until)) stop.reset();
  } else {
    world.run_until(until, host.attention);
  }
  after_time_passed();
  if (stop) throw ScriptError("the replay stops here");
}

LabWorld& alive(LabWorld& world) {
  if (world.closed()) throw ScriptError("this world was closed");
  return world;
}

int push_node(lua_State* L, LabWorld& world, NodeId id) {
  return push(L, std::make_shared<NodeHandle>(NodeHandle{world.shared_from_this(), id}));
}

Value show_nodes(const World& world) {
  Value::List nodes;
  for (std::uint32_t i = LabWorld::kScript.index + 1; i < world.node_count(); ++i) {
    const Host& host = world.host(NodeId{i});
    Value::List targets;
    for (NodeId target : host.targets()) targets.emplace_back(world.name_of(target));
    nodes.push_back(host.show().with("targets", Value::list(std::move(targets))));
  }
  return Value::list(std::move(nodes));
}

NodeId node_at(lua_State* L, LabWorld& world, int index, std::string_view name) {
  if (lua_type(L, index) == LUA_TSTRING) {
    const Expected<NodeId> node = world.world.find(lua_tostring(L, index));
    if (!node) throw ScriptError(node.error().message);
    return *node;
  }
  const NodeHandle* node = object_at<NodeHandle>(L, index);
  if (node == nullptr) {
    throw ScriptError(fmt::format("bad option '{}': expected a Node or its name, got {}", name,
                                  describe_argument(L, index)));
  }
  if (node->world.get() != &world)
    throw ScriptError(fmt::format("bad option '{}': that node is in another world", name));
  return node->id;
}

std::vector<NodeId> nodes_at(lua_State* L, LabWorld& world, const Arguments& a, std::string_view name) {
  std::vector<NodeId> out;
  const int index = a.index_of(name);
  if (index == 0) return out;
  if (lua_type(L, index) != LUA_TTABLE) return {node_at(L, world, index, name)};
  for (std::size_t i = 1; i <= lua_objlen(L, index); ++i) {
    lua_rawgeti(L, index, static_cast<int>(i));
    out.push_back(node_at(L, world, lua_gettop(L), name));
    lua_pop(L, 1);
  }
  return out;
}

void spawn_at(lua_State* L, LabWorld& world, int index, Instant at) {
  lua_pushvalue(L, index);
  const int function = luaL_ref(L, LUA_REGISTRYINDEX);
  world.world.scheduler().at(at, [&world, function] {
    lua_State* main = world.host.state();
    lua_rawgeti(main, LUA_REGISTRYINDEX, function);
    luaL_unref(main, LUA_REGISTRYINDEX, function);
    world.host.tasks().spawn(main, 0, world.world.scheduler());
  });
}

LuaRequest to_request(lua_State* L, int index) {
  LuaRequest out{{}, std::chrono::seconds(1)};
  if (lua_isnoneornil(L, index)) return out;
  const Value given = to_value(L, index);
  if (!given.is_map() && !(given.is_list() && given.list().empty())) {
    throw ScriptError(
        fmt::format("bad argument 'request': expected a table such as {{ type = 'get', key = 'a' }}, got {}",
                    describe_argument(L, index)));
  }
  Value::Map body;
  if (given.is_map()) {
    for (const auto& [key, value] : given.map()) {
      if (key == "type") {
        if (!value.is_string()) throw ScriptError("bad option 'type' of a request: expected a string");
        out.request.type = value.string();
      } else if (key == "timeout") {
        if (!value.is_number() || !(value.number() >= 0)) {
          throw ScriptError("bad option 'timeout' of a request: expected a number of seconds");
        }
        out.timeout = from_seconds(value.number());
      } else {
        body.emplace_back(key, value);
      }
    }
  }
  out.request.body = Value::map(std::move(body));
  return out;
}

}  // namespace syslab
