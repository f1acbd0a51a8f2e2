#include "bindings/host/isolate.hpp"

#include <fmt/format.h>

#include <map>

#include "bindings/host/convert.hpp"
#include "bindings/host/lua_host.hpp"
#include "bindings/host/object.hpp"
#include "bindings/host/script_error.hpp"

namespace syslab {
namespace {

// What an isolate's code sees of its world. It dies with the node's process, and says so to whoever kept it.
struct LuaEnv {
  Env* env = nullptr;
  class LuaNode* node = nullptr;
  std::map<std::string, TimerId> timers = {};
};

class LuaNode final : public Node {
 public:
  explicit LuaNode(const IsolateOptions& options)
      : options_(options), host_(LuaOptions{.memory_cap_bytes = options.memory_cap_bytes, .isolate = true}) {
    if (options_.submitted) restrict_components(host_.state(), options_.uses);
  }

  ~LuaNode() override {
    handle_->env = nullptr;
    handle_->node = nullptr;
  }

  void on_start(Env& env) override {
    handle_->env = &env;
    handle_->node = this;
    host_.rng = env.rng().split("lua");
    host_.seconds = [handle = handle_] { return handle->env == nullptr ? 0.0 : to_seconds(handle->env->now()); };
    host_.write = [this, &env](std::string_view text) {
      if (options_.print) options_.print(env.self(), text);
    };
    lua_State* L = host_.state();
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, LUA_REGISTRYINDEX, "syslab.node");
    const bool loaded = luaL_loadbufferx(L, options_.code.data(), options_.code.size(), options_.chunk_name.c_str(),
                                         options_.submitted ? "t" : nullptr) == 0;
    if (!loaded) return fail(lua_tostring(L, -1));
    lua_insert(L, -2);
    push_value(L, options_.options);
    if (!run(2, 0)) return;
    enter("on_start", [] { return 0; });
  }

  void on_message(Env&, const Message& message) override {
    lua_State* L = host_.state();
    enter("on_message", [&] {
      lua_createtable(L, 0, 4);
      lua_pushstring(L, handle_->env->name_of(message.from).c_str());
      lua_setfield(L, -2, "from");
      lua_pushlstring(L, message.type.data(), message.type.size());
      lua_setfield(L, -2, "type");
      push_value(L, message.body);
      lua_setfield(L, -2, "body");
      return 1;
    });
  }

  void on_request(Env& env, const Request& request, Reply reply) override;

  void on_stop(Env&) override {
    enter("on_stop", [] { return 0; });
  }

  void on_timer(const std::string& name) {
    lua_State* L = host_.state();
    enter("on_timer", [&] { return lua_pushlstring(L, name.data(), name.size()), 1; });
  }

  // Calls a function that the code gave us (a callback), with what `push` pushes, and lets it go.
  template <class Push>
  void call_back(int function, Push push) {
    if (handle_->env == nullptr || function == LUA_NOREF) return;
    lua_State* L = host_.state();
    lua_rawgeti(L, LUA_REGISTRYINDEX, function);
    luaL_unref(L, LUA_REGISTRYINDEX, function);
    run(push(L), 0);
  }

  Value show() const override { return shown_; }
  Value shown_;

 private:
  // Calls node[handler](env, ...) where the code defines it.
  template <class Push>
  void enter(const char* handler, Push push) {
    lua_State* L = host_.state();
    lua_getfield(L, LUA_REGISTRYINDEX, "syslab.node");
    lua_getfield(L, -1, handler);
    lua_remove(L, -2);
    if (lua_isnil(L, -1)) {
      lua_pop(L, 1);
      return;
    }
    push_env();
    run(push() + 1, 0);
  }

  void push_env() { push(host_.state(), handle_); }

  // Calls what stands below `arguments` values within the budget. False where it failed and the node is to crash.
  bool run(int arguments, int wanted) {
    host_.set_budget(options_.budget);
    int results = 0;
    LuaHost::Outcome outcome = host_.call(arguments, &results);
    host_.clear_interrupt();
    if (!outcome.ok()) {
      fail(outcome.message);
      return false;
    }
    if (wanted == 0) lua_pop(host_.state(), results);
    results_ = results;
    return true;
  }

  void fail(const std::string& text) {
    lua_settop(host_.state(), 0);
    if (options_.on_error) options_.on_error(handle_->env->self(), text);
  }

  IsolateOptions options_;
  LuaHost host_;
  std::shared_ptr<LuaEnv> handle_ = std::make_shared<LuaEnv>();
  int results_ = 0;
};

// Answers one request later. Lua's `reply(value, err)`.
struct LuaReply {
  Reply reply;
};

int answer(lua_State* L) {
  auto* pending = object_at<LuaReply>(L, lua_upvalueindex(1));
  if (!pending->reply) throw ScriptError("this request has been answered");
  Reply reply = std::exchange(pending->reply, nullptr);
  lua_settop(L, 2);
  if (lua_isnil(L, 1) && !lua_isnil(L, 2)) {
    reply(to_error(L, 2));
  } else {
    reply(to_value(L, 1));
  }
  return 0;
}

void LuaNode::on_request(Env& env, const Request& request, Reply reply) {
  lua_State* L = host_.state();
  lua_settop(L, 0);
  lua_getfield(L, LUA_REGISTRYINDEX, "syslab.node");
  lua_getfield(L, -1, "on_request");
  lua_remove(L, -2);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    return Node::on_request(env, request, std::move(reply));
  }
  push_env();
  if (request.body.is_map()) {
    push_value(L, request.body);
  } else {
    lua_newtable(L);
    push_value(L, request.body);
    lua_setfield(L, -2, "body");
  }
  lua_pushlstring(L, request.type.data(), request.type.size());
  lua_setfield(L, -2, "type");
  if (request.from != kNoNode) {
    lua_pushstring(L, env.name_of(request.from).c_str());
    lua_setfield(L, -2, "from");
  }
  auto pending = std::make_shared<LuaReply>(LuaReply{reply});
  push(L, pending);
  lua_pushcclosure(L, &guard<&answer>, 1);
  if (!run(3, 1) || results_ == 0) return;  // no result: the code answers later, by reply()
  pending->reply = nullptr;
  lua_settop(L, 2);
  if (lua_isnil(L, 1) && !lua_isnil(L, 2)) {
    const Error error = to_error(L, 2);
    lua_settop(L, 0);
    reply(error);
    return;
  }
  try {
    const Value value = to_value(L, 1);
    lua_settop(L, 0);
    reply(value);
  } catch (const ScriptError& e) {
    fail(fmt::format("on_request: {}", e.what()));
  }
}

// ---- the type Env

Env& alive(LuaEnv& handle) {
  if (handle.env == nullptr) throw ScriptError("this env belongs to a process that has ended");
  return *handle.env;
}

NodeId node_argument(lua_State* L, Env& env, int index) {
  const Expected<NodeId> node = env.find(string_argument(L, index, "to"));
  if (!node) throw ScriptError(node.error().message);
  return *node;
}

int function_argument(lua_State* L, int index, const char* name) {
  if (lua_isnoneornil(L, index)) return LUA_NOREF;
  if (!lua_isfunction(L, index)) {
    throw ScriptError(fmt::format("bad argument '{}': expected a function, got {}", name, describe_argument(L, index)));
  }
  lua_pushvalue(L, index);
  return luaL_ref(L, LUA_REGISTRYINDEX);
}

int env_name(lua_State* L, LuaEnv& handle) {
  Env& env = alive(handle);
  lua_pushstring(L, env.name_of(env.self()).c_str());
  return 1;
}

int env_now(lua_State* L, LuaEnv& handle) {
  lua_pushnumber(L, to_seconds(alive(handle).now()));
  return 1;
}

int env_wall_now(lua_State* L, LuaEnv& handle) {
  lua_pushnumber(L, to_seconds(alive(handle).wall_now()));
  return 1;
}

int env_send(lua_State* L, LuaEnv& handle) {
  Env& env = alive(handle);
  env.send(node_argument(L, env, 2), std::string(string_argument(L, 3, "type")), to_value(L, 4));
  return 0;
}

int env_call(lua_State* L, LuaEnv& handle) {
  Env& env = alive(handle);
  const NodeId to = node_argument(L, env, 2);
  if (!lua_istable(L, 3)) {
    throw ScriptError(fmt::format("bad argument 'request': expected a table, got {}", describe_argument(L, 3)));
  }
  Request request;
  std::optional<Duration> timeout;
  Value::Map body;
  for (const auto& [key, value] : to_value(L, 3).is_map() ? to_value(L, 3).map() : Value::Map{}) {
    if (key == "type" && value.is_string()) {
      request.type = value.string();
    } else if (key == "timeout" && value.is_number() && value.number() >= 0) {
      timeout = from_seconds(value.number());
    } else {
      body.emplace_back(key, value);
    }
  }
  request.body = Value::map(std::move(body));
  const int function = function_argument(L, 4, "done");
  env.call(to, std::move(request), timeout, [node = handle.node, function](Result result) {
    node->call_back(function, [&](lua_State* state) { return push_result(state, result); });
  });
  return 0;
}

int env_timer(lua_State* L, LuaEnv& handle) {
  Env& env = alive(handle);
  const std::string name(string_argument(L, 2, "name"));
  const Duration delay = duration_argument(L, 3, "delay");
  TimerId& timer = handle.timers[name];
  if (timer) env.cancel(timer);
  timer = env.after(delay, [node = handle.node, name] { node->on_timer(name); });
  return 0;
}

int env_cancel(lua_State* L, LuaEnv& handle) {
  Env& env = alive(handle);
  const auto found = handle.timers.find(std::string(string_argument(L, 2, "name")));
  lua_pushboolean(L, found != handle.timers.end() && env.cancel(found->second));
  return 1;
}

int env_after(lua_State* L, LuaEnv& handle) {
  Env& env = alive(handle);
  const Duration delay = duration_argument(L, 2, "delay");
  const int function = function_argument(L, 3, "action");
  env.after(delay, [node = handle.node, function] { node->call_back(function, [](lua_State*) { return 0; }); });
  return 0;
}

int env_log(lua_State* L, LuaEnv& handle) {
  alive(handle).log(string_argument(L, 2, "text"), to_value(L, 3));
  return 0;
}

int env_show(lua_State* L, LuaEnv& handle) {
  alive(handle);
  handle.node->shown_ = to_value(L, 2);
  return 0;
}

Storage::Done when_done(LuaEnv& handle, int function) {
  return [node = handle.node, function](Result result) {
    node->call_back(function, [&](lua_State* state) { return push_result(state, result); });
  };
}

int env_write(lua_State* L, LuaEnv& handle) {
  alive(handle).disk().write(std::string(string_argument(L, 2, "file")), to_value(L, 3),
                             when_done(handle, function_argument(L, 4, "done")));
  return 0;
}

int env_append(lua_State* L, LuaEnv& handle) {
  alive(handle).disk().append(std::string(string_argument(L, 2, "file")), to_value(L, 3),
                              when_done(handle, function_argument(L, 4, "done")));
  return 0;
}

int env_sync(lua_State* L, LuaEnv& handle) {
  alive(handle).disk().sync(when_done(handle, function_argument(L, 2, "done")));
  return 0;
}

int env_read(lua_State* L, LuaEnv& handle) {
  alive(handle).disk().read(std::string(string_argument(L, 2, "file")),
                            when_done(handle, function_argument(L, 3, "done")));
  return 0;
}

int env_peek(lua_State* L, LuaEnv& handle) {
  return push_result(L, alive(handle).disk().peek(std::string(string_argument(L, 2, "file"))));
}

const Type lua_env{describe_type<LuaEnv>(
    "Env", "What a node written in Lua can see of its world. Every handler gets it first.",
    {
        method<&env_name>("name", "() -> string", "This node's name."),
        method<&env_now>("now", "() -> seconds", "The node's monotonic clock; it drifts but never jumps."),
        method<&env_wall_now>("wall_now", "() -> seconds", "The node's wall clock; faults skew and step it."),
        method<&env_send>("send", "(to, type, body)",
                          "Sends a one-way message; it may be lost, late or doubled."),
        method<&env_call>("call", "(to, { type =, timeout =, ... }, done?)",
                          "Sends a request; done(value) or done(nil, err) is called once."),
        method<&env_timer>("timer", "(name, delay)",
                           "Calls node.on_timer(env, name) after a delay; setting it again moves it."),
        method<&env_cancel>("cancel", "(name) -> boolean",
                            "Cancels a named timer; false where it is not running."),
        method<&env_after>("after", "(delay, action)", "Calls a function once, after a delay."),
        method<&env_log>("log", "(text, fields?)", "A line in the world's trace."),
        method<&env_show>("show", "(fields)",
                          "State for w:show() and for fault selectors, such as { role = 'leader' }."),
        method<&env_write>("write", "(file, value, done?)",
                           "Replaces a file on this node's disk; nil deletes it."),
        method<&env_append>("append", "(file, record, done?)", "Appends a record to a file that is a list."),
        method<&env_sync>("sync", "(done?)", "Makes what was written before durable."),
        method<&env_read>("read", "(file, done)", "Reads a file: done(value) or done(nil, err)."),
        method<&env_peek>("peek", "(file) -> value | nil, err",
                          "A file's content now, without the time it takes."),
    })};

const Type lua_reply{
    describe_type<LuaReply>("PendingReply", "A request that a node written in Lua has yet to answer.", {})};

}  // namespace

void restrict_components(lua_State* L, const std::vector<std::string>& allowed) {
  const int top = lua_gettop(L);
  lua_newtable(L);
  lua_getglobal(L, "lab");
  for (const std::string& name : allowed) {
    const std::size_t dot = name.find('.');
    const std::string family = name.substr(0, dot);
    lua_pushlstring(L, family.data(), family.size());
    lua_rawget(L, top + 2);
    if (dot != std::string::npos && lua_istable(L, -1)) {
      lua_getfield(L, top + 1, family.c_str());
      if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushvalue(L, -1);
        lua_setfield(L, top + 1, family.c_str());
      }
      const std::string member = name.substr(dot + 1);
      lua_pushlstring(L, member.data(), member.size());
      lua_rawget(L, -3);
      if (lua_isnil(L, -1)) throw ScriptError(fmt::format("uses: a student's code cannot have '{}'", name));
      lua_setfield(L, -2, member.c_str());
    } else {
      if (lua_isnil(L, -1)) throw ScriptError(fmt::format("uses: a student's code cannot have '{}'", name));
      lua_setfield(L, top + 1, family.c_str());
    }
    lua_settop(L, top + 2);
  }
  lua_settop(L, top + 1);
  lua_setglobal(L, "lab");
}

NodeFactory isolate_factory(IsolateOptions options) {
  return [options = std::move(options)] { return std::make_unique<LuaNode>(options); };
}

}  // namespace syslab
