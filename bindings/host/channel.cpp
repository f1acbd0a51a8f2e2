#include "bindings/host/channel.hpp"

#include <algorithm>

namespace syslab {
namespace {

int push_item(lua_State* L, int item) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, item);
  luaL_unref(L, LUA_REGISTRYINDEX, item);
  return 1;
}

}  // namespace

void Channel::send(lua_State* L) {
  const int item = luaL_ref(L, LUA_REGISTRYINDEX);
  if (line_.empty()) {
    items_.push_back(item);
    return;
  }
  Task* next = line_.front();
  line_.pop_front();
  tasks_.wake(Tasks::ref(*next), [item](lua_State* co) { return push_item(co, item); });
}

int Channel::receive(lua_State* L, Task& task, std::optional<Duration> limit) {
  if (take(L)) return 1;
  line_.push_back(&task);
  return tasks_.wait(L, task, this, limit);
}

bool Channel::take(lua_State* L) {
  if (items_.empty()) return false;
  push_item(L, items_.front());
  items_.pop_front();
  return true;
}

void Channel::leave(Task& task) { line_.erase(std::find(line_.begin(), line_.end(), &task)); }

}  // namespace syslab
