// Shard manager: a filter that makes a service the one who knows which shard owns which bucket, and who moves
// them.
//
// Servers report to it; the first `shards` of them share all buckets, those that come later get theirs when
// it rebalances. It hears of a server by its heartbeats, and gives one up that was silent for
// `failure_after`: no bucket is moved to or from it then. A shard has one copy of its rows here, so what it
// owns is not there until it is back.
//
// Rebalancing: when a shard is more than `threshold` percent off its share (by weight), the fewest moves that
// give each its share are planned (core/shard/bucket_map.hpp), and carried out, at most max_sending at a time
// from one server and max_receiving to one. What a move is stands in server.hpp. A move whose receiver is
// given up before the change is given up, too, and the sender has the bucket back.
//
// What it decides is on its disk before anybody hears of it; after a crash it goes on. While it is away
// nothing moves, a bucket that is frozen for its change stays so, and routers use the maps that they have.
// One node: it can be made of replicas by keeping its journal in a replicated log (core/replicate).
//
// Requests, beside those of servers (shard_heartbeat, shard_sent):
//
//   shard_map {}                -> {space, version, buckets = {{bucket, owner, epoch, from} ...}, shards};
//   owner
//                                  is an index into shards, from 0; of ranges in order, `from` their lower
//                                  bounds
//   shard_move {bucket, to}     -> true; conflict where it cannot be moved now
//   shard_split {at}            -> {bucket}: the range that begins there. Of ranges only
//   shard_merge {at}            -> true: the range that begins there joins the one below, on the same shard
//   shard_weigh {shard, weight} -> true; 0: the shard is to leave, and all its buckets go to others
//   shard_rebalance {on}        -> true; whether it rebalances by itself
//   shard_status {}             -> {shards = {NAME = {...}}, moves, moved, given_up, disbalance}
//
// Cost: an append and a sync a decision. Sources: Tarantool vshard, "Rebalancing process" (threshold 1
// percent, max_receiving 100, max_sending 1); Akka cluster sharding, least shard allocation.
#pragma once

#include <memory>
#include <vector>

#include "core/runtime/service.hpp"
#include "core/shard/bug.hpp"
#include "core/shard/keyspace.hpp"

namespace syslab {

struct ShardManagerOptions {
  Keyspace space = {KeyspaceKind::buckets, 64};
  std::vector<Value> splits = {};  // of ranges: the lower bounds, in order, without the first
  std::size_t shards = 1;          // so many must have come before buckets are dealt
  bool rebalance = true;
  Duration interval = std::chrono::milliseconds(500);  // between looks at the balance
  double threshold = 1;                                // percent
  std::size_t max_sending = 1;
  std::size_t max_receiving = 100;
  Duration failure_after = std::chrono::seconds(2);
  Duration tick = std::chrono::milliseconds(50);      // how often orders are repeated
  Duration timeout = std::chrono::milliseconds(200);  // of orders
  ShardBug bug = ShardBug::none;
};

Filter make_shard_manager(const ShardManagerOptions& options);

}  // namespace syslab
