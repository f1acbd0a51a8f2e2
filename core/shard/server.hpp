// Shard server: a filter that makes one shard of a service with rows behind it (lab.store.rows).
//
// It serves the keys of the buckets it owns, and refuses others (`moved`). On the manager's orders it sends
// buckets to other servers while it serves them, in the way of a live migration:
//
//     active -> sending -> sent -> garbage -> gone          the sender
//     gone   -> receiving -> active                         the receiver
//
//   1. The sender tells the receiver to begin: a new attempt, which empties what an earlier one left.
//   2. It copies all rows, in numbered chunks. Requests go on; what is written meanwhile is sent again.
//   3. When little is left it freezes the bucket: new requests are refused (`migrating`), those under way
//      come to their end, the last rows are sent, and the receiver seals its copy, on its disk.
//   4. It writes down that it is `sent`, and will never serve the bucket in this epoch again; only then tells
//   it
//      the manager.
//   5. The manager writes the new owner down: that is the moment of the change. It orders the receiver to own
//   the
//      bucket, in a new epoch, and the sender to drop it, again and again until both have said so.
//
// Whoever crashes comes back in the state that is on its disk and goes on from there: the sender with a new
// attempt, the receiver with what it has or from the beginning. Every order carries the epoch of the bucket,
// which only grows, so that what comes late or twice does nothing. The manager may give up before 5 and give
// the bucket back, in a new epoch.
//
// A request that carries {client, seq} is executed once, however often it arrives: with a row goes the last
// seq of each client (64 of them) that wrote it, in the same file, and moves with it. Reads wait for a write
// to the key that is under way, so nobody sees what a crash could undo. Of rows that a rows filter has from
// the beginning
// (`rows`) a server knows nothing: they do not move. A delete by a client leaves an empty row.
//
// Cost: a request is passed on as it is, but the first write of a client to a key since the process started,
// and a cas, read the row before; a new key is an append to a journal, a change of a bucket an append and a
// sync. Sources: Tarantool vshard (states of a bucket, refs block moves); Redis Cluster (MOVED); Bigtable,
// Dynamo-style stores copy in the same way.
#pragma once

#include <cstdint>
#include <memory>

#include "core/runtime/service.hpp"
#include "core/shard/bug.hpp"
#include "core/shard/watch.hpp"

namespace syslab {

struct ShardServerOptions {
  NodeId manager = kNoNode;
  double weight = 1;  // its share of the buckets, relative to the others'
  Duration heartbeat = std::chrono::milliseconds(500);
  Duration timeout = std::chrono::milliseconds(200);  // of calls to other parts
  Duration pause = std::chrono::milliseconds(20);     // before what was refused or lost is tried again
  std::size_t chunk = 50;                             // rows a message
  // Of a chunk: 0 sends the next one at once. Slows the copy down, so that requests suffer less from it.
  Duration breath = Duration::zero();
  // Writes to a bucket that is being sent are refused from the beginning (as vshard does), not only at its
  // end.
  bool block_writes = false;
  ShardBug bug = ShardBug::none;
  std::shared_ptr<ShardWatch> watch = nullptr;
};

// Requests of its own, beside those about rows:
//   put_many {entries}   entries of one shard: refused as a whole where it does not own one of them
//   shard_scan {buckets, from, to, limit}  -> {rows = {{key =, value =} ...}}, sorted
//   shard_own, shard_send, shard_drop, shard_split, shard_merge   the manager's orders
//   shard_begin, shard_rows, shard_seal                           from a server that sends
Filter make_shard_server(const ShardServerOptions& options);

}  // namespace syslab
