#include "core/sketch/bloom.hpp"

#include "bindings/sketch/sketch.hpp"
#include "core/sketch/counting_bloom.hpp"

namespace syslab {
namespace {

const Component bloom{{
    .name = "sketch.bloom",
    .summary =
        "A Bloom filter: a set that takes ten bits a key, never misses a key, and reports a stranger now and "
        "then. Its size comes from a number of keys and the rate of false reports, or from bits and hashes.",
    .params =
        {number("capacity", "how many keys it is made for; it takes more, and reports more by mistake")
             .at_least(1)
             .at_most(1e12)
             .optional(),
         probability("fp_rate", "how often a stranger is reported when it holds `capacity` keys")
             .above(0)
             .optional("0.01"),
         count("bits", "its size, in place of capacity and fp_rate").at_least(1).at_most(0x1p40).optional(),
         count("hashes", "bits that a key sets, with `bits`").at_least(1).at_most(64).optional("7"),
         boolean("counting", "counters of 4 bits in place of bits, so that keys can be removed")
             .optional("false")},
    .returns = "MembershipFilter",
    .cost = "O(hashes) a key; 1.44 log2(1/fp_rate) bits a key, four times that with counters",
    .paper = "Bloom 1970, Space/time trade-offs in hash coding with allowable errors; Fan et al. 1998, "
             "Summary cache",
    .example = R"(local seen = lab.sketch.bloom{ capacity = 1000, fp_rate = 0.01 }
seen:add("https://example.org/")
return seen:contains("https://example.org/") and not seen:contains("another") and seen:memory() == 1200)",
    .make =
        [](lua_State* L, Arguments& a) {
          BloomOptions o;
          if (a.has("bits")) {
            if (a.has("capacity")) a.reject("capacity", "give either it or bits");
            if (a.has("fp_rate")) a.reject("fp_rate", "it is for capacity; with bits give hashes");
            o.bits = a.count("bits");
            o.hashes = static_cast<int>(a.count("hashes", 7));
          } else {
            if (!a.has("capacity")) a.reject("capacity", "missing; give it, or bits");
            if (a.has("hashes"))
              a.reject("hashes", "it is for bits; capacity and fp_rate give the best number");
            const double rate = a.number("fp_rate", 0.01);
            if (rate >= 1) a.reject("fp_rate", "expected a rate below 1");
            o = bloom_for(a.number("capacity"), rate);
          }
          const bool counting = a.boolean("counting", false);
          check_sketch_bytes(a, a.has("bits") ? "bits" : "capacity",
                             static_cast<double>(o.bits) / (counting ? 2 : 8));
          std::shared_ptr<MembershipFilter> filter;
          if (counting) {
            filter = std::make_shared<CountingBloom>(o);
          } else {
            filter = std::make_shared<Bloom>(o);
          }
          return push(L, std::move(filter));
        },
}};

}  // namespace
}  // namespace syslab
