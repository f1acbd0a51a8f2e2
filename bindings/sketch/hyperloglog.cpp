#include "core/sketch/hyperloglog.hpp"

#include "bindings/sketch/sketch.hpp"

namespace syslab {
namespace {

int add(lua_State* L, HyperLogLog& sketch) {
  sketch.add(key_hash_argument(L, 2));
  return 0;
}

int add_all(lua_State* L, HyperLogLog& sketch) {
  const auto ids = ids_argument(L, 2);
  for (const std::uint64_t id : ids) sketch.add(hash64(id));
  lua_pushnumber(L, static_cast<double>(ids.size()));
  return 1;
}

int estimate(lua_State* L, HyperLogLog& sketch) {
  lua_pushnumber(L, sketch.estimate());
  lua_pushnumber(L, sketch.standard_error());
  return 2;
}

const Type hyperloglog_type{describe_type<HyperLogLog>(
    "HyperLogLog", "Counts different keys. Keys are strings or numbers.",
    with_sketch_methods<HyperLogLog>({
        method<&add>("add", "(key)", "Adds a key; one that was added before changes nothing."),
        method<&add_all>("add_all", "(trace | n) -> number", "Adds the ids of a trace, or 1 to n."),
        method<&estimate>("estimate", "() -> number, error",
                          "How many different keys were added, and the standard error of that, as a share."),
    }),
    &sketch_methods::show<HyperLogLog>)};

const Component hyperloglog{{
    .name = "sketch.hyperloglog",
    .summary = "HyperLogLog: how many different keys came? 12 KB for any number of them, to 0.8 %.",
    .params =
        {number("error", "the standard error of the estimate, at most")
             .above(0)
             .at_most(0.5)
             .optional("0.01"),
         count("precision", "2^precision registers, in place of error").at_least(4).at_most(18).optional()},
    .returns = "HyperLogLog",
    .cost = "O(1) a key, 6 bits a register; the estimate looks at all of them",
    .paper = "Flajolet et al. 2007, HyperLogLog; Ertl 2017, New cardinality estimation algorithms",
    .example = R"(local visitors = lab.sketch.hyperloglog{ precision = 14 }
visitors:add_all(100000); visitors:add_all(100000)
local n, error = visitors:estimate()
return math.abs(n / 100000 - 1) < 3 * error)",
    .make =
        [](lua_State* L, Arguments& a) {
          if (a.has("precision") && a.has("error")) a.reject("precision", "give either it or error");
          const double error = a.number("error", 0.01);
          const int precision =
              a.has("precision") ? static_cast<int>(a.count("precision")) : HyperLogLog::precision_for(error);
          auto sketch = std::make_shared<HyperLogLog>(precision);
          if (!a.has("precision") && sketch->standard_error() > error) {
            a.reject("error", fmt::format("the largest precision, {}, reaches {:.3g}",
                                          HyperLogLog::kMostPrecision, sketch->standard_error()));
          }
          return push(L, std::move(sketch));
        },
}};

}  // namespace
}  // namespace syslab
