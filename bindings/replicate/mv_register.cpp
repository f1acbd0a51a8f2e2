#include "bindings/replicate/crdt.hpp"

namespace syslab {
namespace {

const Component mv_register{describe_crdt({
    .name = "mv_register",
    .summary = "A replicated value: set. Values that were set at the same time are all there, as a list, "
               "until one is set by who saw them.",
    .cost = "O(siblings) an operation; a name and a number a sibling, and a version vector",
    .paper = "Shapiro et al. 2011; Preguica et al. 2010, Dotted Version Vectors",
    .example = R"(local a = lab.replicate.mv_register{ replica = "a" }
local b = lab.replicate.mv_register{ replica = "b" }
a:set("red"); b:set("blue"); a:merge(b)
local both = #a:value()
b:merge(a:set("purple"))
return both == 2 and #b:value() == 1 and b:value()[1] == "purple")",
    .make = &push_crdt<&make_mv_register>,
})};

}  // namespace
}  // namespace syslab
