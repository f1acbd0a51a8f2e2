#include "core/id/ulid.hpp"

#include "bindings/id/generator.hpp"

namespace syslab {
namespace {

const Component ulid{{
    .name = "id.ulid",
    .summary = "128-bit ids of milliseconds and 80 random bits, as 26 characters that sort by time.",
    .params =
        {boolean("monotonic", "within a millisecond the next id is one more than the last; else it is random")
             .optional("true"),
         string("after", "goes on behind this ULID, the last one of another generator").optional("none"),
         id_seed_param()},
    .returns = "IdGenerator",
    .cost = "O(1) an id, about 10 ns",
    .paper = "The ULID specification, github.com/ulid/spec",
    .example = R"(local ids = lab.id.ulid{ seed = 1 }
local a, b = ids:next(1469918176.385), ids:next(1469918176.385)
return a:sub(1, 10) == "01ARYZ6S41" and a < b and #b == 26)",
    .make =
        [](lua_State* L, Arguments& a) {
          UlidOptions o;
          o.monotonic = a.boolean("monotonic", true);
          if (a.has("after")) {
            const Expected<Id> after = Ulid::parse(a.string("after"));
            if (!after) a.reject("after", after.error().message);
            if (!o.monotonic) a.reject("after", "only a monotonic ULID goes on behind another");
            o.after = *after;
          }
          return push_generator(L, std::make_shared<Ulid>(o, id_rng(L, a)));
        },
}};

}  // namespace
}  // namespace syslab
