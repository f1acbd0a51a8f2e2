#include "core/sim/fault/partition.hpp"

#include "bindings/fault/fault.hpp"

namespace syslab {
namespace {

const Component partition{{
    .name = "fault.partition",
    .summary = "Messages between the sides are lost, those in flight included. Give exactly one of target, "
               "sides, isolate, "
               "bridge and ring.",
    .params =
        {target_param("target", "these on one side, all other nodes on the other").optional("none"),
         value("sides", "lists of nodes, such as {{'a'}, {'b', 'c'}}; nodes on no list are not affected")
             .optional("none"),
         target_param("isolate", "each of these is cut off from every other node").optional("none"),
         target_param("bridge", "two halves of these, and one node between them that sees both")
             .optional("none"),
         target_param("ring", "each of these sees a majority, no two the same one").optional("none"),
         boolean("one_way", "only messages from the first side to the others are lost").optional("false"),
         boolean("clients", "loads and clients are on the side of the others").optional("false")},
    .returns = "Fault",
    .example = R"(
local w = lab.world{ seed = 1 }
local db = w:service("db")
w:inject(lab.fault.partition{ target = "db", clients = true }, 5)
local answer, err = db:call()
return answer == nil and err.code == "timeout" and not err.definite)",
    .make =
        [](lua_State* L, Arguments& a) {
          int shapes = 0;
          for (const char* name : {"target", "sides", "isolate", "bridge", "ring"})
            shapes += a.has(name) ? 1 : 0;
          if (shapes != 1) a.reject("target", "give exactly one of target, sides, isolate, bridge and ring");
          PartitionOptions o;
          o.target = target_option(a, "target");
          o.isolate = target_option(a, "isolate");
          o.bridge = target_option(a, "bridge");
          o.ring = target_option(a, "ring");
          const Value sides = a.value("sides");
          if (!sides.is_nil() && (!sides.is_list() || sides.list().size() < 2)) {
            a.reject("sides", "expected at least two lists of nodes");
          }
          for (const Value& side : sides.is_list() ? sides.list() : Value::List{}) {
            Expected<Target> target = Target::parse(side);
            if (!target) a.reject("sides", target.error().message);
            o.sides.push_back(*target);
          }
          o.one_way = a.boolean("one_way", false);
          o.clients = a.boolean("clients", false);
          return push_fault(L, make_partition(std::move(o)));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
