// Channel: items that tasks hand to each other, first in, first out. It lives as long as its world.
#pragma once

#include <deque>

#include "bindings/host/task.hpp"

namespace syslab {

class Channel final : public WaitPlace {
 public:
  // An item stays in the Lua registry until somebody takes it.
  explicit Channel(Tasks& tasks) : tasks_(tasks) {}

  // Takes the value on top of L's stack: the first waiting task gets it, or it is kept.
  void send(lua_State* L);
  // The oldest item for the running task, which waits for one where there is none. A binding returns what this returns.
  int receive(lua_State* L, Task& task, std::optional<Duration> limit);
  // The oldest item, pushed; false where there is none.
  bool take(lua_State* L);
  void leave(Task& task) override;

  std::size_t size() const { return items_.size(); }
  std::size_t waiting() const { return line_.size(); }

 private:
  Tasks& tasks_;
  std::deque<int> items_;  // registry references
  std::deque<Task*> line_;
};

}  // namespace syslab
