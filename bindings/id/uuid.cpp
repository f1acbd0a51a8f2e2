#include "core/id/uuid.hpp"

#include "bindings/id/generator.hpp"

namespace syslab {
namespace {

const Component uuid{{
    .name = "id.uuid",
    .summary = "128-bit ids by chance: version 4 is random, version 7 begins with the milliseconds, so that "
               "it sorts by "
               "time.",
    .params = {count("version", "4 or 7").at_least(4).at_most(7).optional("7"),
               choice("monotonic", {"none", "counter", "random", "fraction"},
                      "how version 7 sorts within a millisecond: methods 1, 2, 3 of RFC 9562, section 6.2")
                   .optional("counter"),
               id_seed_param()},
    .returns = "IdGenerator",
    .cost = "O(1) an id, about 10 ns",
    .paper = "RFC 9562, Universally Unique IDentifiers, 2024",
    .example = R"(local ids = lab.id.uuid{ version = 7, seed = 1 }
local a, b = ids:next(1645557742), ids:next(1645557742)
return a < b and ids:parse(a).ms == 1645557742000 and a:sub(1, 15) == "017f22e2-79b0-7")",
    .make =
        [](lua_State* L, Arguments& a) {
          using Monotonic = UuidOptions::Monotonic;
          UuidOptions o;
          o.version = static_cast<int>(a.count("version", 7));
          if (o.version != 4 && o.version != 7) a.reject("version", "expected 4 or 7");
          const std::string method = a.string("monotonic", "counter");
          if (o.version == 4 && a.has("monotonic")) a.reject("monotonic", "a version 4 has no order");
          o.monotonic = method == "none"      ? Monotonic::none
                        : method == "random"  ? Monotonic::random
                        : method == "counter" ? Monotonic::counter
                                              : Monotonic::fraction;
          return push_generator(L, std::make_shared<Uuid>(o, id_rng(L, a)));
        },
}};

}  // namespace
}  // namespace syslab
