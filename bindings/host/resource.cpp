#include "bindings/host/resource.hpp"

#include <algorithm>

namespace syslab {

int Resource::acquire(lua_State* L, Task& task, std::optional<Duration> limit) {
  if (busy_ < slots_) {
    ++busy_;
    task.held.push_back(this);
    lua_pushboolean(L, 1);
    return 1;
  }
  line_.push_back(&task);
  return tasks_.wait(L, task, this, limit);
}

bool Resource::release(Task& task) {
  const auto mine = std::find(task.held.rbegin(), task.held.rend(), this);
  if (mine == task.held.rend()) return false;
  task.held.erase(std::next(mine).base());
  give_back();
  return true;
}

void Resource::give_back() {
  if (line_.empty()) {
    --busy_;
    return;
  }
  Task* next = line_.front();
  line_.pop_front();
  next->held.push_back(this);
  tasks_.wake(Tasks::ref(*next));
}

void Resource::leave(Task& task) { line_.erase(std::find(line_.begin(), line_.end(), &task)); }

}  // namespace syslab
