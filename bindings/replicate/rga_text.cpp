#include "bindings/replicate/crdt.hpp"

namespace syslab {
namespace {

const Component rga_text{describe_crdt({
    .name = "rga_text",
    .summary = "A replicated text: insert and delete by place. What is typed at the same time at one place "
               "stands one after the other.",
    .cost = "O(n) an operation; a run of characters that were typed onwards takes 20 bytes and two names, a "
            "deleted one too",
    .paper =
        "Roh et al. 2011, Replicated abstract data types: Building blocks for collaborative applications",
    .example = R"(local a = lab.replicate.rga_text{ replica = "a" }
local b = lab.replicate.rga_text{ replica = "b" }
b:merge(a:insert(1, "efecte"))
local f = a:insert(2, "f"); local e = b:delete(6)
a:merge(e); b:merge(f)
return a:value() == "effect" and b:value() == "effect")",
    .make = &push_crdt<&make_rga_text>,
})};

}  // namespace
}  // namespace syslab
