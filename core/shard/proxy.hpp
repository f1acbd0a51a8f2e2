// Shard proxy: a filter that makes a service the router of a sharded store: it sends each request to the
// shard that has its key.
//
// It knows a copy of the manager's map, which may be old. A shard that does not own the key refuses: if it
// says who does (`MOVED`, as in Redis Cluster), the proxy corrects its map and asks there at once; else, and
// after a while of `migrating`, it fetches the map anew. It tries again for `patience`; then the answer is
// `unavailable`. Other errors go back as they are, because the request may have been carried out: whoever
// sends {client, seq} may repeat it (see server.hpp).
//
//   get, read, put, write, set, delete, cas   of one key; a `read` of a key that has no row is nil
//   put_many {entries}             -> how many; each shard's part by itself, so an error may leave others
//   written get_many {keys, deadline}      -> {rows = {{key, value} ...}, missing = {keys}, asked} scan
//   {from, to, limit, deadline}  -> {rows, missing = {shards}, asked}: rows of all keys in a range, sorted.
//   In a
//                                  keyspace of ranges only those shards are asked that may have some; else
//                                  all
//   shard_refresh {}               -> true: fetches the map
//
// A get_many or scan that has a deadline (seconds) answers by then with what has come, and says whose answers
// are missing; without one it waits for `patience`. Everything else goes to the service inside, which also
// says what a request costs here. Cost: a map look-up and a call; O(buckets) memory. State dies with the
// process. Sources: Redis Cluster specification (MOVED); vshard's router; mongos.
#pragma once

#include "core/runtime/service.hpp"

namespace syslab {

struct ShardProxyOptions {
  NodeId manager = kNoNode;
  Duration timeout = std::chrono::seconds(1);     // of a call to a shard
  Duration patience = std::chrono::seconds(1);    // with refusals
  Duration pause = std::chrono::milliseconds(5);  // before a shard is asked again
  Duration refresh = Duration::zero();            // how often the map is fetched anyway; 0: never
};

Filter make_shard_proxy(const ShardProxyOptions& options);

}  // namespace syslab
