#include "bindings/replicate/crdt.hpp"

namespace syslab {
namespace {

const Component g_counter{describe_crdt({
    .name = "g_counter",
    .summary = "A replicated counter that only grows: increment.",
    .cost = "O(log replicas) an operation; 9 bytes and a name a replica",
    .paper = "Shapiro et al. 2011, A comprehensive study of Convergent and Commutative Replicated Data Types",
    .example = R"(local a = lab.replicate.g_counter{ replica = "a" }
local b = lab.replicate.g_counter{ replica = "b" }
a:increment(2); b:increment(3)
a:merge(b); b:merge(a); b:merge(a)
return a:value() == 5 and b:value() == 5)",
    .make = &push_crdt<&make_g_counter>,
})};

}  // namespace
}  // namespace syslab
