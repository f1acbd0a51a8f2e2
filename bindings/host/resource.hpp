// Resource: a number of slots that tasks hold and wait for, first come, first served. It lives as long as its world.
#pragma once

#include <deque>

#include "bindings/host/task.hpp"

namespace syslab {

class Resource final : public WaitPlace {
 public:
  // Requires: slots >= 1.
  Resource(Tasks& tasks, std::size_t slots) : tasks_(tasks), slots_(slots) {}

  // Takes a slot for the running task, which waits where none is free. A binding returns what this returns.
  int acquire(lua_State* L, Task& task, std::optional<Duration> limit);
  // Gives a slot of this task back. False where it holds none.
  bool release(Task& task);
  // A slot is free again: the next in line gets it.
  void give_back();
  void leave(Task& task) override;

  std::size_t slots() const { return slots_; }
  std::size_t busy() const { return busy_; }
  std::size_t waiting() const { return line_.size(); }

 private:
  Tasks& tasks_;
  std::size_t slots_;
  std::size_t busy_ = 0;
  std::deque<Task*> line_;
};

}  // namespace syslab
