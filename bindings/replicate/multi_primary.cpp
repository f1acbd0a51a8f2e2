#include "core/replicate/multi_primary.hpp"

#include "bindings/event/script_function.hpp"
#include "bindings/replicate/protocol.hpp"

namespace syslab {
namespace {

const Component multi_primary{{
    .name = "replicate.multi_primary",
    .summary = "Replicas that all take writes and send them to each other later. What becomes of writes that "
               "did not know of each other is the choice here: the latest stays, all stay for the reader, or "
               "keys hold data types that lose nothing. Takes read, write (registers) or update with an op "
               "(others), and conflicts.",
    .params =
        {count("count", "replicas; each works alone").at_least(1).at_most(99),
         choice("conflicts", {"last_write_wins", "siblings"},
                "what becomes of writes at the same time: the one with the latest time stays; or all "
                "stay, and a read gives { values, context }")
             .optional("'last_write_wins'"),
         function("merge",
                  "(values, key) -> value: makes one of several at each read, in place of the "
                  "client")
             .optional("none"),
         object("data", "Crdt", "what each key holds, such as lab.replicate.or_set()").optional("registers"),
         choice("topology", {"all", "ring", "star"},
                "who sends to whom: all to all, each to the next, or through the first replica")
             .optional("'all'"),
         boolean("causal", "an update waits until what its writer had seen is there").optional("false"),
         choice("clock", {"wall", "hybrid"},
                "of last_write_wins: the wall clock in milliseconds, or one that is never behind what "
                "the replica knows")
             .optional("'wall'"),
         duration("ship_every", "new writes are sent to others so often").above(0).optional("50 ms"),
         duration("anti_entropy", "so often a replica asks for what it lacks").above(0).optional("1 s"),
         count("batch", "updates a message").at_least(1).optional("64"),
         count("checkpoint_after", "records in the file on disk before it is written anew; 0: never")
             .optional("1000"),
         bug_param(kMultiPrimaryBugs)},
    .returns = "Protocol",
    .cost = "a write is one fsync here, and a message to each neighbour later",
    .paper = "Terry et al. 1995, Managing Update Conflicts in Bayou; DeCandia et al. 2007, Dynamo",
    .example = R"(
local w = lab.world{ seed = 1 }
local kv = w:replicas("kv", lab.replicate.multi_primary{ count = 2, conflicts = "siblings" })
w:inject(lab.fault.partition{ sides = { "kv-1", "kv-2" } })
kv[1]:call{ type = "write", key = "x", value = "red" }
kv[2]:call{ type = "write", key = "x", value = "blue" }
w:heal(); w:run(2*s)
local both = kv[1]:call{ type = "read", key = "x" }
kv[1]:call{ type = "write", key = "x", value = "purple", context = both.context }
w:run(2*s)
local one = kv[2]:call{ type = "read", key = "x" }
return #both.values == 2 and #one.values == 1 and one.values[1] == "purple")",
    .make =
        [](lua_State* L, Arguments& a) {
          MultiPrimaryOptions o;
          const auto data = a.object<Crdt>("data");
          const bool siblings = a.string("conflicts", "last_write_wins") == "siblings";
          if (data != nullptr) {
            for (const char* other : {"conflicts", "merge"}) {
              if (a.has(other)) a.reject(other, "it is about registers, and 'data' is given");
            }
            o.data = data->fresh({});
          } else if (a.has("merge")) {
            if (a.has("conflicts") && !siblings)
              a.reject("merge", "with last_write_wins nothing is left to merge");
            o.merge = function_option<decltype(o.merge)>(L, a, "merge");
            o.data = make_mv_register({});
          } else {
            o.data = siblings ? make_mv_register({}) : make_lww_register({});
          }
          const std::string topology = a.string("topology", "all");
          o.topology = topology == "ring"   ? Topology::ring
                       : topology == "star" ? Topology::star
                                            : Topology::all;
          o.causal = a.boolean("causal", o.causal);
          o.clock = a.string("clock", "wall") == "hybrid" ? WriteClock::hybrid : WriteClock::wall;
          o.ship_every = a.duration("ship_every", o.ship_every);
          o.anti_entropy = a.duration("anti_entropy", o.anti_entropy);
          o.batch = a.count("batch", o.batch);
          o.checkpoint_after = a.count("checkpoint_after", o.checkpoint_after);
          o.bug = bug_argument(a, kMultiPrimaryBugs);
          auto protocol = std::make_shared<Protocol>();
          protocol->name = "multi_primary";
          protocol->count = a.count("count");
          protocol->replica = [o](std::shared_ptr<const std::vector<NodeId>> members) -> NodeFactory {
            MultiPrimaryOptions options = o;
            options.members = std::move(members);
            return [options] { return std::make_unique<MultiPrimary>(options); };
          };
          return push(L, protocol);
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
