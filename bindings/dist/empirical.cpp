#include "bindings/host/object.hpp"
#include "core/base/distribution.hpp"

namespace syslab {
namespace {

const Component empirical{{
    .name = "dist.empirical",
    .summary = "Recorded values, drawn in proportion to their weights.",
    .params = {list("values", "the values"),
               list("weights", "one weight for each value").optional("all equal")},
    .returns = "Distribution",
    .cost = "O(1) a sample",
    .paper = "Vose 1991, alias method",
    .example = R"(return lab.dist.empirical{ values = { 1, 5 }, weights = { 3, 1 } }:mean() == 2)",
    .make =
        [](lua_State* L, Arguments& a) {
          const auto numbers = [&](const char* name) {
            std::vector<double> out;
            const int index = a.index_of(name);
            for (std::size_t i = 1; index != 0 && i <= lua_objlen(L, index); ++i) {
              lua_rawgeti(L, index, static_cast<int>(i));
              if (lua_type(L, -1) != LUA_TNUMBER)
                a.reject(name, "it holds " + describe_argument(L, -1) + ", not only numbers");
              out.push_back(lua_tonumber(L, -1));
              lua_pop(L, 1);
            }
            return out;
          };
          EmpiricalOptions options{numbers("values"), numbers("weights")};
          if (options.values.empty()) a.reject("values", "it is empty");
          if (a.has("weights")) {
            if (options.weights.size() != options.values.size())
              a.reject("weights", "there must be one weight for each value");
            double total = 0;
            for (double w : options.weights) {
              if (!(w >= 0) || !std::isfinite(w)) a.reject("weights", "a weight is negative or not finite");
              total += w;
            }
            if (total <= 0) a.reject("weights", "they are all zero");
          }
          return push(L, make_empirical(options));
        },
}};

}  // namespace
}  // namespace syslab
