#include "core/replicate/chain.hpp"

#include "bindings/replicate/monitored.hpp"

namespace syslab {
namespace {

const Component chain{{
    .name = "replicate.chain",
    .summary =
        "A replicated key-value store as a chain: writes enter at the head, what has reached the tail is "
        "committed, reads are the tail's. A monitor (the node NAME-monitor) takes out who falls silent.",
    .params = monitored_params(
        {choice(
             "reads", {"tail", "any"},
             "who answers reads: the tail; or everybody, who asks the tail about keys that are being written "
             "(CRAQ)")
             .optional("'tail'"),
         bug_param(kChainBugs)}),
    .returns = "Protocol",
    .cost = "a write takes a hop and an fsync a replica, one after the other; a read one round trip",
    .paper = "van Renesse & Schneider 2004, Chain Replication; Terrace & Freedman 2009, CRAQ",
    .example = R"(
local w = lab.world{ seed = 1 }
local kv = w:replicas("kv", lab.replicate.chain{ count = 3 })
w:run(1)
kv[2]:call{ type = "write", key = "x", value = 1 }
w:inject(lab.fault.crash("kv-3"))
w:run(2)
return kv[1]:call{ type = "read", key = "x" } == 1)",
    .make =
        [](lua_State* L, Arguments& a) {
          ChainOptions o;
          o.replica = monitored_options(a);
          o.reads_anywhere = a.string("reads", "tail") == "any";
          o.bug = bug_argument(a, kChainBugs);
          auto protocol = std::make_shared<Protocol>();
          protocol->name = "chain";
          protocol->count = a.count("count");
          protocol->watched = [o](std::shared_ptr<const std::vector<NodeId>> members) -> Protocol::Watched {
            ChainOptions options = o;
            options.replica.replicas = std::move(members);
            options.replica.log.watch = std::make_shared<LogWatch>();
            return {[options] { return std::make_unique<Chain>(options); }, options.replica.log.watch};
          };
          protocol->beside = [o](World& world, const std::string& name,
                                 std::shared_ptr<const std::vector<NodeId>> members) {
            ChainOptions options = o;
            options.replica.replicas = std::move(members);
            add_monitor(world, name, monitor_of(options));
          };
          return push(L, protocol);
        },
}};

}  // namespace
}  // namespace syslab
