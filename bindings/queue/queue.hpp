// What the queues of all orders have in common in Lua: their options and the type Queue.
#pragma once

#include <memory>
#include <vector>

#include "bindings/host/object.hpp"
#include "core/queue/message_queue.hpp"

namespace syslab {

// The options that every queue has, then those of one order.
std::vector<Param> queue_params(std::vector<Param> special);
// Makes and pushes a queue from checked arguments.
int push_queue(lua_State* L, const Arguments& a, QueueOptions options);
// The argument "now", or the time of the last world.
Instant queue_now(lua_State* L, const Arguments& a);

}  // namespace syslab
