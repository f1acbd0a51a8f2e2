#include "core/cache/ttl.hpp"

#include "bindings/cache/cache.hpp"

namespace syslab {
namespace {

const Component ttl{{
    .name = "cache.ttl",
    .summary = "Gives every entry of another cache a time to live. Tell it the time with advance, or let"
               " a trace with times do it.",
    .params = {object("cache", "Cache",
                      "of what policy and capacity; it is left alone, a fresh one like it is used"),
               duration("ttl", "how long an entry lives").above(0),
               probability("jitter", "lives are shortened at random by up to this share").optional("0"),
               boolean("sliding", "a hit begins a new life").optional("false"),
               count("seed", "of its own random stream").optional("1")},
    .returns = "Cache",
    .cost = "O(log n) a put",
    .example = R"(local c = lab.cache.ttl{ cache = lab.cache.lru{ capacity = 100 }, ttl = 60 }
c:put("a", 1)
c:advance(59)
local before = c:get("a")
c:advance(60)
return before == 1 and c:get("a") == nil and c:stats().expired == 1)",
    .make =
        [](lua_State* L, Arguments& a) {
          TtlOptions o;
          o.ttl = a.duration("ttl");
          o.jitter = a.number("jitter", 0);
          o.sliding = a.boolean("sliding", false);
          o.seed = a.count("seed", 1);
          std::unique_ptr<Cache> cache = make_ttl(a.object<Cache>("cache")->fresh(), o);
          return push(L, std::move(cache));
        },
}};

}  // namespace
}  // namespace syslab
