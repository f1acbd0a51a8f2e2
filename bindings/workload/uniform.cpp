#include "core/workload/uniform.hpp"

#include "bindings/workload/workload.hpp"

namespace syslab {
namespace {

const Component uniform{{
    .name = "workload.uniform",
    .summary = "Every key is as likely as any other.",
    .params = {count("count", "how many keys there are").at_least(1)},
    .returns = "KeyStream",
    .cost = "about 2 ns a key",
    .example = R"(local keys = lab.workload.uniform{ count = 10 }
local k = keys:next()
return k >= 1 and k <= 10 and keys:count() == 10)",
    .make = [](lua_State* L,
               Arguments& a) { return push(L, make_uniform_keys({.count = a.count("count")})); },
}};

}  // namespace
}  // namespace syslab
