#include "core/replicate/vr.hpp"

#include "bindings/replicate/protocol.hpp"

namespace syslab {
namespace {

const Component vr{{
    .name = "replicate.vr",
    .summary = "A replicated key-value store by view-stamped replication: a primary that each view names, a "
               "log that a "
               "majority holds in memory. Takes read, write and cas.",
    .params = {count("count", "replicas; fewer than half may be down or recovering").at_least(1).at_most(99),
               duration("heartbeat", "the primary's pulse").above(0).optional("50 ms"),
               duration("patience",
                        "a backup that hears nothing for so long, or up to twice that, begins the next view")
                   .above(0)
                   .optional("200 ms"),
               count("batch", "entries a message").at_least(1).optional("64"), bug_param(kVrBugs)},
    .returns = "Protocol",
    .cost =
        "an operation takes two message delays and no fsync; a change of view or a recovery sends whole logs",
    .paper = "Liskov & Cowling 2012, Viewstamped Replication Revisited",
    .example = R"(
local w = lab.world{ seed = 1 }
local kv = w:replicas("kv", lab.replicate.vr{ count = 3 })
w:run(1)
kv[2]:call{ type = "write", key = "x", value = 1 }
w:inject(lab.fault.crash("kv-1"))
w:run(1)
return kv[3]:call{ type = "read", key = "x" } == 1)",
    .make =
        [](lua_State* L, Arguments& a) {
          VrOptions o;
          o.heartbeat = a.duration("heartbeat", o.heartbeat);
          o.patience = a.duration("patience", o.patience);
          o.batch = a.count("batch", o.batch);
          o.bug = bug_argument(a, kVrBugs);
          auto protocol = std::make_shared<Protocol>();
          protocol->name = "vr";
          protocol->count = a.count("count");
          protocol->replica = [o](std::shared_ptr<const std::vector<NodeId>> members) -> NodeFactory {
            VrOptions options = o;
            options.members = std::move(members);
            return [options] { return std::make_unique<Vr>(options); };
          };
          return push(L, protocol);
        },
}};

}  // namespace
}  // namespace syslab
