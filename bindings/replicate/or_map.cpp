#include "bindings/replicate/crdt.hpp"

namespace syslab {
namespace {

const Component or_map{describe_crdt({
    .name = "or_map",
    .summary = "A replicated table of texts to lists of values: put and remove. A put at the same time as a "
               "remove, or as another put, stays.",
    .cost = "O(log n) an operation; a name and a number a value, nothing for what was removed",
    .paper = "Almeida et al. 2018, Delta state replicated data types",
    .example = R"(local a = lab.replicate.or_map{ replica = "a" }
local b = lab.replicate.or_map{ replica = "b" }
b:merge(a:put("cart", "milk"))
local removed = a:remove("cart"); local put = b:put("cart", "eggs")
a:merge(put); b:merge(removed)
return #a:value().cart == 1 and a:value().cart[1] == "eggs" and b:value().cart[1] == "eggs")",
    .make = &push_crdt<&make_or_map>,
})};

}  // namespace
}  // namespace syslab
