#include "bindings/shard/router.hpp"
#include "core/hash/crc16.hpp"
#include "core/shard/bucket_map.hpp"

namespace syslab {
namespace {

const Component slots{{
    .name = "shard.slots",
    .summary = "16384 slots, and a table that says which shard has each, as in a Redis cluster: CRC16 of the "
               "key, or of what stands in its {braces}, finds the slot.",
    .params = {shards_param()},
    .returns = "Router",
    .cost = "1 ns a byte of the key; 64 KiB; a change of shards O(16384)",
    .paper = "Redis Cluster specification, key distribution model",
    .example = R"(local r = lab.shard.slots{ shards = { "a", "b", "c" } }
local more = r:copy()
more:add("d")
return r:bucket("foo") == 12182 and r:route("{user1000}.following") == r:route("{user1000}.followers")
  and r:moved(more, 10000).needless == 0)",
    .make =
        [](lua_State* L, Arguments& a) {
          return push_router(L, a, std::make_unique<BucketMap>(BucketKind::slots, kRedisSlots));
        },
}};

const Component buckets{{
    .name = "shard.buckets",
    .summary =
        "A number of virtual buckets that is fixed for life, and a table that says which shard has each: "
        "any shard can be given exactly its share, bucket by bucket.",
    .params =
        {shards_param(),
         count("count", "how many buckets there are").at_least(1).at_most(kMostBuckets).optional("3000")},
    .returns = "Router",
    .cost = "O(1) a key, 4 bytes a bucket; a change of shards O(buckets)",
    .paper = "Tarantool vshard, sharding architecture",
    .example = R"(local r = lab.shard.buckets{ shards = { "a", "b" } }
local more = r:copy()
more:add("c", 2)
local plan = r:flows(more, 10000)
return r:disbalance() == 0 and more:disbalance() == 0 and #plan == 2 and plan[1].to == "c")",
    .make =
        [](lua_State* L, Arguments& a) {
          const auto count = static_cast<std::uint32_t>(a.count("count", kVshardBuckets));
          return push_router(L, a, std::make_unique<BucketMap>(BucketKind::buckets, count));
        },
}};

}  // namespace
}  // namespace syslab
