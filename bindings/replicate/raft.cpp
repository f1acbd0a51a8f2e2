#include "core/replicate/raft.hpp"

#include "bindings/replicate/protocol.hpp"

namespace syslab {
namespace {

const Component raft{{
    .name = "replicate.raft",
    .summary = "A replicated key-value store: an elected leader, a log that a majority holds. Takes read, "
               "write and cas, and add_member and remove_member with a node's name.",
    .params = {count("count", "replicas; a majority of them must be up").at_least(1).at_most(99),
               duration("heartbeat", "the leader's pulse").above(0).optional("50 ms"),
               duration("election_min", "a follower that hears nothing for a time between this ...")
                   .above(0)
                   .optional("150 ms"),
               duration("election_max", "... and this stands for election").above(0).optional("300 ms"),
               count("batch", "entries a message").at_least(1).optional("64"),
               count("voters", "the first so many vote from the beginning, the others wait to be added")
                   .at_least(1)
                   .optional("all"),
               choice(
                   "reads", {"log", "index", "lease"},
                   "a read is an entry of the log; or waits for a round of heartbeats; or trusts the clocks")
                   .optional("'index'"),
               number("drift", "of leases: how much faster or slower than true a clock may be")
                   .at_least(0)
                   .at_most(0.5)
                   .optional("0.01"),
               count("snapshot_after", "entries applied since the last snapshot; 0: never").optional("1000"),
               boolean("pre_vote", "ask whether a candidacy would succeed before standing").optional("true"),
               bug_param(kRaftBugs)},
    .returns = "Protocol",
    .cost = "an operation takes two message delays and one fsync each at the leader and a majority",
    .paper = "Ongaro & Ousterhout 2014, In Search of an Understandable Consensus Algorithm",
    .example = R"(
local w = lab.world{ seed = 1 }
local kv = w:replicas("kv", lab.replicate.raft{ count = 3 })
w:run(1)
kv[1]:call{ type = "write", key = "x", value = 1 }
return kv[2]:call{ type = "read", key = "x" } == 1)",
    .make =
        [](lua_State* L, Arguments& a) {
          RaftOptions o;
          o.heartbeat = a.duration("heartbeat", o.heartbeat);
          o.election_min = a.duration("election_min", o.election_min);
          o.election_max = a.duration("election_max", o.election_max);
          o.batch = a.count("batch", o.batch);
          const std::string reads = a.string("reads", "index");
          o.reads = reads == "log" ? RaftReads::log : reads == "lease" ? RaftReads::lease : RaftReads::index;
          o.drift = a.number("drift", o.drift);
          o.snapshot_after = a.count("snapshot_after", o.snapshot_after);
          o.pre_vote = a.boolean("pre_vote", o.pre_vote);
          o.bug = bug_argument(a, kRaftBugs);
          if (o.election_max < o.election_min) a.reject("election_max", "it is below election_min");
          auto protocol = std::make_shared<Protocol>();
          protocol->name = "raft";
          protocol->count = a.count("count");
          o.voters = a.count("voters", protocol->count);
          if (o.voters > protocol->count) a.reject("voters", "there are fewer replicas");
          protocol->watched = [o](std::shared_ptr<const std::vector<NodeId>> members) -> Protocol::Watched {
            RaftOptions options = o;
            options.members = std::move(members);
            options.watch = std::make_shared<LogWatch>();
            return {[options] { return std::make_unique<Raft>(options); }, options.watch};
          };
          return push(L, protocol);
        },
}};

}  // namespace
}  // namespace syslab
