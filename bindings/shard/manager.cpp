#include "core/shard/manager.hpp"

#include <fmt/format.h>

#include "bindings/host/convert.hpp"
#include "bindings/replicate/protocol.hpp"
#include "bindings/shard/options.hpp"
#include "bindings/stream/options.hpp"
#include "core/hash/crc16.hpp"

namespace syslab {

Param shard_manager_param() {
  return any("manager", "the node of a lab.shard.manager");
}

NodeId shard_manager_option(lua_State* L, const Arguments& a, NamedFilter& filter) {
  const std::vector<NodeId> nodes = nodes_option(L, a, "manager", filter);
  if (nodes.size() != 1) a.reject("manager", "there is one manager");
  return nodes.front();
}

namespace {

const Component manager{{
    .name = "shard.manager",
    .summary =
        "The manager of a sharded store: knows which shard owns which bucket, hears by heartbeats who is "
        "there, and moves buckets while they are used. Takes shard_map, shard_move, shard_split, "
        "shard_merge, "
        "shard_weigh, shard_rebalance and shard_status.",
    .params =
        {choice("space", {"buckets", "slots", "ranges"},
                "how keys fall into buckets: by hash, by Redis's 16384 slots, or by ranges of keys")
             .optional("'buckets', or 'ranges' where there are splits"),
         count("count", "how many buckets; fixed for life").at_least(1).at_most(kMostBuckets).optional("64"),
         list("splits", "of ranges: the keys at which a new one begins").optional("none"),
         count("shards", "so many must have come before buckets are dealt").at_least(1).optional("1"),
         boolean("rebalance", "whether it moves buckets by itself").optional("true"),
         duration("interval", "between its looks at the balance").above(0).optional("0.5 s"),
         number("threshold", "percent that a shard may be off its share").at_least(0).optional("1"),
         count("max_sending", "buckets that one shard sends at a time").at_least(1).optional("1"),
         count("max_receiving", "buckets that one shard receives at a time").at_least(1).optional("100"),
         duration("failure_after", "a shard that was silent for so long is given up")
             .above(0)
             .optional("2 s"),
         duration("timeout", "of an order").above(0).optional("0.2 s"), bug_param(kShardBugs)},
    .returns = "Filter",
    .cost = "an append and a sync of the disk a decision",
    .paper = "Tarantool vshard, rebalancing; Redis Cluster specification",
    .example = R"(
local w = lab.world{ seed = 1 }
local m = w:service("m", { filters = { lab.shard.manager{ count = 16, shards = 2 } } })
local function shard(name)
  return w:service(name, { slots = 8, filters = { lab.shard.server{ manager = m }, lab.store.rows() } })
end
shard("a"); shard("b")
local db = w:service("db", { slots = 8, filters = { lab.shard.proxy{ manager = m } } })
w:run(2)
for key = 1, 20 do db:call{ type = "put", key = key, value = key * key } end
shard("c")
w:run(20)
local status = m:call{ type = "shard_status" }
for key = 1, 20 do if db:call{ key = key } ~= key * key then return false end end
return status.moved == 5 and status.moves == 0 and status.shards.c.buckets == 5)",
    .make =
        [](lua_State* L, Arguments& a) {
          ShardManagerOptions o;
          const std::string space = a.string("space", a.has("splits") ? "ranges" : "buckets");
          o.space.kind = space == "slots"    ? KeyspaceKind::slots
                         : space == "ranges" ? KeyspaceKind::ranges
                                             : KeyspaceKind::buckets;
          if (a.has("count") && space != "buckets") {
            a.reject("count",
                     space == "slots" ? "there are 16384 slots" : "the splits say how many ranges there are");
          }
          o.space.count = space == "slots"    ? kRedisSlots
                          : space == "ranges" ? 0
                                              : static_cast<std::uint32_t>(a.count("count", 64));
          if (a.has("splits")) {
            if (space != "ranges") a.reject("splits", "only ranges are split");
            o.splits = to_value(L, a.index_of("splits")).list();
            for (std::size_t i = 1; i < o.splits.size(); ++i) {
              if (!(o.splits[i - 1] < o.splits[i])) a.reject("splits", "they are not in order");
            }
          }
          o.shards = a.count("shards", o.shards);
          o.rebalance = a.boolean("rebalance", o.rebalance);
          o.interval = a.duration("interval", o.interval);
          o.threshold = a.number("threshold", o.threshold);
          o.max_sending = a.count("max_sending", o.max_sending);
          o.max_receiving = a.count("max_receiving", o.max_receiving);
          o.failure_after = a.duration("failure_after", o.failure_after);
          o.timeout = a.duration("timeout", o.timeout);
          o.bug = bug_argument(a, kShardBugs);
          return push_filter(L, "shard manager", make_shard_manager(o));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
