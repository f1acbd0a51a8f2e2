#include "bindings/host/object.hpp"
#include "core/base/distribution.hpp"

namespace syslab {
namespace {

const Component constant{{
    .name = "dist.constant",
    .summary = "Always the same value.",
    .params = {number("value", "what every sample is")},
    .returns = "Distribution",
    .cost = "O(1) a sample",
    .example = R"(return lab.dist.constant(5*ms):sample() == 0.005)",
    .make = [](lua_State* L, Arguments& a) { return push(L, make_constant({.value = a.number("value")})); },
}};

}  // namespace
}  // namespace syslab
