#include "core/replicate/quorum.hpp"

#include "bindings/replicate/protocol.hpp"

namespace syslab {
namespace {

const Component quorum{{
    .name = "replicate.quorum",
    .summary = "A leaderless key-value store after Dynamo: a write is answered by W of a key's N homes, a "
               "read by R. "
               "Takes read, write and delete, with n, r and w of their own.",
    .params = {count("count", "replicas; any of them coordinates").at_least(1).at_most(999),
               count("n", "homes of a key: the next so many replicas on the ring")
                   .at_least(1)
                   .optional("3, or all"),
               count("r", "homes that must answer a read").at_least(1).optional("a majority of n"),
               count("w", "homes that must have a write on disk").at_least(1).optional("a majority of n"),
               choice("versions", {"wall", "logical", "vector"},
                      "the last write wins, by the coordinator's wall clock; or by a number above all that r "
                      "homes know; or "
                      "concurrent writes stay side by side: a read answers { values =, context = }, a write "
                      "takes `context`")
                   .optional("'wall'"),
               choice("repair", {"none", "background", "blocking"},
                      "what a read does where replicas differ: nothing; it repairs them afterwards; or it "
                      "answers when w "
                      "have what it answers with")
                   .optional("'background'"),
               boolean("sloppy", "another node stands in for a home that does not answer, and counts")
                   .optional("false"),
               boolean("hints", "what a home missed is kept for it, and delivered when it is back")
                   .optional("true"),
               duration("hint_ttl", "a hint that could not be delivered for so long expires")
                   .above(0)
                   .optional("3 h"),
               duration("hint_every", "between two attempts to deliver").above(0).optional("0.5 s"),
               duration("anti_entropy",
                        "between two comparisons by hash trees with some other replica; 0: never")
                   .optional("1 s"),
               count("tree_depth", "of the hash trees: 2^depth leaves").at_least(1).at_most(16).optional("8"),
               duration("grace", "tombstones are forgotten when they are so old").optional("10 days"),
               duration("timeout", "of a request").above(0).optional("1 s"),
               duration("patience", "with one replica, before it is asked again or replaced")
                   .above(0)
                   .optional("0.1 s"),
               bug_param(kQuorumBugs)},
    .returns = "Protocol",
    .cost =
        "a write takes two message delays and an fsync at w homes, 2 n messages; a read two message delays",
    .paper = "DeCandia et al. 2007, Dynamo: Amazon's Highly Available Key-value Store",
    .example = R"(
local w = lab.world{ seed = 1 }
local kv = w:replicas("kv", lab.replicate.quorum{ count = 5 })
w:run(1)
kv[1]:call{ type = "write", key = "x", value = 1 }
w:inject(lab.fault.crash("kv-2"))
return kv[4]:call{ type = "read", key = "x" } == 1 and kv[5]:call{ type = "read", key = "x", r = 1 } == 1)",
    .make =
        [](lua_State* L, Arguments& a) {
          QuorumOptions o;
          auto protocol = std::make_shared<Protocol>();
          protocol->name = "quorum";
          protocol->count = a.count("count");
          o.n = a.count("n", std::min<std::size_t>(3, protocol->count));
          if (o.n > protocol->count) a.reject("n", "there are fewer replicas");
          o.r = a.count("r", o.n / 2 + 1);
          o.w = a.count("w", o.n / 2 + 1);
          if (o.r > o.n) a.reject("r", "a key has fewer homes");
          if (o.w > o.n) a.reject("w", "a key has fewer homes");
          const std::string versions = a.string("versions", "wall");
          o.versions = versions == "wall"      ? QuorumVersions::wall
                       : versions == "logical" ? QuorumVersions::logical
                                               : QuorumVersions::vector;
          const std::string repair = a.string("repair", "background");
          o.repair = repair == "none"         ? QuorumRepair::none
                     : repair == "background" ? QuorumRepair::background
                                              : QuorumRepair::blocking;
          o.sloppy = a.boolean("sloppy", o.sloppy);
          o.hints = a.boolean("hints", o.hints);
          o.hint_ttl = a.duration("hint_ttl", o.hint_ttl);
          o.hint_every = a.duration("hint_every", o.hint_every);
          o.anti_entropy = a.duration("anti_entropy", o.anti_entropy);
          o.tree_depth = static_cast<unsigned>(a.count("tree_depth", o.tree_depth));
          o.grace = a.duration("grace", o.grace);
          o.timeout = a.duration("timeout", o.timeout);
          o.patience = a.duration("patience", o.patience);
          o.bug = bug_argument(a, kQuorumBugs);
          protocol->replica = [o](std::shared_ptr<const std::vector<NodeId>> members) -> NodeFactory {
            QuorumOptions options = o;
            options.members = std::move(members);
            return [options] { return std::make_unique<Quorum>(options); };
          };
          return push(L, protocol);
        },
}};

}  // namespace
}  // namespace syslab
