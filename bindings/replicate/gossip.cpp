#include "core/replicate/gossip.hpp"

#include "bindings/replicate/protocol.hpp"

namespace syslab {
namespace {

const Component gossip{{
    .name = "replicate.gossip",
    .summary =
        "Members that tell a few others what they know: who is there (SWIM, or heartbeats and a failure "
        "detector), and values that were broadcast. Takes broadcast, read and members.",
    .params =
        {count("count", "members").at_least(1).at_most(2000),
         choice("detector", {"swim", "phi", "timeout"},
                "who is gone: whom neither a ping nor others' pings reach, and who does not object; or whose "
                "heartbeats, gossiped, stay away for longer than they use to; or for longer than `timeout`")
             .optional("'swim'"),
         duration("period", "a member pings one other, or raises its heartbeat").above(0).optional("1 s"),
         duration("ping_timeout", "then others are asked to ping it").above(0).optional("0.3 of the period"),
         count("helpers", "so many others").optional("3"),
         number("suspicion", "times log2(n) periods to object").above(0).optional("3"),
         number("retransmit", "times log2(n): how often news are told").above(0).optional("3"),
         number("threshold", "phi above which a member is taken for dead").above(0).optional("8"),
         duration("timeout", "silence after which a member is taken for dead").above(0).optional("5 periods"),
         duration("round", "between two rounds of rumours").above(0).optional("0.1 s"),
         count("fanout", "members told in a round").at_least(1).optional("3"),
         count("hot_rounds", "rounds for which a value is told").at_least(1).optional("retransmit * log2(n)"),
         duration("anti_entropy", "between two comparisons with some other member; 0: never").optional("1 s"),
         bug_param(kGossipBugs)},
    .returns = "Protocol",
    .cost = "a member sends two messages a period, fanout a round while it has something to tell, one a "
            "comparison",
    .paper = "Das, Gupta & Motivala 2002, SWIM; Demers et al. 1987, Epidemic algorithms",
    .example = R"(
local w = lab.world{ seed = 1 }
local group = w:replicas("n", lab.replicate.gossip{ count = 20 })
w:run(1)
group[1]:call{ type = "broadcast", value = "hello" }
w:run(3)
return #group[20]:call{ type = "members" } == 20 and group[7]:call{ type = "read" }[1] == "hello")",
    .make =
        [](lua_State* L, Arguments& a) {
          GossipOptions o;
          const std::string detector = a.string("detector", "swim");
          o.detector = detector == "swim"  ? GossipDetector::swim
                       : detector == "phi" ? GossipDetector::phi
                                           : GossipDetector::timeout;
          o.period = a.duration("period", o.period);
          o.ping_timeout = a.duration("ping_timeout", o.period * 3 / 10);
          if (o.ping_timeout >= o.period) a.reject("ping_timeout", "a period is no longer");
          o.helpers = a.count("helpers", o.helpers);
          o.suspicion = a.number("suspicion", o.suspicion);
          o.retransmit = a.number("retransmit", o.retransmit);
          o.phi.threshold = a.number("threshold", o.phi.threshold);
          o.timeout = a.duration("timeout", o.period * 5);
          o.round = a.duration("round", o.round);
          o.fanout = a.count("fanout", o.fanout);
          o.hot_rounds = a.count("hot_rounds", 0);
          o.anti_entropy = a.duration("anti_entropy", o.anti_entropy);
          o.bug = bug_argument(a, kGossipBugs);
          auto protocol = std::make_shared<Protocol>();
          protocol->name = "gossip";
          protocol->count = a.count("count");
          protocol->replica = [o](std::shared_ptr<const std::vector<NodeId>> members) -> NodeFactory {
            GossipOptions options = o;
            options.members = std::move(members);
            return [options] { return std::make_unique<Gossip>(options); };
          };
          return push(L, protocol);
        },
}};

}  // namespace
}  // namespace syslab
