// Service handlers written in Lua: one task a request, on the node that serves it.
#include <fmt/format.h>

#include <vector>

#include "bindings/cache/servers.hpp"
#include "bindings/host/convert.hpp"
#include "bindings/world/lab_world.hpp"

namespace syslab {
namespace {

// What a handler sees of its node. It outlives the process only as an empty shell.
struct Context {
  LabWorld* world = nullptr;
  Env* env = nullptr;
  std::vector<TaskRef> tasks = {};
};

class Handler final : public Service {
 public:
  Handler(LabWorld& world, Env& env, int function)
      : world_(world), function_(function), context_(std::make_shared<Context>(Context{&world, &env, {}})) {}

  // The process has died: its handlers stop where they stand.
  ~Handler() override {
    context_->env = nullptr;
    for (TaskRef task : context_->tasks) world_.host.tasks().cancel(task);
  }

  void call(Env&, Request request, Reply reply) override {
    lua_State* L = world_.host.state();
    lua_rawgeti(L, LUA_REGISTRYINDEX, function_);
    push_value(L, request.body.is_map() ? request.body : Value::map({{"body", request.body}}));
    lua_pushlstring(L, request.type.data(), request.type.size());
    lua_setfield(L, -2, "type");
    push(L, context_);
    Tasks& tasks = world_.host.tasks();
    Task& task = tasks.spawn(L, 2, world_.world.scheduler());
    const TaskRef ref = Tasks::ref(task);
    context_->tasks.push_back(ref);
    task.on_end = [context = context_, ref, reply = std::move(reply)](lua_State* co, bool ok) {
      std::erase_if(context->tasks,
                    [&](TaskRef t) { return t.slot == ref.slot && t.generation == ref.generation; });
      if (co == nullptr || context->env == nullptr) return;  // cancelled with its process: nobody answers
      if (!ok) {
        const char* text = lua_tostring(co, -1);
        context->env->log("handler failed", Value(text == nullptr ? "an error that is no string" : text));
        reply(make_error("crashed", text == nullptr ? "the handler failed" : text));
        return;
      }
      const int n = lua_gettop(co);
      if (n >= 2 && lua_isnil(co, 1) && !lua_isnil(co, 2)) return reply(to_error(co, 2));
      try {
        reply(n == 0 ? Value(true) : to_value(co, 1));
      } catch (const ScriptError& e) {
        reply(make_error("crashed", e.what()));
      }
    };
  }

 private:
  LabWorld& world_;
  int function_;
  std::shared_ptr<Context> context_;
};

Env& alive(Context& context) {
  if (context.env == nullptr) throw ScriptError("this context belongs to a process that has ended");
  return *context.env;
}

Task& handler_task(lua_State* L, Context& context) {
  Task* task = context.world->host.tasks().current(L);
  if (task == nullptr) throw ScriptError("a context can only wait inside its handler");
  return *task;
}

int context_name(lua_State* L, Context& context) {
  Env& env = alive(context);
  lua_pushstring(L, env.name_of(env.self()).c_str());
  return 1;
}

int context_now(lua_State* L, Context& context) {
  lua_pushnumber(L, to_seconds(alive(context).now()));
  return 1;
}

int context_sleep(lua_State* L, Context& context) {
  Env& env = alive(context);
  const Distribution* distribution = object_at<const Distribution>(L, 2);
  const Duration time = distribution != nullptr ? sample_duration(*distribution, env.rng())
                                                : duration_argument(L, 2, "seconds");
  Task& task = handler_task(L, context);
  // By the node's own timer, so that a pause holds it and a crash ends it.
  Tasks& tasks = context.world->host.tasks();
  tasks.begin_wait(task, nullptr);
  env.after(time, [&tasks, ref = Tasks::ref(task)] { tasks.wake(ref); });
  return lua_yield(L, 0);
}

int context_call(lua_State* L, Context& context) {
  Env& env = alive(context);
  const auto servers = shared_at<CacheServersHandle>(L, 2);
  if (servers != nullptr && servers->world.get() != context.world)
    throw ScriptError("bad argument 'to': these servers are of another world");
  const NodeId to = servers == nullptr ? node_at(L, *context.world, 2, "to") : kNoNode;
  LuaRequest request = to_request(L, 3);
  Task& task = handler_task(L, context);
  Tasks& tasks = context.world->host.tasks();
  tasks.begin_wait(task, nullptr);
  const auto wake = [&tasks, ref = Tasks::ref(task), servers](Result result) {
    tasks.wake(ref, [result = std::move(result)](lua_State* co) { return push_result(co, result); });
  };
  if (servers != nullptr) {
    servers->client->call(env, std::move(request.request), wake);
  } else {
    env.call(to, std::move(request.request), request.timeout, wake);
  }
  return lua_yield(L, 0);
}

int context_log(lua_State* L, Context& context) {
  alive(context).log(string_argument(L, 2, "text"), to_value(L, 3));
  return 0;
}

int context_random(lua_State* L, Context& context) {
  Rng& rng = alive(context).rng();
  if (lua_isnoneornil(L, 2)) {
    lua_pushnumber(L, rng.unit());
  } else {
    const double n = number_argument(L, 2, "n");
    if (!(n >= 1 && n <= 0x1p53))
      throw ScriptError("bad argument 'n': expected a whole number of at least 1");
    lua_pushnumber(L, static_cast<double>(rng.below(static_cast<std::uint64_t>(n)) + 1));
  }
  return 1;
}

const Type context{describe_type<Context>(
    "Context", "What a service's handler sees of the node it runs on.",
    {
        method<&context_name>("name", "() -> string", "The node's name."),
        method<&context_now>("now", "() -> seconds", "The node's monotonic clock."),
        method<&context_sleep>("sleep", "(seconds | Distribution)", "Waits; the request keeps its slot."),
        method<&context_call>("call", "(node | CacheServers, { type =, timeout =, ... }) -> value | nil, err",
                              "Asks another service, or the cache server in charge of the key, and waits for "
                              "its answer."),
        method<&context_random>("random", "(n?) -> number", "From 0 to 1, or a whole number from 1 to n."),
        method<&context_log>("log", "(text, fields?)", "A line in the world's trace."),
    })};

}  // namespace

ServiceFactory handler_factory(LabWorld& world, int function_ref) {
  return [&world, function_ref](Env& env) { return std::make_shared<Handler>(world, env, function_ref); };
}

}  // namespace syslab
