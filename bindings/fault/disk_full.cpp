#include "core/sim/fault/disk_full.hpp"

#include "bindings/fault/fault.hpp"

namespace syslab {
namespace {

const Component disk_full{{
    .name = "fault.disk_full",
    .summary =
        "No space: writes and appends fail with disk_full, which is definite. Reads, deletes and syncs work.",
    .params = {target_param()},
    .returns = "Fault",
    .example = R"(return lab.fault.disk_full('db'):describe() == 'full disk on db')",
    .make =
        [](lua_State* L, Arguments& a) {
          return push_fault(L, make_disk_full({.target = target_option(a, "target")}));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
