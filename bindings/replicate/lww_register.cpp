#include "bindings/replicate/crdt.hpp"

namespace syslab {
namespace {

const Component lww_register{describe_crdt({
    .name = "lww_register",
    .summary = "A replicated value: set. The write with the latest time stays, whatever its writer had seen.",
    .cost = "O(1) an operation; a time and a name",
    .paper = "Johnson & Thomas 1975, RFC 677, The Maintenance of Duplicate Databases",
    .example = R"(local a = lab.replicate.lww_register{ replica = "a" }
local b = lab.replicate.lww_register{ replica = "b" }
a:set("mine", 10.2); b:set("yours", 10.1)
a:merge(b); b:merge(a)
return a:value() == "mine" and b:value() == "mine")",
    .make = &push_crdt<&make_lww_register>,
})};

}  // namespace
}  // namespace syslab
