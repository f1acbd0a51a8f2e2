#include "bindings/host/task.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "bindings/host/convert.hpp"
#include "bindings/host/lua_host.hpp"
#include "bindings/host/resource.hpp"
#include "bindings/host/script_error.hpp"

namespace syslab {

Tasks::~Tasks() = default;  // the coroutines go with their state

Task& Tasks::spawn(lua_State* L, int arguments, Scheduler& scheduler) {
  Task* task = nullptr;
  if (free_.empty()) {
    tasks_.push_back(std::make_unique<Task>());
    task = tasks_.back().get();
    task->tasks = this;
    task->slot = static_cast<std::uint32_t>(tasks_.size() - 1);
  } else {
    task = free_.back();
    free_.pop_back();
  }
  if (task->co == nullptr) {
    task->co = lua_newthread(L);
    task->thread_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  }
  luaL_checkstack(task->co, arguments + 1, "too many arguments");
  lua_xmove(L, task->co, arguments + 1);
  ++task->generation;
  ++alive_;
  task->scheduler = &scheduler;
  task->state = Task::State::ready;
  task->fresh = true;
  task->timer = scheduler.schedule(scheduler.now(), &Tasks::run, task);
  return *task;
}

Task* Tasks::current(lua_State* L) const {
  if (running_ == nullptr || running_->co == L) return running_;
  throw ScriptError("this waits, so it cannot be called in a coroutine of your own: use w:spawn to make it a task");
}

int Tasks::sleep(lua_State* L, Task& task, Duration time) {
  task.state = Task::State::ready;
  task.timer = task.scheduler->schedule(saturating_add(task.scheduler->now(), time), &Tasks::run, &task);
  return lua_yield(L, 0);
}

void Tasks::begin_wait(Task& task, WaitPlace* place, std::optional<Duration> limit) {
  task.state = Task::State::waiting;
  task.place = place;
  task.timer = {};
  if (limit) {
    task.timer = task.scheduler->schedule(saturating_add(task.scheduler->now(), *limit), &Tasks::time_out, &task);
  }
}

int Tasks::wait(lua_State* L, Task& task, WaitPlace* place, std::optional<Duration> limit) {
  begin_wait(task, place, limit);
  return lua_yield(L, 0);
}

Task* Tasks::stop_waiting(TaskRef ref) {
  Task* task = find(ref);
  if (task == nullptr || task->state != Task::State::waiting) return nullptr;
  if (task->timer) task->scheduler->cancel(task->timer);
  task->state = Task::State::ready;
  task->place = nullptr;
  return task;
}

bool Tasks::wake(TaskRef ref) {
  Task* task = stop_waiting(ref);
  if (task == nullptr) return false;
  task->woken = true;
  task->timer = task->scheduler->schedule(task->scheduler->now(), &Tasks::run, task);
  return true;
}

bool Tasks::wake(TaskRef ref, std::function<int(lua_State*)> push) {
  Task* task = stop_waiting(ref);
  if (task == nullptr) return false;
  task->timer = task->scheduler->at(task->scheduler->now(), [this, task, push = std::move(push)] {
    resume(*task, push(task->co));
  });
  return true;
}

void Tasks::run(void* context) {
  auto& task = *static_cast<Task*>(context);
  int arguments = 0;
  if (task.fresh) {
    task.fresh = false;
    arguments = lua_gettop(task.co) - 1;
  } else if (task.woken) {
    task.woken = false;
    lua_pushboolean(task.co, 1);
    arguments = 1;
  }
  task.tasks->resume(task, arguments);
}

void Tasks::time_out(void* context) {
  auto& task = *static_cast<Task*>(context);
  if (task.place != nullptr) task.place->leave(task);
  task.place = nullptr;
  task.state = Task::State::ready;
  task.tasks->resume(task, push_failure(task.co, make_error("timeout", "nothing came in time")));
}

void Tasks::resume(Task& task, int arguments) {
  Task* outer = std::exchange(running_, &task);
  task.state = Task::State::running;
  task.timer = {};
  const int status = lua_resume(task.co, arguments);
  running_ = outer;
  if (status == LUA_YIELD) {
    if (task.state != Task::State::running) return;
    // A bare coroutine.yield(): nothing would ever wake it.
    lua_settop(task.co, 0);
    lua_pushliteral(task.co, "a task called coroutine.yield itself: nothing would ever resume it (use w:sleep)");
    end(task, false);
    return;
  }
  end(task, status == 0);
}

void Tasks::end(Task& task, bool ok) {
  if (task.on_end) {
    std::exchange(task.on_end, nullptr)(task.co, ok);
  } else if (!ok && error_.empty()) {
    const char* text = lua_tostring(task.co, -1);
    host_.attention = 1;
    error_ = text == nullptr ? fmt::format("a task raised an error of type {}", luaL_typename(task.co, -1)) : text;
  }
  if (!ok) {  // a coroutine that raised an error cannot be used again
    luaL_unref(host_.state(), LUA_REGISTRYINDEX, task.thread_ref);
    task.co = nullptr;
  } else {
    lua_settop(task.co, 0);
  }
  retire(task);
}

void Tasks::retire(Task& task) {
  ++task.generation;
  --alive_;
  task.state = Task::State::free;
  task.place = nullptr;
  task.on_end = nullptr;
  while (!task.held.empty()) {
    Resource* resource = task.held.back();
    task.held.pop_back();
    resource->give_back();
  }
  free_.push_back(&task);
}

Task* Tasks::find(TaskRef ref) {
  if (ref.slot >= tasks_.size()) return nullptr;
  Task* task = tasks_[ref.slot].get();
  return task->generation == ref.generation && task->state != Task::State::free ? task : nullptr;
}

bool Tasks::cancel(TaskRef ref) {
  Task* task = find(ref);
  if (task == nullptr || task->state == Task::State::running) return false;
  task->scheduler->cancel(task->timer);
  if (task->place != nullptr) task->place->leave(*task);
  if (task->on_end) std::exchange(task->on_end, nullptr)(nullptr, false);
  luaL_unref(host_.state(), LUA_REGISTRYINDEX, task->thread_ref);  // it stands in the middle of its code: not reusable
  task->co = nullptr;
  retire(*task);
  return true;
}

void Tasks::cancel_all(const Scheduler& scheduler) {
  for (const auto& task : tasks_) {
    if (task->state != Task::State::free && task->scheduler == &scheduler) cancel(ref(*task));
  }
}

}  // namespace syslab
