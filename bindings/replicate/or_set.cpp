#include "bindings/replicate/crdt.hpp"

namespace syslab {
namespace {

const Component or_set{describe_crdt({
    .name = "or_set",
    .summary = "A replicated set: add and remove. A remove takes away what its writer saw; an add at the "
               "same time stays.",
    .cost = "O(log n) an operation; a name and a number an element, nothing for what was removed",
    .paper = "Bieniusa et al. 2012, An Optimized Conflict-free Replicated Set",
    .example = R"(local a = lab.replicate.or_set{ replica = "a" }
local b = lab.replicate.or_set{ replica = "b" }
b:merge(a:add("milk"))
local removed = a:remove("milk"); local again = b:add("milk")
a:merge(again); b:merge(removed)
return a:value()[1] == "milk" and b:value()[1] == "milk")",
    .make = &push_crdt<&make_or_set>,
})};

}  // namespace
}  // namespace syslab
