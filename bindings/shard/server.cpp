#include "core/shard/server.hpp"

#include "bindings/replicate/protocol.hpp"
#include "bindings/shard/options.hpp"

namespace syslab {
namespace {

const Component server{{
    .name = "shard.server",
    .summary =
        "One shard of a sharded store: put it around lab.store.rows. It serves the buckets it owns, refuses "
        "others, and sends and receives buckets while they are used.",
    .params =
        {shard_manager_param(),
         number("weight", "its share of the buckets, relative to the others'")
             .above(0)
             .at_most(1000)
             .optional("1"),
         duration("heartbeat", "how often it tells the manager that it is there, and its load")
             .above(0)
             .optional("0.5 s"),
         choice("writes", {"resent", "blocked"},
                "to a bucket that is being sent: taken, and sent again after the copy; or refused from the "
                "beginning, as vshard does")
             .optional("'resent'"),
         count("chunk", "rows a message").at_least(1).optional("50"),
         duration("breath", "pause after each chunk: a slower move, of which requests feel less")
             .optional("0"),
         duration("timeout", "of a message to another shard").above(0).optional("0.2 s"),
         duration("pause", "before what was refused or lost is tried again").above(0).optional("20 ms"),
         bug_param(kShardBugs)},
    .returns = "Filter",
    .cost =
        "a read or write of the rows a request; an append and a sync of the disk for each step of a bucket",
    .paper = "Tarantool vshard, states of a bucket; Redis Cluster specification",
    .example = R"(
local w = lab.world{ seed = 1 }
local m = w:service("m", { filters = { lab.shard.manager{ count = 4 } } })
local s = w:service("s", { filters = { lab.shard.server{ manager = m }, lab.store.rows() } })
w:run(1)
s:call{ type = "put", key = "a", value = 1 }
return s:call{ key = "a" } == 1 and s:state().filters[1].active == 4)",
    .make =
        [](lua_State* L, Arguments& a) {
          NamedFilter filter{"shard server", {}, nullptr, {}};
          ShardServerOptions o;
          o.manager = shard_manager_option(L, a, filter);
          o.weight = a.number("weight", o.weight);
          o.heartbeat = a.duration("heartbeat", o.heartbeat);
          o.block_writes = a.string("writes", "resent") == "blocked";
          o.chunk = a.count("chunk", o.chunk);
          o.breath = a.duration("breath", o.breath);
          o.timeout = a.duration("timeout", o.timeout);
          o.pause = a.duration("pause", o.pause);
          o.bug = bug_argument(a, kShardBugs);
          filter.make = make_shard_server(o);
          return push(L, std::make_shared<NamedFilter>(std::move(filter)));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
