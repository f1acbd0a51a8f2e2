// The Lua types of what tasks are and use: Task, Resource, Channel.
#include "bindings/world/task_handle.hpp"

#include <fmt/format.h>

#include "bindings/host/convert.hpp"

namespace syslab {
namespace {

struct TaskHandle;  // never made: a box of this type holds a TaskRef in place of a pointer

TaskRef self_ref(lua_State* L, int index) {
  const auto bits = reinterpret_cast<std::uintptr_t>(box_at(L, index)->object.get());
  return {static_cast<std::uint32_t>(bits), static_cast<std::uint32_t>(bits >> 32)};
}

template <int (*F)(lua_State*, TaskRef)>
int on_task(lua_State* L) {
  const Box* box = box_at(L, 1);
  if (box == nullptr || box->tag != type_tag<TaskHandle>) wrong_self(L, type_tag<TaskHandle>);
  return F(L, self_ref(L, 1));
}

int cancel(lua_State* L, TaskRef ref) {
  Tasks& tasks = LuaHost::of(L).tasks();
  if (Task* task = tasks.find(ref); task != nullptr && task->state == Task::State::running) {
    throw ScriptError("a task cannot cancel itself: let its function return");
  }
  lua_pushboolean(L, tasks.cancel(ref));
  return 1;
}

int alive(lua_State* L, TaskRef ref) {
  lua_pushboolean(L, LuaHost::of(L).tasks().find(ref) != nullptr);
  return 1;
}

// Waits for the end; the waiting task then gets the results, or nil and the error.
int await(lua_State* L, TaskRef ref) {
  Tasks& tasks = LuaHost::of(L).tasks();
  Task* target = tasks.find(ref);
  if (target == nullptr)
    return push_failure(L, make_error("closed", "the task has ended, and its results were not waited for"));
  Task* waiter = tasks.current(L);
  if (waiter == nullptr)
    throw ScriptError("await waits: call it from a task (w:spawn), or run the world until it has ended");
  if (waiter == target) throw ScriptError("a task cannot wait for itself");
  if (target->on_end) throw ScriptError("somebody waits for this task already");
  tasks.begin_wait(*waiter, nullptr);
  target->on_end = [&tasks, waiter = Tasks::ref(*waiter)](lua_State* co, bool ok) {
    if (co == nullptr) {
      tasks.wake(waiter, [](lua_State* to) {
        return push_failure(to, make_error("cancelled", "the task was cancelled"));
      });
    } else if (!ok) {
      const char* text = lua_tostring(co, -1);
      tasks.wake(waiter, [text = std::string(text == nullptr ? "the task failed" : text)](lua_State* to) {
        return push_failure(to, make_error("crashed", text));
      });
    } else {
      // The results leave the coroutine now, because it is reused.
      const int n = lua_gettop(co);
      lua_createtable(co, n, 0);
      lua_insert(co, 1);
      for (int i = n; i >= 1; --i) lua_rawseti(co, 1, i);
      const int results = luaL_ref(co, LUA_REGISTRYINDEX);
      tasks.wake(waiter, [results, n](lua_State* to) {
        lua_rawgeti(to, LUA_REGISTRYINDEX, results);
        luaL_unref(to, LUA_REGISTRYINDEX, results);
        const int table = lua_gettop(to);
        luaL_checkstack(to, n, "too many results");
        for (int i = 1; i <= n; ++i) lua_rawgeti(to, table, i);
        lua_remove(to, table);
        return n;
      });
    }
  };
  return lua_yield(L, 0);
}

Method task_method(const char* name, const char* signature, const char* summary, lua_CFunction call) {
  return {name, signature, summary, {}, call};
}

std::string show_task(lua_State* L, int index) {
  const TaskRef ref = self_ref(L, index);
  const Task* task = LuaHost::of(L).tasks().find(ref);
  if (task == nullptr) return "ended";
  return task->state == Task::State::running   ? "running"
         : task->state == Task::State::waiting ? "waiting"
                                               : "ready";
}

const Type task{[] {
  Type::Description d = describe_type<TaskHandle>(
      "Task", "A coroutine that lives in simulated time; made by w:spawn.",
      {
          task_method("alive", "() -> boolean", "Whether it has not ended yet.", &guard<&on_task<&alive>>),
          task_method("await", "() -> results | nil, err",
                      "Waits for its end and gives what its function returned.", &guard<&on_task<&await>>),
          task_method("cancel", "() -> boolean",
                      "Ends it where it stands and gives back the slots it holds; false where it has ended.",
                      &guard<&on_task<&cancel>>),
      },
      &show_task);
  d.plain = true;
  return d;
}()};

// ---- Resource

Task& waiting_task(lua_State* L, const char* what) {
  Task* task = LuaHost::of(L).tasks().current(L);
  if (task == nullptr) throw ScriptError(fmt::format("{} may wait: call it from a task (w:spawn)", what));
  return *task;
}

std::optional<Duration> limit_argument(lua_State* L, int index) {
  if (lua_isnoneornil(L, index)) return std::nullopt;
  return duration_argument(L, index, "timeout");
}

int acquire(lua_State* L, Resource& resource) {
  return resource.acquire(L, waiting_task(L, "acquire"), limit_argument(L, 2));
}

int release(lua_State* L, Resource& resource) {
  if (!resource.release(waiting_task(L, "release")))
    throw ScriptError("this task holds no slot of the resource");
  return 0;
}

int busy(lua_State* L, Resource& resource) {
  lua_pushnumber(L, static_cast<double>(resource.busy()));
  return 1;
}

int resource_waiting(lua_State* L, Resource& resource) {
  lua_pushnumber(L, static_cast<double>(resource.waiting()));
  return 1;
}

const Type resource{describe_type<Resource>(
    "Resource", "Slots that tasks hold and wait for, first come, first served; made by w:resource.",
    {
        method<&acquire>("acquire", "(timeout?) -> true | nil, err",
                         "Takes a slot; waits while none is free."),
        method<&release>("release", "()", "Gives the task's slot back."),
        method<&busy>("busy", "() -> number", "Slots that are held."),
        method<&resource_waiting>("waiting", "() -> number", "Tasks in the line."),
    },
    [](lua_State* L, int index) {
      const Resource* r = object_at<Resource>(L, index);
      return fmt::format("busy={}/{}, waiting={}", r->busy(), r->slots(), r->waiting());
    })};

// ---- Channel

int send(lua_State* L, Channel& channel) {
  luaL_checkany(L, 2);
  if (lua_isnil(L, 2)) throw ScriptError("nil cannot be sent through a channel");
  lua_settop(L, 2);
  channel.send(L);
  return 0;
}

int receive(lua_State* L, Channel& channel) {
  const auto limit = limit_argument(L, 2);
  if (channel.take(L)) return 1;
  return channel.receive(L, waiting_task(L, "receive"), limit);
}

int channel_size(lua_State* L, Channel& channel) {
  lua_pushnumber(L, static_cast<double>(channel.size()));
  return 1;
}

const Type channel{describe_type<Channel>(
    "Channel", "Items that tasks hand to each other, first in, first out; made by w:channel.",
    {
        method<&send>("send", "(item)", "Adds an item; a waiting task gets it. Never waits."),
        method<&receive>("receive", "(timeout?) -> item | nil, err",
                         "The oldest item; waits while there is none."),
        method<&channel_size>("size", "() -> number", "Items that wait to be received."),
    },
    [](lua_State* L, int index) {
      const Channel* c = object_at<Channel>(L, index);
      return fmt::format("items={}, waiting={}", c->size(), c->waiting());
    })};

}  // namespace

int push_task(lua_State* L, TaskRef ref) {
  // No object stands behind a task handle, so that making one costs no allocation of ours: the slot and the
  // generation take the place of the pointer.
  const auto bits = std::uintptr_t{ref.generation} << 32 | ref.slot;
  push_box(L, type_tag<TaskHandle>,
           std::shared_ptr<void>(std::shared_ptr<void>(), reinterpret_cast<void*>(bits)));
  return 1;
}

}  // namespace syslab
