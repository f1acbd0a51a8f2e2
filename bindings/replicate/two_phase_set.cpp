#include "bindings/replicate/crdt.hpp"

namespace syslab {
namespace {

const Component two_phase_set{describe_crdt({
    .name = "two_phase_set",
    .summary = "A replicated set: add, and remove, after which an element never comes back.",
    .cost = "O(log n) an operation; what was removed is kept for ever",
    .paper = "Shapiro et al. 2011, A comprehensive study of Convergent and Commutative Replicated Data Types",
    .example = R"(local a = lab.replicate.two_phase_set{ replica = "a" }
a:add("x"); a:remove("x"); a:add("x")
return #a:value() == 0)",
    .make = &push_crdt<&make_two_phase_set>,
})};

}  // namespace
}  // namespace syslab
