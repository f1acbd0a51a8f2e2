#include "core/shard/two_phase_commit.hpp"

#include "bindings/replicate/protocol.hpp"

namespace syslab {
namespace {

const Component two_phase_commit{{
    .name = "shard.two_phase_commit",
    .summary =
        "Nodes that share keys out among them, and transactions over several of them: all or nothing. Takes "
        "transact with ops { 'r', key }, { 'w', key, value }, { 'add', key, amount }; read; write.",
    .params =
        {count("count", "nodes; each keeps the keys that hash to it").at_least(1).at_most(99),
         number("initial", "what a key is before it is written").optional("0"),
         duration("vote_timeout", "a participant that has not voted by then makes it abort")
             .above(0)
             .optional("300 ms"),
         duration("retry_every", "outcomes are told, and asked for, so often").above(0).optional("100 ms"),
         choice("bug", two_phase_bug_names(), "a mistake to plant, to see what finds it").optional("none")},
    .returns = "Protocol",
    .cost = "two round trips, an fsync at each participant and two at the coordinator a transaction",
    .paper =
        "Gray 1978, Notes on Data Base Operating Systems; Mohan et al. 1986, Transaction Management in R*",
    .example = R"(
local w = lab.world{ seed = 1 }
local bank = w:replicas("bank", lab.shard.two_phase_commit{ count = 3, initial = 100 })
w:run(1)
bank[1]:call{ type = "transact", ops = { { "add", "ada", -30 }, { "add", "bob", 30 } } }
local _, err = bank[2]:call{ type = "transact", ops = { { "add", "ada", -80 }, { "add", "bob", 80 } } }
w:run(1)
return bank[3]:call{ type = "read", key = "ada" } == 70 and err.code == "conflict" and err.definite)",
    .make =
        [](lua_State* L, Arguments& a) {
          TwoPhaseOptions o;
          o.initial = a.number("initial", o.initial);
          o.vote_timeout = a.duration("vote_timeout", o.vote_timeout);
          o.retry_every = a.duration("retry_every", o.retry_every);
          if (a.has("bug")) o.bug = two_phase_bug_named(a.string("bug"));
          auto protocol = std::make_shared<Protocol>();
          protocol->name = "two_phase_commit";
          protocol->count = a.count("count");
          protocol->replica = [o](std::shared_ptr<const std::vector<NodeId>> members) -> NodeFactory {
            TwoPhaseOptions options = o;
            options.members = std::move(members);
            return [options] { return std::make_unique<TwoPhaseCommit>(options); };
          };
          return push(L, protocol);
        },
}};

}  // namespace
}  // namespace syslab
