#include "bindings/replicate/crdt.hpp"

namespace syslab {
namespace {

const Component pn_counter{describe_crdt({
    .name = "pn_counter",
    .summary = "A replicated counter that goes both ways: increment and decrement.",
    .cost = "O(log replicas) an operation; 18 bytes and two names a replica",
    .paper = "Shapiro et al. 2011, A comprehensive study of Convergent and Commutative Replicated Data Types",
    .example = R"(local a = lab.replicate.pn_counter{ replica = "a" }
local b = lab.replicate.pn_counter{ replica = "b" }
b:merge(a:increment(5)); a:merge(b:decrement(2))
return a:value() == 3 and b:value() == 3)",
    .make = &push_crdt<&make_pn_counter>,
})};

}  // namespace
}  // namespace syslab
