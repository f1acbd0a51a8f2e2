#include "bindings/replicate/monitored.hpp"

namespace syslab {
namespace {

const Component snapshot{{
    .name = "replicate.snapshot",
    .summary = "A publisher whose whole store is copied to subscribers from time to time: they have it as it "
               "was at that "
               "moment. One of them can be promoted.",
    .params = shipping_params("how often the store is copied"),
    .returns = "Protocol",
    .cost = "no write waits for the subscribers; each copy is the whole store",
    .example = R"(
local w = lab.world{ seed = 1 }
local db = w:replicas("db", lab.replicate.snapshot{ count = 2, every = 5, reads = "any" })
w:run(1)
db[1]:call{ type = "write", key = "x", value = 1 }
local before = db[2]:call{ type = "read", key = "x" }
w:run(6)
return before == nil and db[2]:call{ type = "read", key = "x" } == 1)",
    .make = [](lua_State* L, Arguments& a) { return push_shipping(L, a, "snapshot replication", true); },
}};

}  // namespace
}  // namespace syslab
