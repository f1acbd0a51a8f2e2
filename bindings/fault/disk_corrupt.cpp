#include "core/sim/fault/disk_corrupt.hpp"

#include "bindings/fault/fault.hpp"

namespace syslab {
namespace {

const Component disk_corrupt{{
    .name = "fault.disk_corrupt",
    .summary = "Damages stored records. A detected damage makes reading the file an io_error; an undetected "
               "one flips a bit.",
    .params = {target_param(), string("file", "only this file").optional("every file"),
               probability("probability", "how likely each record is hit").optional("0.1"),
               boolean("detected", "a checksum notices").optional("false")},
    .returns = "Fault",
    .example = R"(return lab.fault.disk_corrupt{ target = 'db', detected = true }:options().detected)",
    .make =
        [](lua_State* L, Arguments& a) {
          return push_fault(L, make_disk_corrupt({.target = target_option(a, "target"),
                                                  .file = a.string("file", ""),
                                                  .probability = a.number("probability", 0.1),
                                                  .detected = a.boolean("detected", false)}));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
