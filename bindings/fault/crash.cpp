#include "core/sim/fault/crash.hpp"

#include "bindings/fault/fault.hpp"

namespace syslab {
namespace {

const Component crash{{
    .name = "fault.crash",
    .summary = "A process dies at once: memory, timers and queue are gone; callers get connection_reset. "
               "Healed by a restart.",
    .params = {target_param(),
               boolean("power", "the whole machine goes with it, so nobody is told").optional("false"),
               choice("disk", {"synced", "prefix", "all", "wiped"},
                      "what is left of the writes that were not synced")
                   .optional("'synced'")},
    .returns = "Fault",
    .example = R"(
local w = lab.world{ seed = 1 }
w:service('db')
w:inject(lab.fault.crash('db'))
return not w:find('db'):up())",
    .make =
        [](lua_State* L, Arguments& a) {
          return push_fault(L, make_crash({.target = target_option(a, "target"),
                                           .power = a.boolean("power", false),
                                           .disk = *parse_crash_disk(a.string("disk", "synced"))}));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
