// Tasks: Lua coroutines that live in simulated time.
//
// A task sleeps, waits for an answer, a slot or an item, and goes on later, as if it were a thread; all tasks
// of a state run on one thread, one at a time, and switch only where they wait. Coroutines are pooled: a
// finished one serves the next task. A task handle in Lua is a slot and a generation, so that one of a task
// long gone is recognised.
//
// Cost: a switch about 30 ns, a new task about 60 ns.
#pragma once

#include <cstdint>
#include <functional>
#include <lua.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/env.hpp"
#include "core/sim/scheduler.hpp"

namespace syslab {

class LuaHost;
class Tasks;

// What a task can wait in (a resource, a channel), so that cancelling it takes it out of the line.
class WaitPlace {
 public:
  virtual ~WaitPlace() = default;
  virtual void leave(struct Task& task) = 0;
};

struct Task {
  enum class State : std::uint8_t { free, ready, running, waiting };

  Tasks* tasks = nullptr;
  Scheduler* scheduler = nullptr;  // of the world it lives in
  lua_State* co = nullptr;
  int thread_ref = LUA_NOREF;
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
  State state = State::free;
  TimerId timer;                // the wake-up that is scheduled, if any
  WaitPlace* place = nullptr;   // where it waits, if it can be taken out
  bool fresh = false;           // its function has not begun: it stands on the coroutine's stack with its arguments
  bool woken = false;           // by wake(): the call that waited then returns true
  std::vector<class Resource*> held = {};  // given back when it ends, however it ends
  // Who wants to know how it ended: called once with the finished coroutine, whose results are on its stack (error:
  // one message on top), or with null where it was cancelled.
  std::function<void(lua_State* co, bool ok)> on_end = {};
};

// Names a task that may be gone.
struct TaskRef {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
};

// All tasks of one Lua state.
class Tasks {
 public:
  explicit Tasks(LuaHost& host) : host_(host) {}
  ~Tasks();
  Tasks(const Tasks&) = delete;
  Tasks& operator=(const Tasks&) = delete;

  // Starts the function below `arguments` values on top of L's stack (and pops them all) at the scheduler's now.
  Task& spawn(lua_State* L, int arguments, Scheduler& scheduler);

  // The task that L runs in; null in the main chunk. Throws ScriptError in a coroutine that a script made itself inside
  // a task, because it could not be woken.
  Task* current(lua_State* L) const;

  // Suspends the running task for a time. A binding returns what this returns.
  int sleep(lua_State* L, Task& task, Duration time);
  // Marks the running task as waiting: the binding then starts what will call wake(), and returns
  // lua_yield(L, 0). Where a limit comes first, the call that waited returns nil and a timeout.
  void begin_wait(Task& task, WaitPlace* place, std::optional<Duration> limit = std::nullopt);
  // Suspends it at once: begin_wait and the yield.
  int wait(lua_State* L, Task& task, WaitPlace* place, std::optional<Duration> limit = std::nullopt);
  // Lets a waiting task go on, at the scheduler's now: the call that waited returns what `push` pushes, or true. False
  // where the task is gone.
  bool wake(TaskRef ref, std::function<int(lua_State*)> push);
  bool wake(TaskRef ref);

  // Null where the task has ended.
  Task* find(TaskRef ref);
  static TaskRef ref(const Task& task) { return {task.slot, task.generation}; }
  // Ends a task where it stands: it never runs again, what it held is given back. False where it has ended. A task
  // cannot cancel itself this way (it returns instead).
  bool cancel(TaskRef ref);
  // Ends every task of a world.
  void cancel_all(const Scheduler& scheduler);
  std::size_t alive() const { return alive_; }

  // The first error that a task raised and nobody waited for. The runner of the world takes it and raises it.
  bool has_error() const { return !error_.empty(); }
  std::string take_error() { return std::exchange(error_, {}); }

 private:
  Task* stop_waiting(TaskRef ref);
  static void run(void* task);      // the wake-up of a sleeping or ready task
  static void time_out(void* task);  // the wake-up of a waiting task whose limit has come
  void resume(Task& task, int arguments);
  void end(Task& task, bool ok);
  void retire(Task& task);

  LuaHost& host_;
  std::vector<std::unique_ptr<Task>> tasks_;
  std::vector<Task*> free_;
  Task* running_ = nullptr;
  std::size_t alive_ = 0;
  std::string error_;
};

}  // namespace syslab
