#include "core/sim/fault/disk_torn.hpp"

#include "bindings/fault/fault.hpp"

namespace syslab {
namespace {

const Component disk_torn{{
    .name = "fault.disk_torn",
    .summary = "While active, a crash leaves the oldest write it loses half written.",
    .params = {target_param()},
    .returns = "Fault",
    .example = R"(return lab.fault.disk_torn('db'):describe() == 'torn writes on db')",
    .make =
        [](lua_State* L, Arguments& a) {
          return push_fault(L, make_disk_torn({.target = target_option(a, "target")}));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
