#include "bindings/host/object.hpp"
#include "core/base/distribution.hpp"

namespace syslab {
namespace {

const Component normal{{
    .name = "dist.normal",
    .summary = "The bell curve. As a delay, negative samples count as 0.",
    .params = {number("mean", "the mean").optional("0"),
               number("stddev", "the standard deviation").at_least(0).optional("1")},
    .returns = "Distribution",
    .cost = "O(1) a sample",
    .paper = "Wichura 1988, Algorithm AS 241",
    .example = R"(return lab.dist.normal{ mean = 10, stddev = 2 }:mean() == 10)",
    .make =
        [](lua_State* L, Arguments& a) {
          return push(L, make_normal({.mean = a.number("mean", 0), .stddev = a.number("stddev", 1)}));
        },
}};

}  // namespace
}  // namespace syslab
