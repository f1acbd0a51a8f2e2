#include "core/sim/fault/disk_slow.hpp"

#include "bindings/fault/fault.hpp"

namespace syslab {
namespace {

const Component disk_slow{{
    .name = "fault.disk_slow",
    .summary = "Disk operations take longer.",
    .params = {target_param(), number("factor", "how many times longer").above(0).optional("10")},
    .returns = "Fault",
    .example = R"(return lab.fault.disk_slow{ target = 'db', factor = 3 }:options().factor == 3)",
    .make =
        [](lua_State* L, Arguments& a) {
          return push_fault(
              L, make_disk_slow({.target = target_option(a, "target"), .factor = a.number("factor", 10)}));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
