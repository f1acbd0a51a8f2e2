#include "bindings/host/object.hpp"
#include "core/base/distribution.hpp"

namespace syslab {
namespace {

const Component pareto{{
    .name = "dist.pareto",
    .summary = "A heavy tail: rare samples are enormous. The mean is infinite for shape 1 or less.",
    .params = {number("scale", "the least value").above(0).optional("1"),
               number("shape", "the tail index; smaller is heavier").above(0).optional("2")},
    .returns = "Distribution",
    .cost = "O(1) a sample",
    .example = R"(return lab.dist.pareto{ scale = 1, shape = 2 }:mean() == 2)",
    .make =
        [](lua_State* L, Arguments& a) {
          return push(L, make_pareto({.scale = a.number("scale", 1), .shape = a.number("shape", 2)}));
        },
}};

}  // namespace
}  // namespace syslab
