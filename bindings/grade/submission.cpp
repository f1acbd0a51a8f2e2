#include "bindings/grade/submission.hpp"

#include <fmt/format.h>

#include "bindings/grade/remote_node.hpp"
#include "bindings/grade/wire.hpp"
#include "bindings/host/convert.hpp"
#include "bindings/host/object.hpp"
#include "bindings/world/lab_world.hpp"

namespace syslab::grade {
namespace {

class LocalPort final : public StudentPort {
 public:
  explicit LocalPort(bool remote_nodes) : remote_nodes_(remote_nodes) {}
  std::string ask(std::string request, const Student::CallBack& call_back) override {
    return over_.empty() ? student_.answer(request, call_back) : over_;
  }
  void close(Trouble why, std::string_view text) override {
    if (over_.empty()) over_ = trouble(why, text);
  }
  char over() const override { return over_.size() > 1 ? over_[1] : '\0'; }
  NodeFactory node(const std::shared_ptr<StudentPort>& self, IsolateOptions options) override {
    return remote_nodes_ ? remote_node_factory(self, std::move(options)) : isolate_factory(std::move(options));
  }

 private:
  bool remote_nodes_;
  std::string over_;
  Student student_;
};

PortMaker& port_maker() {
  static PortMaker maker = &make_local_port;
  return maker;
}

// On the check's side an object of the student's code is a table with the metatable "syslab.student_object", which
// lua/guide/submission.lua makes (registry "syslab.make_student_object"); a callback is a place in the registry.
class CheckResidents final : public Residents {
 public:
  CheckResidents(lua_State* L, std::uint32_t instance) : L_(L), instance_(instance) {}
  ~CheckResidents() override {
    for (const int reference : callbacks_) luaL_unref(L_, LUA_REGISTRYINDEX, reference);
  }

  bool write(lua_State* L, int index, Writer& out) override {
    if (lua_isfunction(L, index)) {
      lua_pushvalue(L, index);
      callbacks_.push_back(luaL_ref(L, LUA_REGISTRYINDEX));
      out.byte('K');
      out.u32(static_cast<std::uint32_t>(callbacks_.size() - 1));
      return true;
    }
    if (!lua_istable(L, index)) {
      throw ScriptError(fmt::format("{} cannot be passed to a student's code", describe_argument(L, index)));
    }
    if (lua_getmetatable(L, index) == 0) return false;
    luaL_getmetatable(L, "syslab.student_object");
    const bool ours = lua_rawequal(L, -1, -2) != 0;
    lua_pop(L, 2);
    if (!ours) return false;
    if (number_field(L, index, "instance") != instance_) {
      throw ScriptError("this object belongs to another load of the student's file");
    }
    out.byte('R');
    out.u32(number_field(L, index, "reference"));
    return true;
  }

  void push(lua_State* L, char tag, std::uint32_t id) override {
    if (tag != 'R') throw WireError("a callback that is none");
    lua_getfield(L, LUA_REGISTRYINDEX, "syslab.make_student_object");
    lua_pushnumber(L, instance_);
    lua_pushnumber(L, id);
    lua_call(L, 2, 1);
  }

  int callback(std::uint32_t id) const {
    if (id >= callbacks_.size()) throw WireError("a callback that is none");
    return callbacks_[id];
  }

  static std::uint32_t number_field(lua_State* L, int index, const char* name) {
    lua_pushstring(L, name);
    lua_rawget(L, index);
    const auto n = static_cast<std::uint32_t>(lua_tonumber(L, -1));
    lua_pop(L, 1);
    return n;
  }

 private:
  lua_State* L_;
  std::uint32_t instance_;
  std::vector<int> callbacks_;
};

Submission& submission_at(lua_State* L) {
  Submission* found = object_at<Submission>(L, 1);
  if (found == nullptr) throw ScriptError("expected a Submission");
  return *found;
}

// Runs the check's function that the student's code asks for. What it raises stays in the registry, so that the code
// cannot swallow it: the check goes on with it as soon as the code returns.
std::string run_callback(lua_State* L, CheckResidents& residents, std::string_view request) {
  Reader in(request);
  const int function = residents.callback(in.u32());
  const int top = lua_gettop(L);
  luaL_checkstack(L, 20, "calls are nested too deeply");
  lua_rawgeti(L, LUA_REGISTRYINDEX, function);
  const int arguments = push_values(L, in, residents);
  if (lua_pcall(L, arguments, LUA_MULTRET, 0) != 0) {
    lua_setfield(L, LUA_REGISTRYINDEX, "syslab.callback_error");
    lua_settop(L, top);
    return trouble(Trouble::error, "the check ended this call");
  }
  Writer out;
  out.byte('r');
  write_values(L, top + 1, residents, out);
  lua_settop(L, top);
  return out.take();
}

// Sends a request whose arguments begin at `first`; pushes true and the values, or false, the kind of trouble and a
// text.
int exchange(lua_State* L, Submission& submission, std::uint32_t instance, Writer request, int first) {
  CheckResidents residents(L, instance);
  write_values(L, first, residents, request);
  const std::string reply = submission.port->ask(
      request.take(), [&](std::string_view wanted) { return run_callback(L, residents, wanted); });
  lua_getfield(L, LUA_REGISTRYINDEX, "syslab.callback_error");
  if (!lua_isnil(L, -1)) {
    lua_pushnil(L);
    lua_setfield(L, LUA_REGISTRYINDEX, "syslab.callback_error");
    return lua_error(L);
  }
  lua_settop(L, 0);
  try {
    Reader in(reply);
    if (in.byte() == 'r') {
      lua_pushboolean(L, 1);
      return 1 + push_values(L, in, residents);
    }
    const char kind = in.byte();
    const std::string_view text = in.text();
    lua_pushboolean(L, 0);
    lua_pushlstring(L, &kind, 1);
    lua_pushlstring(L, text.data(), text.size());
  } catch (const WireError& e) {
    lua_settop(L, 0);
    lua_pushboolean(L, 0);
    lua_pushliteral(L, "g");
    lua_pushstring(L, e.what());
  }
  return 3;
}

// open(name, source, uses, direct) -> Submission; with `direct` its nodes are isolates of the world itself
int open(lua_State* L) {
  auto submission = std::make_shared<Submission>();
  submission->name = string_argument(L, 1, "name");
  submission->source = string_argument(L, 2, "source");
  luaL_checktype(L, 3, LUA_TTABLE);
  for (int i = 1; i <= static_cast<int>(lua_objlen(L, 3)); ++i) {
    lua_rawgeti(L, 3, i);
    submission->uses.emplace_back(string_argument(L, -1, "uses"));
    lua_pop(L, 1);
  }
  submission->port = lua_toboolean(L, 4) != 0 ? make_direct_port() : port_maker()();
  Writer request;
  request.byte('S');
  request.text(submission->name);
  request.text(submission->source);
  request.u32(static_cast<std::uint32_t>(submission->uses.size()));
  for (const std::string& name : submission->uses) request.text(name);
  submission->port->ask(request.take(), nullptr);
  return push(L, std::move(submission));
}

// load(submission, instance, seed, budget, memory, arguments...)
int load(lua_State* L) {
  Submission& submission = submission_at(L);
  const auto instance = static_cast<std::uint32_t>(number_argument(L, 2, "instance"));
  Writer request;
  request.byte('L');
  request.u32(instance);
  request.u64(static_cast<std::uint64_t>(number_argument(L, 3, "seed")));
  request.u64(static_cast<std::uint64_t>(number_argument(L, 4, "budget")));
  request.u64(static_cast<std::uint64_t>(number_argument(L, 5, "memory")));
  return exchange(L, submission, instance, std::move(request), 6);
}

// call(submission, instance, reference, field or false, arguments...)
int call(lua_State* L) {
  Submission& submission = submission_at(L);
  const auto instance = static_cast<std::uint32_t>(number_argument(L, 2, "instance"));
  Writer request;
  request.byte('C');
  request.u32(instance);
  request.u32(static_cast<std::uint32_t>(number_argument(L, 3, "reference")));
  if (lua_type(L, 4) == LUA_TSTRING) {
    request.byte('f');
    request.text(string_argument(L, 4, "field"));
  } else {
    request.byte('v');
  }
  return exchange(L, submission, instance, std::move(request), 5);
}

// get(submission, instance, reference, field)
int get(lua_State* L) {
  Submission& submission = submission_at(L);
  const auto instance = static_cast<std::uint32_t>(number_argument(L, 2, "instance"));
  Writer request;
  request.byte('G');
  request.u32(instance);
  request.u32(static_cast<std::uint32_t>(number_argument(L, 3, "reference")));
  request.text(string_argument(L, 4, "field"));
  return exchange(L, submission, instance, std::move(request), 5);
}

// output(submission, instance): what the code has printed
int output(lua_State* L) {
  Submission& submission = submission_at(L);
  const auto instance = static_cast<std::uint32_t>(number_argument(L, 2, "instance"));
  Writer request;
  request.byte('O');
  request.u32(instance);
  return exchange(L, submission, instance, std::move(request), 3);
}

// drop(submission, instance): ends a load
int drop(lua_State* L) {
  Submission& submission = submission_at(L);
  const auto instance = static_cast<std::uint32_t>(number_argument(L, 2, "instance"));
  Writer request;
  request.byte('D');
  request.u32(instance);
  return exchange(L, submission, instance, std::move(request), 3);
}

// crashes(submission) -> list of { node =, at =, text = }: those of its nodes since the last time
int crashes(lua_State* L) {
  Submission& submission = submission_at(L);
  lua_newtable(L);
  for (std::size_t i = 0; i < submission.crashes.size(); ++i) {
    const Submission::Crash& crash = submission.crashes[i];
    lua_createtable(L, 0, 3);
    lua_pushlstring(L, crash.node.data(), crash.node.size());
    lua_setfield(L, -2, "node");
    lua_pushnumber(L, to_seconds(crash.at));
    lua_setfield(L, -2, "at");
    lua_pushlstring(L, crash.text.data(), crash.text.size());
    lua_setfield(L, -2, "text");
    lua_rawseti(L, -2, static_cast<int>(i + 1));
  }
  submission.crashes.clear();
  return 1;
}

// nodes(submission) -> { NAME = true }: what its nodes have been called since the last time
int nodes(lua_State* L) {
  Submission& submission = submission_at(L);
  lua_newtable(L);
  for (const std::string& name : submission.nodes) {
    lua_pushboolean(L, 1);
    lua_setfield(L, -2, name.c_str());
  }
  submission.nodes.clear();
  return 1;
}

// A check's moves: its calls of the student's code, and its letting time pass. A replay stops before one of them, or in
// the midst of one that lets time pass, just before a moment.
struct Moves {
  struct Run {
    std::uint64_t move;
    const LabWorld* world;  // to be compared only
    Instant begin;
  };
  std::uint64_t made = 0;
  std::uint64_t stop_before = 0;  // 0: never
  std::optional<Instant> moment;
  std::vector<Run> runs;
  bool next() { return ++made == stop_before; }
};

Moves& moves() {
  static Moves all;
  return all;
}

// begin_check(submission, stop_before, moment or nil): a check begins; its moves are counted from 0
int begin_check(lua_State* L) {
  submission_at(L).port->begin_check();
  moves() = {0, static_cast<std::uint64_t>(number_argument(L, 2, "stop_before")), std::nullopt, {}};
  if (!lua_isnoneornil(L, 3)) moves().moment = Instant(from_seconds(number_argument(L, 3, "moment")));
  LabWorld::before_run = [](const LabWorld& world) -> std::optional<Instant> {
    const bool stop = moves().next();
    moves().runs.push_back({moves().made, &world, world.world.now()});
    if (stop && !moves().moment) throw ScriptError("the replay stops here");
    return stop ? moves().moment : std::nullopt;
  };
  return 0;
}

// move_at(world, moment) -> number of the move in which that world came to a moment; 0: in none
int move_at(lua_State* L) {
  const std::shared_ptr<LabWorld> world = shared_at<LabWorld>(L, 1);
  const Instant moment(from_seconds(number_argument(L, 2, "moment")));
  std::uint64_t found = 0;
  for (const Moves::Run& run : moves().runs) {
    // A world that is gone may have had the same address: what counts is the last time that it is there.
    if (run.world == world.get() && run.begin < moment) found = run.move;
  }
  lua_pushnumber(L, static_cast<double>(found));
  return 1;
}

// move() -> whether the replay stops before it
int move(lua_State* L) {
  lua_pushboolean(L, moves().next() ? 1 : 0);
  return 1;
}

// moves_made() -> number
int moves_made(lua_State* L) {
  lua_pushnumber(L, static_cast<double>(moves().made));
  return 1;
}

// over(submission) -> the kind of trouble that its program has ended with, or nil
int over(lua_State* L) {
  const char kind = submission_at(L).port->over();
  if (kind == '\0') return 0;
  lua_pushlstring(L, &kind, 1);
  return 1;
}

// name(submission) -> the file's name
int name(lua_State* L) {
  const Submission& submission = submission_at(L);
  lua_pushlstring(L, submission.name.data(), submission.name.size());
  return 1;
}

// close(submission): ends whatever runs it
int close(lua_State* L) {
  submission_at(L).port->close(Trouble::gone, "because it was ended");
  return 0;
}

// submission:node(world, name, { options =, ... })
int node(lua_State* L, Submission& submission, Arguments& a) {
  const std::shared_ptr<LabWorld> world = a.object<LabWorld>("world");
  LabWorld& w = alive(*world);
  IsolateOptions o;
  o.code = submission.source;
  o.chunk_name = "@" + submission.name;
  o.submitted = true;
  o.uses = submission.uses;
  o.options = a.value("options");
  o.memory_cap_bytes = a.count("memory", o.memory_cap_bytes);
  o.budget = a.count("budget", o.budget);
  const std::shared_ptr<Submission> owner = shared_at<Submission>(L, 1);
  o.on_error = [&w, weak = std::weak_ptr(owner)](NodeId id, const std::string& text) {
    constexpr std::size_t kCrashesKept = 20;
    const std::shared_ptr<Submission> it = weak.lock();
    if (it != nullptr && it->crashes.size() < kCrashesKept) {
      it->crashes.push_back({w.world.name_of(id), w.world.now(), text});
    }
    w.world.host(id).fail_soon(text);
  };
  o.print = [&w](NodeId id, std::string_view text) {
    while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
    w.world.env(id).log(text);
  };
  NodeOptions options;
  options.time = a.distribution("time");
  options.host = {.zone = a.string("zone", ""), .kind = "node"};
  const Expected<NodeId> id =
      w.world.add_node(a.string("name"), submission.port->node(submission.port, std::move(o)), std::move(options));
  if (!id) throw ScriptError(id.error().message);
  submission.nodes.push_back(w.world.name_of(*id));
  return push_node(L, w, *id);
}

const Type submission_type{describe_type<Submission>(
    "Submission", "A student's file, as the check of a lab's part sees it.",
    {
        lua_method("load", "({ arguments =, seed =, budget =, memory = }?) -> object",
                   "Runs the file in a fresh state of its own and returns what it returned: an object whose functions "
                   "can be called with plain values. The seed is the part's unless given.",
                   "guide.submission", "load"),
        method<&node>("node",
                      {
                          object("world", "World", "the world it becomes part of"),
                          string("name", "the node's name"),
                          value("options", "passed to the file as its second argument").optional("none"),
                          count("memory", "bytes its state may take").at_least(1 << 20).optional("64 MiB"),
                          count("budget", "VM instructions that a handler may run").at_least(1).optional("10 000 000"),
                          distribution("time", "the time each message takes").optional("no time"),
                          string("zone", "the zone it stands in").optional("none"),
                      },
                      "Node", "Adds a node that runs the file, with `node` and `options` as its arguments."),
        lua_method("get", "(object, name) -> value", "A field of an object of the file's.", "guide.submission", "get"),
        lua_method("printed", "() -> string", "What the file's modules have printed, at most 16 KiB each.",
                   "guide.submission", "printed"),
    })};

}  // namespace

std::shared_ptr<StudentPort> make_local_port() { return std::make_shared<LocalPort>(true); }
std::shared_ptr<StudentPort> make_direct_port() { return std::make_shared<LocalPort>(false); }
void set_port_maker(PortMaker maker) { port_maker() = std::move(maker); }

void install_submission_functions(lua_State* L) {
  lua_newtable(L);
  const auto set = [L](const char* name, lua_CFunction function) {
    lua_pushcfunction(L, function);
    lua_setfield(L, -2, name);
  };
  set("open", &guard<&open>);
  set("load", &guard<&load>);
  set("call", &guard<&call>);
  set("get", &guard<&get>);
  set("output", &guard<&output>);
  set("drop", &guard<&drop>);
  set("crashes", &guard<&crashes>);
  set("nodes", &guard<&nodes>);
  set("name", &guard<&name>);
  set("over", &guard<&over>);
  set("begin_check", &guard<&begin_check>);
  set("move", &guard<&move>);
  set("moves_made", &guard<&moves_made>);
  set("move_at", &guard<&move_at>);
  set("close", &guard<&close>);
  lua_pushvalue(L, LUA_REGISTRYINDEX);
  lua_setfield(L, -2, "registry");
  lua_setfield(L, -2, "submission");
}

}  // namespace syslab::grade
