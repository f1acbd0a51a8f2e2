#include "core/sim/fault/disk_lost.hpp"

#include "bindings/fault/fault.hpp"

namespace syslab {
namespace {

const Component disk_lost{{
    .name = "fault.disk_lost",
    .summary = "Unsynced writes are lost while the process runs; its next sync reports io_error, the one "
               "after succeeds although they are gone.",
    .params = {target_param()},
    .returns = "Fault",
    .example = R"(return lab.fault.disk_lost('db'):describe() == 'unsynced writes lost on db')",
    .make =
        [](lua_State* L, Arguments& a) {
          return push_fault(L, make_disk_lost({.target = target_option(a, "target")}));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
