#include "bindings/host/object.hpp"
#include "core/base/distribution.hpp"

namespace syslab {
namespace {

const Component uniform{{
    .name = "dist.uniform",
    .summary = "Every value between two bounds is equally likely.",
    .params = {number("low", "the least value").optional("0"),
               number("high", "the greatest value").optional("1")},
    .returns = "Distribution",
    .cost = "O(1) a sample",
    .example = R"(return lab.dist.uniform{ low = 1, high = 3 }:mean() == 2)",
    .make =
        [](lua_State* L, Arguments& a) {
          const double low = a.number("low", 0), high = a.number("high", 1);
          if (high < low) a.reject("high", "it is below low");
          return push(L, make_uniform({.low = low, .high = high}));
        },
}};

}  // namespace
}  // namespace syslab
