#include "core/cache/w_tiny_lfu.hpp"

#include "bindings/cache/cache.hpp"

namespace syslab {
namespace {

const Component w_tiny_lfu{{
    .name = "cache.w_tiny_lfu",
    .summary = "A cache with a small window for newcomers; to stay, a key must have been asked for more "
               "often than the one it would replace.",
    .params =
        cache_params({probability("window_share", "of the capacity, for newcomers").optional("0.01"),
                      probability("protected_share", "of the rest, for what was hit there").optional("0.8")}),
    .returns = "Cache",
    .cost = "O(1) a call; 8 to 16 bytes an entry for the estimates",
    .paper = "Einziger, Friedman & Manes 2017, TinyLFU: a highly efficient cache admission policy",
    .example = R"(local c = lab.cache.w_tiny_lfu{ capacity = 100 }
for _ = 1, 4 do
  for i = 1, 50 do
    if not c:get(i) then c:put(i) end
  end
end
for i = 1000, 2000 do c:put(i) end          -- a scan
return c:contains(1) and c:contains(25))",
    .make =
        [](lua_State* L, Arguments& a) {
          return push(L, make_w_tiny_lfu(cache_capacity(a), {.window = a.number("window_share", 0.01),
                                                             .protect = a.number("protected_share", 0.8)}));
        },
}};

}  // namespace
}  // namespace syslab
