#include "core/replicate/event_clock.hpp"

#include <fmt/format.h>

#include "bindings/host/convert.hpp"
#include "bindings/host/lua_host.hpp"
#include "bindings/host/object.hpp"

namespace syslab {
namespace {

// What the wall clock says: the argument at `index`, or the world's time.
Instant wall_at(lua_State* L, int index) {
  if (lua_isnoneornil(L, index)) return Instant(from_seconds(LuaHost::of(L).seconds()));
  return Instant(duration_argument(L, index, "wall"));
}

int tick(lua_State* L, EventClock& clock) {
  push_value(L, clock.tick(wall_at(L, 2)));
  return 1;
}

// Stamps are tables, which would be taken for option tables; so these read their arguments themselves.
int receive(lua_State* L, EventClock& clock) {
  const Expected<Value> stamp = clock.receive(wall_at(L, 3), to_value(L, 2));
  if (!stamp) throw ScriptError(stamp.error().message);
  push_value(L, *stamp);
  return 1;
}

int compare(lua_State* L, EventClock& clock) {
  const auto order = clock.compare(to_value(L, 2), to_value(L, 3));
  if (!order) throw ScriptError(order.error().message);
  const std::string_view text = to_string(*order);
  lua_pushlstring(L, text.data(), text.size());
  return 1;
}

int last(lua_State* L, EventClock& clock) {
  push_value(L, clock.last());
  return 1;
}

const Type event_clock{describe_type<EventClock>(
    "EventClock", "A clock that counts events; its stamps tell what may have led to what.",
    {
        method<&compare>("compare", "(a, b) -> string",
                         "'before', 'after', 'equal' or, of vector clocks, 'concurrent'."),
        method<&last>("last", "() -> stamp", "The last stamp given."),
        method<&receive>("receive", "(stamp, wall?) -> stamp",
                         "The stamp of the arrival of a message that carries one; `wall`: the wall clock in "
                         "seconds, for hybrid clocks (the world's time)."),
        method<&tick>("tick", "(wall?) -> stamp", "The stamp of an event, which a message takes along."),
    },
    [](lua_State* L, int index) {
      const EventClock* c = object_at<EventClock>(L, index);
      return fmt::format("{}, {}: {}", c->name(), c->node(), c->last().json());
    })};

template <std::unique_ptr<EventClock> (*Make)(std::string)>
int make(lua_State* L, Arguments& a) {
  return push(L, Make(a.string("node")));
}

std::vector<Param> clock_params() {
  return {string("node", "whose clock it is")};
}

const Component lamport_clock{{
    .name = "replicate.lamport_clock",
    .summary = "A clock that counts events: a smaller stamp {time, node} may have led to a larger one, but "
               "need not have.",
    .params = clock_params(),
    .returns = "EventClock",
    .cost = "O(1) an event",
    .paper = "Lamport 1978, Time, Clocks, and the Ordering of Events in a Distributed System",
    .example = R"(local a = lab.replicate.lamport_clock{ node = "a" }
local b = lab.replicate.lamport_clock{ node = "b" }
local sent = a:tick()
local got = b:receive(sent)
return a:compare(sent, got) == "before" and got[1] == 2)",
    .make = &make<&make_lamport_clock>,
}};

const Component vector_clock{{
    .name = "replicate.vector_clock",
    .summary = "A clock that counts the events of every node: it knows which of two events may have led to "
               "the other, and when neither can have.",
    .params = clock_params(),
    .returns = "EventClock",
    .cost = "O(nodes) an event and in each stamp",
    .paper = "Fidge 1988; Mattern 1989, Virtual Time and Global States of Distributed Systems",
    .example = R"(local a = lab.replicate.vector_clock{ node = "a" }
local b = lab.replicate.vector_clock{ node = "b" }
local first, other = a:tick(), b:tick()
local got = b:receive(first)
return a:compare(first, other) == "concurrent" and a:compare(first, got) == "before")",
    .make = &make<&make_vector_clock>,
}};

const Component hybrid_clock{{
    .name = "replicate.hybrid_clock",
    .summary = "A clock close to the wall clock that never puts what came of an event before it: stamps "
               "{nanoseconds, counter, node}.",
    .params = clock_params(),
    .returns = "EventClock",
    .cost = "O(1) an event",
    .paper = "Kulkarni et al. 2014, Logical Physical Clocks",
    .example = R"(local fast = lab.replicate.hybrid_clock{ node = "fast" }
local slow = lab.replicate.hybrid_clock{ node = "slow" }
local sent = fast:tick(10*s)
local got = slow:receive(sent, 9*s)
return slow:compare(sent, got) == "before" and got[1] == 10e9 and got[2] == 1)",
    .make = &make<&make_hybrid_clock>,
}};

}  // namespace
}  // namespace syslab
