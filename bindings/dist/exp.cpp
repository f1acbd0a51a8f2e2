#include "bindings/host/object.hpp"
#include "core/base/distribution.hpp"

namespace syslab {
namespace {

const Component exponential{{
    .name = "dist.exp",
    .summary = "Memoryless times: the gaps of a Poisson process, or a service time with no memory.",
    .params = {number("mean", "the mean").above(0)},
    .returns = "Distribution",
    .cost = "O(1) a sample",
    .example = R"(return lab.dist.exp{ mean = 2*ms }:mean() == 0.002)",
    .make = [](lua_State* L, Arguments& a) { return push(L, make_exponential({.mean = a.number("mean")})); },
}};

}  // namespace
}  // namespace syslab
