#include "bindings/replicate/monitored.hpp"

namespace syslab {
namespace {

const Component log_shipping{{
    .name = "replicate.log_shipping",
    .summary = "A publisher whose commit log goes to subscribers from time to time (transactional "
               "replication): they have every "
               "write, in order, up to a moment. One of them can be promoted, also back to a point in time.",
    .params = shipping_params("how often the log goes out"),
    .returns = "Protocol",
    .cost = "no write waits for the subscribers; what is shipped is what has changed",
    .example = R"(
local w = lab.world{ seed = 1 }
local db = w:replicas("db", lab.replicate.log_shipping{ count = 2, every = 5 })
w:run(1)
db[1]:call{ type = "write", key = "x", value = 1 }
w:run(6)
db[1]:call{ type = "write", key = "x", value = 2 }
w:inject(lab.fault.crash("db-1"))
w:find("db-monitor"):call{ type = "promote", name = "db-2" }
w:run(2)
return db[2]:call{ type = "read", key = "x" } == 1)",
    .make = [](lua_State* L, Arguments& a) { return push_shipping(L, a, "log shipping", false); },
}};

}  // namespace
}  // namespace syslab
