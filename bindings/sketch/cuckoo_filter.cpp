#include "core/sketch/cuckoo_filter.hpp"

#include "bindings/sketch/sketch.hpp"

namespace syslab {
namespace {

const Component cuckoo_filter{{
    .name = "sketch.cuckoo_filter",
    .summary =
        "A cuckoo filter: a set of short fingerprints in buckets of four, from which keys can be removed, "
        "smaller than a Bloom filter below a rate of 3 %; and full at 95 % of its slots.",
    .params =
        {count("capacity", "how many keys must fit").at_least(1).at_most(0x1p36),
         probability("fp_rate", "how often a stranger is reported when it is full").above(0).optional("0.01"),
         count("fingerprint_bits", "their length, in place of fp_rate").at_least(4).at_most(32).optional()},
    .returns = "MembershipFilter",
    .cost = "two cache misses a look-up; about (log2(1/fp_rate) + 3) / 0.95 bits a key, up to twice that as "
            "the buckets "
            "are a power of two",
    .paper = "Fan, Andersen, Kaminsky & Mitzenmacher 2014, Cuckoo filter: practically better than Bloom",
    .example = R"(local f = lab.sketch.cuckoo_filter{ capacity = 1000, fp_rate = 0.001 }
f:add("a"); f:add("b"); f:remove("a")
return not f:contains("a") and f:contains("b"))",
    .make =
        [](lua_State* L, Arguments& a) {
          const double rate = a.number("fp_rate", 0.01);
          if (rate >= 1) a.reject("fp_rate", "expected a rate below 1");
          CuckooOptions o = cuckoo_for(static_cast<double>(a.count("capacity")), rate);
          if (a.has("fingerprint_bits")) {
            if (a.has("fp_rate")) a.reject("fingerprint_bits", "give either it or fp_rate");
            o.fingerprint_bits = static_cast<int>(a.count("fingerprint_bits"));
          }
          check_sketch_bytes(a, "capacity", static_cast<double>(o.buckets) * o.fingerprint_bits / 2);
          return push(L, std::shared_ptr<MembershipFilter>(make_cuckoo_filter(o)));
        },
}};

}  // namespace
}  // namespace syslab
