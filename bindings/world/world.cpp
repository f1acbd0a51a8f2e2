// The Lua type World: build a system, load it, break it, let time pass, look at it.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "bindings/balance/picker.hpp"
#include "bindings/cache/servers.hpp"
#include "bindings/fault/fault.hpp"
#include "bindings/host/convert.hpp"
#include "bindings/host/isolate.hpp"
#include "bindings/resilience/filter.hpp"
#include "bindings/world/autoscaler.hpp"
#include "bindings/world/clients.hpp"
#include "bindings/world/lab_world.hpp"
#include "bindings/world/load.hpp"
#include "bindings/world/task_handle.hpp"
#include "core/balance/balancer.hpp"
#include "core/base/nearest.hpp"

namespace syslab {
namespace {

// What every way of adding hosts has in common.
Param filters_param() {
  return list("filters", "filters around it, the outermost first, such as lab.resilience.timeout{...}")
      .optional("none");
}
Param zone_param() {
  return string("zone", "the zone it stands in").optional("none");
}
Param calls_param() {
  return any("calls", "the service it calls for each request, or a list of them, one after the other")
      .optional("none");
}

std::vector<Param> service_params(std::vector<Param> first) {
  for (Param& p : std::vector<Param>{
           distribution("time", "its service time").optional("no time"),
           count("slots", "requests it serves at once").at_least(1).optional("1"),
           count("queue_limit", "requests that may wait; more are shed as 'overloaded'").optional("no limit"),
           calls_param(),
           duration("call_timeout", "how long it waits for a service that it calls").optional("1 s"),
           function(
               "handler",
               "handler(request, context): computes the answer, after the service time; a task, so it may "
               "wait. Returns the value, or nil and an error")
               .optional("answers { node = NAME }"),
           filters_param(),
           zone_param(),
       }) {
    first.push_back(std::move(p));
  }
  return first;
}

// Adds the nodes that filters call to `targets`.
std::vector<Filter> filters_option(lua_State* L, const LabWorld& w, const Arguments& a,
                                   std::vector<NodeId>& targets) {
  std::vector<Filter> filters;
  const int index = a.index_of("filters");
  for (std::size_t i = 1; index != 0 && i <= lua_objlen(L, index); ++i) {
    lua_rawgeti(L, index, static_cast<int>(i));
    const NamedFilter* filter = object_at<NamedFilter>(L, -1);
    if (filter == nullptr)
      a.reject("filters", fmt::format("item {} should be a Filter, got {}", i, describe_argument(L, -1)));
    if (filter->world != nullptr && filter->world != &w)
      a.reject("filters", fmt::format("item {} uses nodes of another world", i));
    filters.push_back(filter->make);
    targets.insert(targets.end(), filter->targets.begin(), filter->targets.end());
    lua_pop(L, 1);
  }
  return filters;
}

ServiceOptions service_options(lua_State* L, LabWorld& w, Arguments& a) {
  ServiceOptions o;
  o.time = a.distribution("time");
  o.slots = a.count("slots", 1);
  if (a.has("queue_limit")) o.queue_limit = a.count("queue_limit");
  o.calls = nodes_at(L, w, a, "calls");
  o.call_timeout = a.duration("call_timeout", std::chrono::seconds(1));
  if (a.has("handler")) {
    lua_pushvalue(L, a.index_of("handler"));
    o.handler = handler_factory(w, luaL_ref(L, LUA_REGISTRYINDEX));
  }
  o.host.zone = a.string("zone", "");
  o.host.targets = o.calls;
  o.filters = filters_option(L, w, a, o.host.targets);
  return o;
}

template <class T>
T must(Expected<T> result) {
  if (!result) throw ScriptError(result.error().message);
  return std::move(*result);
}

int service(lua_State* L, LabWorld& w, Arguments& a) {
  ServiceOptions o = service_options(L, alive(w), a);
  o.host.kind = "service";
  return push_node(L, w, must(w.world.add_service(a.string("name"), std::move(o))));
}

int fleet(lua_State* L, LabWorld& w, Arguments& a) {
  ServiceOptions o = service_options(L, alive(w), a);
  o.host.kind = "member";
  const std::vector<NodeId> members = must(w.world.add_fleet(a.string("name"), a.count("count"), o));
  lua_createtable(L, static_cast<int>(members.size()), 0);
  for (std::size_t i = 0; i < members.size(); ++i) {
    push_node(L, w, members[i]);
    lua_rawseti(L, -2, static_cast<int>(i + 1));
  }
  return 1;
}

// The options of a sub-table, read by name: { interval = 1, ... }. Throws for names that are not there.
Value sub_options(lua_State* L, const Arguments& a, const char* name, const std::vector<std::string>& known) {
  const Value given = to_value(L, a.index_of(name));
  for (const auto& [key, value] : given.is_map() ? given.map() : Value::Map{}) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      a.reject(name, fmt::format("there is no '{}' in it{}", key, did_you_mean(key, known)));
    }
    if (key != "type" && (!value.is_number() || !(value.number() >= 0)))
      a.reject(name, fmt::format("'{}' is no number of at least 0", key));
  }
  return given;
}

Duration seconds_of(const Value& options, const char* key, Duration otherwise) {
  return options[key].is_number() ? from_seconds(options[key].number()) : otherwise;
}

int balancer(lua_State* L, LabWorld& w, Arguments& a) {
  alive(w);
  BalancerOptions o;
  std::vector<NodeId> backends = nodes_at(L, w, a, "backends");
  if (backends.empty()) a.reject("backends", "a balancer needs at least one");
  for (NodeId node : backends) o.backends.push_back({.node = node});
  if (const int weights = a.index_of("weights"); weights != 0) {
    const Value given = to_value(L, weights);
    if (!given.is_list() || given.list().size() != backends.size())
      a.reject("weights", "there must be one weight for each backend");
    for (std::size_t i = 0; i < backends.size(); ++i) {
      const Value& weight = given.list()[i];
      if (!weight.is_number() || !(weight.number() > 0)) a.reject("weights", "a weight is no number above 0");
      o.backends[i].weight = weight.number();
    }
  }
  if (const auto policy = a.object<BalancePolicy>("policy")) o.policy = policy->make;
  o.timeout = a.maybe_duration("timeout");
  if (a.has("checks")) {
    const Value given = sub_options(L, a, "checks", {"interval", "timeout", "fall", "rise", "type"});
    HealthCheckOptions c;
    c.interval = seconds_of(given, "interval", c.interval);
    c.timeout = seconds_of(given, "timeout", c.timeout);
    if (given["fall"].is_number()) c.fall = static_cast<std::uint32_t>(given["fall"].number());
    if (given["rise"].is_number()) c.rise = static_cast<std::uint32_t>(given["rise"].number());
    if (given["type"].is_string()) c.type = given["type"].string();
    if (c.interval <= Duration::zero() || c.timeout <= Duration::zero() || c.fall == 0 || c.rise == 0) {
      a.reject("checks", "interval, timeout, fall and rise are above 0");
    }
    o.checks = c;
  }
  if (a.has("ejection")) {
    const Value given = sub_options(L, a, "ejection", {"failures", "time", "time_max", "share_max"});
    EjectionOptions e;
    if (given["failures"].is_number())
      e.failures = std::max(1u, static_cast<std::uint32_t>(given["failures"].number()));
    e.time = seconds_of(given, "time", e.time);
    e.time_max = seconds_of(given, "time_max", e.time_max);
    if (given["share_max"].is_number()) e.share_max = std::min(1.0, given["share_max"].number());
    o.ejection = e;
  }
  o.panic = a.number("panic", 0);
  ProcessOptions options;
  options.host = {.zone = a.string("zone", ""), .kind = "balancer", .targets = std::move(backends)};
  options.filters = filters_option(L, w, a, options.host.targets);
  const auto rotation = std::make_shared<Rotation>();
  const auto process = [o, rotation](Env&) {
    BalancerOptions now = o;
    std::erase_if(now.backends, [&](const BackendOptions& b) { return rotation->out.contains(b.node); });
    const auto made = std::make_shared<Balancer>(std::move(now));
    rotation->current = made;
    return made;
  };
  const NodeId id = must(w.world.add_process(a.string("name"), process, std::move(options)));
  w.rotations.emplace(id, rotation);
  return push_node(L, w, id);
}

// The code of a node: a function that uses nothing from outside, or a file.
IsolateOptions isolate_code(lua_State* L, const Arguments& a) {
  IsolateOptions o;
  const int index = a.index_of("code");
  if (lua_type(L, index) == LUA_TSTRING) {
    const std::string path = a.string("code");
    Expected<std::string> text = read_text_file(path);
    if (!text) a.reject("code", text.error().message);
    o.code = std::move(*text);
    o.chunk_name = "@" + path;
    return o;
  }
  if (!lua_isfunction(L, index) || lua_iscfunction(L, index)) {
    a.reject("code", fmt::format("expected a function(node, options) or a file name, got {}",
                                 describe_argument(L, index)));
  }
  if (const char* name = lua_getupvalue(L, index, 1)) {
    lua_pop(L, 1);
    a.reject("code",
             fmt::format(
                 "a node's function runs in a state of its own, so it cannot use the outside variable '{}': "
                 "pass it in options",
                 name));
  }
  lua_pushvalue(L, index);
  lua_dump(
      L,
      [](lua_State*, const void* piece, std::size_t n, void* out) {
        static_cast<std::string*>(out)->append(static_cast<const char*>(piece), n);
        return 0;
      },
      &o.code);
  lua_pop(L, 1);
  o.chunk_name = "=node";
  return o;
}

int node(lua_State* L, LabWorld& w, Arguments& a) {
  alive(w);
  IsolateOptions o = isolate_code(L, a);
  o.options = a.value("options");
  o.memory_cap_bytes = a.count("memory", o.memory_cap_bytes);
  o.budget = a.count("budget", o.budget);
  o.on_error = [&w](NodeId id, const std::string& text) { w.world.host(id).fail_soon(text); };
  o.print = [&w](NodeId id, std::string_view text) {
    while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
    w.world.env(id).log(text);
    if (w.echo)
      w.host.write(fmt::format("[{:.6f} {}] {}\n", to_seconds(w.world.now()), w.world.name_of(id), text));
  };
  NodeOptions options;
  options.time = a.distribution("time");
  options.host = {.zone = a.string("zone", ""), .kind = "node"};
  return push_node(
      L, w, must(w.world.add_node(a.string("name"), isolate_factory(std::move(o)), std::move(options))));
}

// ---- time

int run(lua_State* L, LabWorld& w) {
  alive(w).run(L, saturating_add(w.world.now(), duration_argument(L, 2, "seconds")));
  return 0;
}

int run_until(lua_State* L, LabWorld& w) {
  alive(w);
  if (lua_isnumber(L, 2) != 0) {
    const Instant until = Instant(duration_argument(L, 2, "time"));
    if (until < w.world.now())
      throw ScriptError(
          fmt::format("the time {} s is over: it is {} s", to_seconds(until), to_seconds(w.world.now())));
    w.run(L, until);
    return 0;
  }
  if (!lua_isfunction(L, 2)) {
    throw ScriptError(fmt::format("bad argument 'condition': expected a function or a time, got {}",
                                  describe_argument(L, 2)));
  }
  const Instant limit = lua_isnoneornil(L, 3)
                            ? Instant::max()
                            : saturating_add(w.world.now(), duration_argument(L, 3, "limit"));
  bool holds = false;
  std::string error;
  w.run(L, limit, [&] {
    lua_pushvalue(L, 2);
    if (lua_pcall(L, 0, 1, 0) != 0)
      error = lua_tostring(L, -1) == nullptr ? "the condition failed" : lua_tostring(L, -1);
    holds = error.empty() && lua_toboolean(L, -1) != 0;
    lua_pop(L, 1);
    return holds || !error.empty();
  });
  if (!error.empty()) {
    lua_pushlstring(L, error.data(), error.size());
    return lua_error(L);
  }
  lua_pushboolean(L, holds);
  return 1;
}

int step(lua_State* L, LabWorld& w) {
  const double n = lua_isnoneornil(L, 2) ? 1 : number_argument(L, 2, "n");
  lua_pushnumber(L, alive(w).step(L, n));
  return 1;
}

int now(lua_State* L, LabWorld& w) {
  lua_pushnumber(L, to_seconds(w.world.now()));
  return 1;
}

int seed(lua_State* L, LabWorld& w) {
  lua_pushnumber(L, static_cast<double>(w.world.seed()));
  return 1;
}

int digest(lua_State* L, LabWorld& w) {
  lua_pushstring(L, w.world.digest().c_str());
  return 1;
}

int random(lua_State* L, LabWorld& w) {
  if (lua_isnoneornil(L, 2)) {
    lua_pushnumber(L, w.rng.unit());
    return 1;
  }
  const double n = number_argument(L, 2, "n");
  if (!(n >= 1 && n <= 0x1p53)) throw ScriptError("bad argument 'n': expected a whole number of at least 1");
  lua_pushnumber(L, static_cast<double>(w.rng.below(static_cast<std::uint64_t>(n)) + 1));
  return 1;
}

// ---- tasks

int spawn(lua_State* L, LabWorld& w) {
  alive(w);
  if (!lua_isfunction(L, 2)) {
    throw ScriptError(
        fmt::format("bad argument 'function': expected a function, got {}", describe_argument(L, 2)));
  }
  const Task& task = w.host.tasks().spawn(L, lua_gettop(L) - 2, w.world.scheduler());
  return push_task(L, Tasks::ref(task));
}

int sleep(lua_State* L, LabWorld& w) {
  Duration time;
  if (const Distribution* distribution = object_at<const Distribution>(L, 2)) {
    time = sample_duration(*distribution, w.rng);
  } else if (lua_type(L, 2) == LUA_TNUMBER) {
    time = duration_argument(L, 2, "seconds");
  } else {
    throw ScriptError(fmt::format("bad argument 'seconds': expected a number or a Distribution, got {}",
                                  describe_argument(L, 2)));
  }
  Tasks& tasks = w.host.tasks();
  if (Task* task = tasks.current(L)) return tasks.sleep(L, *task, time);
  alive(w).run(L, saturating_add(w.world.now(), time));
  return 0;
}

int resource(lua_State* L, LabWorld& w, Arguments& a) {
  alive(w).resources.emplace_back(w.host.tasks(), a.count("slots", 1));
  return push(L, std::shared_ptr<Resource>(w.shared_from_this(), &w.resources.back()));
}

int channel(lua_State* L, LabWorld& w) {
  alive(w).channels.emplace_back(w.host.tasks());
  return push(L, std::shared_ptr<Channel>(w.shared_from_this(), &w.channels.back()));
}

// ---- faults

FaultPtr fault_argument(lua_State* L, int index) {
  FaultPtr fault = shared_at<Fault>(L, index);
  if (fault == nullptr) {
    throw ScriptError(
        fmt::format("bad argument 'fault': expected a Fault such as lab.fault.crash('app-1'), got {}",
                    describe_argument(L, index)));
  }
  return fault;
}

std::optional<Duration> lasting(lua_State* L, int index) {
  if (lua_isnoneornil(L, index)) return std::nullopt;
  return duration_argument(L, index, "lasting");
}

// Carries out `plan` with the fault at a stack index. In a replay the script's own faults, and their ends, are ignored.
template <class Plan>
int push_fault(lua_State* L, LabWorld& w, int index, Plan&& plan) {
  const FaultPtr fault = fault_argument(L, index);
  const std::optional<Duration> time = lasting(L, index + 1);
  FaultId id;
  if (w.replay) {
    must(fault->check(w.world));
  } else {
    id = must(plan(fault, time));
  }
  lua_pushnumber(L, static_cast<double>(id.value));
  return 1;
}

int at(lua_State* L, LabWorld& w) {
  alive(w);
  const Instant when = Instant(duration_argument(L, 2, "time"));
  if (when < w.world.now())
    throw ScriptError(
        fmt::format("the time {} s is over: it is {} s", to_seconds(when), to_seconds(w.world.now())));
  if (lua_isfunction(L, 3)) {
    spawn_at(L, w, 3, when);
    return 0;
  }
  return push_fault(L, w, 3, [&](const FaultPtr& fault, std::optional<Duration> time) {
    return w.world.at(when, fault, time);
  });
}

int inject(lua_State* L, LabWorld& w) {
  return push_fault(L, alive(w), 2, [&](const FaultPtr& fault, std::optional<Duration> time) {
    return w.world.inject(fault, time);
  });
}

int heal(lua_State* L, LabWorld& w) {
  if (alive(w).replay) return 0;
  if (lua_isnoneornil(L, 2)) {
    w.world.heal_all();
  } else {
    w.world.heal(FaultId{static_cast<std::uint64_t>(number_argument(L, 2, "fault"))});
  }
  return 0;
}

// Replays of a journal name a fault's end by its number there.
int heal_at(lua_State* L, LabWorld& w) {
  const Instant when = Instant(duration_argument(L, 2, "time"));
  if (when < alive(w).world.now()) throw ScriptError("that time is over");
  if (w.replay) return 0;
  w.world.faults().heal_at(when, FaultId{static_cast<std::uint64_t>(number_argument(L, 3, "fault"))});
  return 0;
}

int schedule(lua_State* L, LabWorld& w) {
  const std::string text = w.world.schedule_lua();
  lua_pushlstring(L, text.data(), text.size());
  return 1;
}

int faults(lua_State* L, LabWorld& w) {
  lua_newtable(L);
  int i = 0;
  for (const FaultTimeline::Band& band : w.world.faults().bands()) {
    lua_createtable(L, 0, 4);
    lua_pushnumber(L, to_seconds(band.from));
    lua_setfield(L, -2, "from");
    if (band.to != Instant::max()) {
      lua_pushnumber(L, to_seconds(band.to));
      lua_setfield(L, -2, "to");
    }
    lua_pushstring(L, band.name.c_str());
    lua_setfield(L, -2, "name");
    lua_pushstring(L, band.describe.c_str());
    lua_setfield(L, -2, "describe");
    lua_rawseti(L, -2, ++i);
  }
  return 1;
}

// ---- looking

int find(lua_State* L, LabWorld& w) {
  return push_node(L, w, node_at(L, alive(w), 2, "name"));
}

int nodes(lua_State* L, LabWorld& w) {
  alive(w);
  lua_createtable(L, static_cast<int>(w.world.node_count()), 0);
  for (std::uint32_t i = LabWorld::kScript.index + 1; i < w.world.node_count(); ++i) {
    push_node(L, w, NodeId{i});
    lua_rawseti(L, -2, static_cast<int>(i));
  }
  return 1;
}

int snapshot(lua_State* L, LabWorld& w) {
  lua_createtable(L, 0, 4);
  lua_pushnumber(L, to_seconds(w.world.now()));
  lua_setfield(L, -2, "time");
  lua_pushnumber(L, static_cast<double>(w.world.seed()));
  lua_setfield(L, -2, "seed");
  lua_pushstring(L, w.world.digest().c_str());
  lua_setfield(L, -2, "digest");
  push_value(L, show_nodes(w.world));
  lua_setfield(L, -2, "nodes");
  faults(L, w);
  lua_setfield(L, -2, "faults");
  return 1;
}

// Over the links between the nodes of a list, or all that are part of the system.
int traffic(lua_State* L, LabWorld& w) {
  alive(w);
  std::vector<NodeId> nodes;
  if (lua_istable(L, 2)) {
    for (std::size_t i = 1; i <= lua_objlen(L, 2); ++i) {
      lua_rawgeti(L, 2, static_cast<int>(i));
      nodes.push_back(node_at(L, w, lua_gettop(L), "nodes"));
      lua_pop(L, 1);
    }
  } else {
    for (std::uint32_t i = LabWorld::kScript.index + 1; i < w.world.node_count(); ++i) nodes.push_back(NodeId{i});
  }
  LinkStats sum;
  for (const NodeId from : nodes) {
    for (const NodeId to : nodes) {
      const LinkStats link = w.world.network().stats(from, to);
      sum.sent += link.sent;
      sum.delivered += link.delivered;
      sum.lost += link.lost;
      sum.bytes += link.bytes;
    }
  }
  lua_createtable(L, 0, 4);
  const auto number = [&](const char* field, std::uint64_t value) {
    lua_pushnumber(L, static_cast<double>(value));
    lua_setfield(L, -2, field);
  };
  number("messages", sum.sent);
  number("delivered", sum.delivered);
  number("lost", sum.lost);
  number("bytes", sum.bytes);
  return 1;
}

int violation(lua_State* L, LabWorld& w) {
  const std::optional<std::string>& seen = w.violation();
  if (!seen) return 0;
  lua_pushlstring(L, seen->data(), seen->size());
  return 1;
}

int trace_events(lua_State* L, LabWorld& w) {
  const Trace& trace = w.world.trace();
  const auto limit = static_cast<std::size_t>(lua_isnoneornil(L, 2) ? 1e18 : number_argument(L, 2, "last"));
  const std::size_t first = trace.size() > limit ? trace.size() - limit : 0;
  lua_createtable(L, static_cast<int>(trace.size() - first), 0);
  const auto text = [&](const char* key, std::string_view value) {
    lua_pushlstring(L, value.data(), value.size());
    lua_setfield(L, -2, key);
  };
  for (std::size_t i = first; i < trace.size(); ++i) {
    const TraceEvent& e = trace[i];
    lua_createtable(L, 0, 8);
    lua_pushnumber(L, to_seconds(e.at));
    lua_setfield(L, -2, "at");
    lua_pushnumber(L, static_cast<double>(trace.dropped() + i));
    lua_setfield(L, -2, "step");
    text("kind", to_string(e.kind));
    if (e.node != kNoNode) text("node", w.world.name_of(e.node));
    if (e.peer != kNoNode) text("peer", w.world.name_of(e.peer));
    if (!e.label.empty()) text("label", e.label);
    if (!e.form.empty()) text("form", e.form);
    lua_pushnumber(L, static_cast<double>(e.id));
    lua_setfield(L, -2, "id");
    if (e.arrival) {
      lua_pushnumber(L, to_seconds(*e.arrival));
      lua_setfield(L, -2, "arrival");
    }
    if (!e.detail.is_nil()) {
      push_value(L, e.detail);
      lua_setfield(L, -2, "detail");
    }
    lua_rawseti(L, -2, static_cast<int>(i - first + 1));
  }
  return 1;
}

int save_trace(lua_State* L, LabWorld& w) {
  const std::string path(string_argument(L, 2, "file"));
  std::ofstream out(path, std::ios::binary);
  w.world.trace().write_json_lines(out, [&](NodeId id) { return w.world.name_of(id); });
  out.flush();
  if (!out) return push_failure(L, make_error("io_error", fmt::format("cannot write {}", path)));
  lua_pushnumber(L, static_cast<double>(w.world.trace().size()));
  return 1;
}

int close(lua_State*, LabWorld& w) {
  if (w.world.running()) throw ScriptError("a world cannot be closed while it runs");
  w.close();
  return 0;
}

const Type world{describe_type<LabWorld>(
    "World", "A simulated cluster: nodes, network, disks, clocks and faults, in virtual time.",
    {
        method<&at>("at", "(time, fault | function, lasting?) -> number?",
                    "Plans a fault, and its end after `lasting` seconds; or runs a function as a task."),
        method<&add_autoscaler>("autoscaler", autoscaler_params(), "Autoscaler",
                                "Adds a node that starts and stops the members of a fleet by what it measures."),
        method<&balancer>(
            "balancer",
            {string("name", "its name"), any("backends", "the services it passes requests to"),
             object("policy", "BalancePolicy", "how it picks").optional("lab.balance.round_robin()"),
             list("weights", "relative capacities, one for each backend").optional("all 1"),
             duration("timeout", "of each request it passes on").above(0).optional("none"),
             table("checks",
                   "active health checks: { interval = 2, timeout = 1, fall = 3, rise = 2, type = 'ping' }")
                 .optional("none"),
             table("ejection",
                   "takes a backend out after failures in a row: { failures = 5, time = 30, time_max = 300, "
                   "share_max = 0.1 }")
                 .optional("none"),
             probability("panic", "below this share of healthy backends health is ignored").optional("0"),
             filters_param(), zone_param()},
            "Node", "Adds a balancer in front of services."),
        method<&add_cache>("cache", add_cache_params(), "CacheServers",
                           "Adds cache servers of one make, and gives a client's view of them."),
        method<&channel>("channel", "() -> Channel", "A channel for tasks."),
        method<&add_clients>("clients", clients_params(), "Clients",
                             "Adds clients that use a replicated store and record what they saw."),
        method<&close>("close", "()", "Ends it: tasks are cancelled and handles are dead."),
        method<&digest>("digest", "() -> string",
                        "16 hex digits over everything that happened; equal runs have equal digests."),
        method<&faults>("faults", "() -> list", "The faults so far: { name =, describe =, from =, to = }."),
        method<&find>("find", "(name) -> Node", "The node of that name."),
        method<&fleet>("fleet",
                       service_params({string("name", "its members are NAME-1, NAME-2 ..."),
                                       count("count", "how many members").at_least(1)}),
                       "list of Nodes", "Adds several equal services."),
        method<&heal>("heal", "(fault?)",
                      "Takes a fault back, by the number that at or inject gave; without one, all."),
        method<&heal_at>("heal_at", "(time, fault)", "Plans the end of a fault."),
        method<&inject>("inject", "(fault, lasting?) -> number", "A fault now."),
        method<&add_load>("load", load_params(), "Load", "Adds a load generator."),
        lua_method("messages", "({ last =, from =, to =, types =, nodes = }?) -> Picture",
                   "The messages of the last while as a space-time diagram.", "world_view", "messages"),
        method<&inject>("nemesis", "(fault) -> number",
                        "The same as inject, for faults that go on by themselves, such as chaos."),
        method<&node>(
            "node",
            {string("name", "its name"),
             any("code",
                 "function(node, options) without outside variables, or a file: it puts on_start, "
                 "on_message, "
                 "on_request, on_timer and on_stop into node"),
             value("options", "passed to the code at every start").optional("nil"),
             distribution("time", "handling time of a message").optional("no time"),
             size("memory", "bytes of Lua memory it may use").at_least(1 << 20).optional("64 MiB"),
             count("budget", "VM instructions a handler may run; 0: no limit").optional("10 million"),
             zone_param()},
            "Node",
            "Adds a node written in Lua. It runs in a Lua state of its own: a crash destroys its memory."),
        method<&nodes>("nodes", "() -> list of Nodes", "All nodes, in order of creation."),
        method<&now>("now", "() -> seconds", "The world's time."),
        method<&random>("random", "(n?) -> number",
                        "From 0 to 1, or a whole number from 1 to n; depends on the seed only."),
        method<&add_replicas>("replicas", replicas_params(), "list of Nodes",
                              "Adds the replicas of a replicated store."),
        method<&resource>("resource",
                          {count("slots", "how many tasks may hold it").at_least(1).optional("1")},
                          "Resource", "Slots that tasks hold and wait for."),
        method<&run>("run", "(seconds)", "Lets time pass."),
        method<&run_until>(
            "run_until", "(time | condition, limit?) -> boolean",
            "Lets time pass until a time, or until condition() holds or `limit` seconds are over."),
        method<&save_trace>("save_trace", "(file) -> events | nil, err",
                            "Writes the kept trace as JSON lines."),
        method<&schedule>("schedule", "() -> string",
                          "Lua source that plans the same faults again: load(text)()(w)."),
        method<&seed>("seed", "() -> number", "What every random stream of the world comes from."),
        method<&service>("service", service_params({string("name", "its name")}), "Node",
                         "Adds a service: slots that serve, a queue that waits, services that it calls."),
        lua_method("show", "() -> Picture", "The topology and its live state as a picture.", "world_view",
                   "show"),
        method<&sleep>("sleep", "(seconds | Distribution)",
                       "In a task: waits. In the main chunk: lets time pass."),
        method<&snapshot>("snapshot", "() -> table",
                          "Everything to show now: time, seed, digest, nodes, faults."),
        method<&spawn>("spawn", "(function, ...) -> Task", "Runs a function as a task, from now on."),
        method<&step>("step", "(n?) -> number", "Lets the next n events happen; how many did."),
        method<&trace_events>("trace_events", "(last?) -> list", "The kept events of the trace."),
        method<&traffic>("traffic", "(nodes?) -> table",
                         "Messages between these nodes, or all: { messages =, delivered =, lost =, bytes = }; "
                         "bytes are of those delivered."),
        method<&violation>("violation", "() -> string | nil",
                           "What the watch of a protocol saw here that must never be, such as two leaders in a term."),
    },
    [](lua_State* L, int index) -> std::string {
      const LabWorld* w = object_at<LabWorld>(L, index);
      if (w->closed()) return "closed";
      return fmt::format("seed={}, time={} s, nodes={}, steps={}", w->world.seed(),
                         to_seconds(w->world.now()), w->world.node_count() - 1, w->world.trace().steps());
    })};

const Component make_world{{
    .name = "world",
    .summary = "A simulated cluster in virtual time; the same script and seed always give the same run.",
    .params = {count("seed", "what all randomness comes from").optional("the session's seed"),
               distribution("latency", "one-way delay of a link").optional("250 us"),
               rate("bandwidth", "bytes a second of a link; 0: no limit").optional("no limit"),
               probability("loss", "share of messages that links lose").optional("0"),
               distribution("zone_latency", "added between nodes of different zones").optional("none"),
               count("keep", "trace events that are kept for pictures").optional("200000"),
               boolean("echo", "show what nodes print").optional("true")},
    .returns = "World",
    .cost = "about 1 us a message, 50 ns a timer",
    .example = R"(
local w = lab.world{ seed = 7 }
local db = w:service("db", { time = lab.dist.exp{ mean = 2*ms } })
local answer = db:call{ type = "get", key = "a" }
return answer.node == "db" and w:now() > 0)",
    .make =
        [](lua_State* L, Arguments& a) {
          LuaHost& host = LuaHost::of(L);
          WorldOptions o;
          o.seed = a.count("seed", host.options().seed);
          o.link.latency = a.distribution("latency");
          o.link.bandwidth = a.number("bandwidth", 0);
          o.link.loss = a.number("loss", 0);
          o.zone_latency = a.distribution("zone_latency");
          o.trace_keep = a.count("keep", o.trace_keep);
          auto world = std::make_shared<LabWorld>(host, o);
          world->echo = a.boolean("echo", true);
          if (LabWorld::made) LabWorld::made(*world);
          host.seconds = [weak = std::weak_ptr<LabWorld>(world)] {
            const auto w = weak.lock();
            return w == nullptr ? 0.0 : to_seconds(w->world.now());
          };
          push(L, world);
          lua_pushvalue(L, -1);
          lua_setfield(L, LUA_REGISTRYINDEX, "syslab.world");  // for the prompt: the last world
          return 1;
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
