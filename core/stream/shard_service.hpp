// Streams of shards behind a service, and a consumer that reads one.
//
// The service is a filter: what is inside says what a request costs. Requests, as maps; sequence numbers are
// text:
//   put_record      {stream, key, data, explicit_hash}            -> {shard, sequence}
//   put_records     {stream, records = {{key, data}}}             -> {failed, records = {{shard, sequence} or
//   {code}}} get_iterator    {stream, shard, position = "TRIM_HORIZON" ..., sequence, time}   -> {iterator}
//   get_records     {iterator, stream, limit, consumer, reader}   -> {records, next, children, behind}
//   list_shards, describe, heat  {stream};     register_consumer {stream, consumer}
//   split           {stream, shard, at};       merge {stream, shard, neighbour};     set_retention {stream,
//   retention} checkpoint, checkpoints  {stream, app, shard, sequence}       the application's progress, as
//   its lease table has it
// A put_records of which a part is throttled succeeds for the rest: whoever sends has to look at `failed`.
//
// Records and shards are on the node's disk, synced before a put is answered, and are there again after a
// crash.
//
// The consumer is a filter, too: it finds the shards, reads each from the application's checkpoint, hands
// each record to the service inside as {type = "record", body = {stream, shard, key, data, sequence, at}},
// and checkpoints after each batch. Children are begun when all their parents were read to the end (order
// "parent_first"), or at once
// ("any", which is the mistake that this option is for).
//
// Cost: a put is a write and a sync of the disk; a consumer asks each shard every `poll`. Source: Kinesis API
// reference; Kinesis Client Library (leases and checkpoints; here one worker has them all).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/observe/history.hpp"
#include "core/runtime/service.hpp"
#include "core/stream/shards.hpp"

namespace syslab {

struct ShardServiceOptions {
  std::vector<ShardOptions> streams = {};
  std::shared_ptr<History> history = {};
};
Filter make_shard_service(ShardServiceOptions options);

struct ShardConsumerOptions {
  NodeId from;
  std::string stream;
  std::string app;
  std::string enhanced = {};  // the name of a consumer with fan-out of its own; "": polls
  bool from_start = true;     // TRIM_HORIZON, else LATEST, where there is no checkpoint
  bool parents_first = true;
  Duration poll = std::chrono::seconds(1);
  std::size_t limit = 1000;
  std::uint32_t retries = 3;  // of a record; then it is skipped
  std::shared_ptr<History> history = {};
};
Filter make_shard_consumer(ShardConsumerOptions options);

}  // namespace syslab
