#include "core/sim/fault/disk_lying.hpp"

#include "bindings/fault/fault.hpp"

namespace syslab {
namespace {

const Component disk_lying{{
    .name = "fault.disk_lying",
    .summary = "While active, sync reports success and syncs nothing: a crash then loses what was promised.",
    .params = {target_param()},
    .returns = "Fault",
    .example = R"(return lab.fault.disk_lying('db'):describe() == 'lying fsync on db')",
    .make =
        [](lua_State* L, Arguments& a) {
          return push_fault(L, make_disk_lying({.target = target_option(a, "target")}));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
