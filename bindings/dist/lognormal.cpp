#include "bindings/host/object.hpp"
#include "core/base/distribution.hpp"

namespace syslab {
namespace {

const Component lognormal{{
    .name = "dist.lognormal",
    .summary = "Service times with a moderate tail: most requests are quick, a few are slow.",
    .params = {number("median", "half of the samples are below it").above(0),
               number("sigma", "the spread: standard deviation of the logarithm")
                   .at_least(0)
                   .at_most(20)
                   .optional("1")},
    .returns = "Distribution",
    .cost = "O(1) a sample",
    .example = R"(return lab.dist.lognormal{ median = 8*ms, sigma = 0.5 }:mean() > 8*ms)",
    .make =
        [](lua_State* L, Arguments& a) {
          return push(L, make_lognormal({.median = a.number("median"), .sigma = a.number("sigma", 1)}));
        },
}};

}  // namespace
}  // namespace syslab
