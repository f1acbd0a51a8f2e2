#include "core/sketch/count_min.hpp"

#include "bindings/sketch/sketch.hpp"

namespace syslab {
namespace {

int add(lua_State* L, CountMin& sketch) {
  const std::uint64_t hash = key_hash_argument(L, 2);
  if (!sketch.add(hash, count_argument(L, 3))) {
    return push_failure(L, make_error("full", "all counts together would be 2^64 or more"));
  }
  lua_pushboolean(L, true);
  return 1;
}

int add_all(lua_State* L, CountMin& sketch) {
  const auto ids = ids_argument(L, 2);
  for (const std::uint64_t id : ids) sketch.add(hash64(id));
  lua_pushnumber(L, static_cast<double>(ids.size()));
  return 1;
}

int estimate(lua_State* L, CountMin& sketch) {
  lua_pushnumber(L, static_cast<double>(sketch.estimate(key_hash_argument(L, 2))));
  return 1;
}

int total(lua_State* L, CountMin& sketch) {
  lua_pushnumber(L, static_cast<double>(sketch.total()));
  return 1;
}

int bounds(lua_State* L, CountMin& sketch) {
  lua_pushnumber(L, sketch.epsilon());
  lua_pushnumber(L, sketch.delta());
  return 2;
}

const Type count_min_type{describe_type<CountMin>(
    "CountMin", "Counts for any number of keys, each at least the truth. Keys are strings or numbers.",
    with_sketch_methods<CountMin>({
        method<&add>("add", "(key, count = 1) -> true | nil, err", "Counts a key."),
        method<&add_all>("add_all", "(trace | n) -> number", "Counts the ids of a trace, or 1 to n."),
        method<&bounds>(
            "bounds", "() -> epsilon, delta",
            "An estimate is above the truth by more than epsilon * total with probability delta at most."),
        method<&estimate>("estimate", "(key) -> number", "How often the key came: at least the truth."),
        method<&total>("total", "() -> number", "All counts."),
    }),
    &sketch_methods::show<CountMin>)};

const Component count_min{{
    .name = "sketch.count_min",
    .summary = "A count-min sketch: how often did this key come? Its size comes from the error and the "
               "probability of a "
               "larger one, or from width and depth.",
    .params =
        {number("epsilon", "the error, as a share of all counts").above(0).at_most(1).optional("0.01"),
         number("delta", "the probability of a larger error").above(0).at_most(1).optional("0.01"),
         count("width", "counters in a row, in place of epsilon").at_least(1).at_most(0x1p40).optional(),
         count("depth", "rows, in place of delta").at_least(1).at_most(64).optional(),
         boolean("conservative",
                 "raises only the counters that must be: never worse, and better for skewed data")
             .optional("false")},
    .returns = "CountMin",
    .cost = "O(depth) a key, 8 bytes a counter",
    .paper = "Cormode & Muthukrishnan 2005, An improved data stream summary; Estan & Varghese 2002",
    .example = R"(local c = lab.sketch.count_min{ epsilon = 0.001, delta = 0.01 }
c:add("a", 5); c:add("b"); c:add("a")
return c:estimate("a") == 6 and c:estimate("c") == 0 and c:total() == 7)",
    .make =
        [](lua_State* L, Arguments& a) {
          for (const char* name : {"epsilon", "delta"}) {
            if (a.number(name, 0.01) >= 1) a.reject(name, "expected a number below 1");
          }
          if (a.has("width") && a.has("epsilon")) a.reject("width", "give either it or epsilon");
          if (a.has("depth") && a.has("delta")) a.reject("depth", "give either it or delta");
          CountMinOptions o = count_min_for(a.number("epsilon", 0.01), a.number("delta", 0.01));
          o.width = a.count("width", o.width);
          o.depth = static_cast<int>(a.count("depth", static_cast<std::uint64_t>(o.depth)));
          o.conservative = a.boolean("conservative", false);
          check_sketch_bytes(a, a.has("width") ? "width" : "epsilon",
                             static_cast<double>(o.width) * o.depth * 8);
          return push(L, std::make_shared<CountMin>(o));
        },
}};

}  // namespace
}  // namespace syslab
