#include "bindings/replicate/crdt.hpp"

namespace syslab {
namespace {

const Component g_set{describe_crdt({
    .name = "g_set",
    .summary = "A replicated set that only grows: add.",
    .cost = "O(log n) an operation; no metadata",
    .paper = "Shapiro et al. 2011, A comprehensive study of Convergent and Commutative Replicated Data Types",
    .example = R"(local a = lab.replicate.g_set{ replica = "a" }
local b = lab.replicate.g_set{ replica = "b" }
a:add("x"); b:add("y"); a:merge(b)
return table.concat(a:value(), " ") == "x y")",
    .make = &push_crdt<&make_g_set>,
})};

}  // namespace
}  // namespace syslab
