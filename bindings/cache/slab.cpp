#include "core/cache/slab.hpp"

#include "bindings/cache/cache.hpp"

namespace syslab {
namespace {

const Component slab{{
    .name = "cache.slab",
    .summary = "A cache of bytes with the memory of memcached 1.4.39: pages cut into chunks by size class, "
               "an LRU list "
               "for each class. A full class evicts while another has room to spare.",
    .params = {size("memory", "bytes, given out in pages").at_least(1).optional("64 MiB"),
               number("factor", "each class of chunks is so many times as large as the one before")
                   .at_least(1.01)
                   .at_most(100)
                   .optional("1.25"),
               size("page", "bytes of a page, and of the largest item")
                   .at_least(1024)
                   .at_most(1 << 30)
                   .optional("1 MiB")},
    .returns = "Cache",
    .cost = "O(1) a call",
    .example = R"(
local c = lab.cache.slab{ memory = 2*MiB }
for i = 1, 20000 do c:put(i, true, 40) end             -- chunks of 96 bytes take both pages
for i = 1, 3 do c:put("large" .. i, true, 100*KiB) end -- their class gets one page beyond
return c:size() == 20003 and c:used() < 2.3*MiB)",
    .make =
        [](lua_State* L, Arguments& a) {
          SlabOptions o;
          o.memory_bytes = a.count("memory", o.memory_bytes);
          o.factor = a.number("factor", o.factor);
          o.page_bytes = o.item_max = a.count("page", o.page_bytes);
          if (o.memory_bytes < o.page_bytes) a.reject("memory", "it is less than a page");
          return push(L, std::unique_ptr<Cache>(std::make_unique<SlabCache>(o)));
        },
}};

}  // namespace
}  // namespace syslab
