#include "bindings/replicate/crdt.hpp"

namespace syslab {
namespace {

const Component lww_map{describe_crdt({
    .name = "lww_map",
    .summary =
        "A replicated table of texts to values: put and remove. For each field the latest write stays.",
    .cost = "O(log n) an operation; a time and a name a field, also a removed one",
    .paper = "Johnson & Thomas 1975, RFC 677, The Maintenance of Duplicate Databases",
    .example = R"(local a = lab.replicate.lww_map{ replica = "a" }
local b = lab.replicate.lww_map{ replica = "b" }
a:put("name", "Ada", 1); b:put("name", "Bob", 2); b:put("age", 36, 1)
a:merge(b)
return a:value().name == "Bob" and a:value().age == 36)",
    .make = &push_crdt<&make_lww_map>,
})};

}  // namespace
}  // namespace syslab
