// ShardBug: mistakes in moving buckets between shards that can be planted. They show that the watch and the
// checkers would have found them, and are there to be hunted in labs.
#pragma once

#include <cstdint>

#include "core/replicate/planted_bugs.hpp"

namespace syslab {

enum class ShardBug : std::uint8_t {
  none,
  forgets_writes,          // what is written during the copy is not sent after it
  switches_early,          // the owner changes while rows that were written again are still to be sent
  drains_nothing,          // requests under way do not hold the bucket: they end after it has moved
  acks_before_disk,        // the receiver acknowledges rows that are not synced
  freeze_not_durable,      // the sender says that it serves no more before that is on its disk
  serves_after_move,       // the old owner answers routers whose map is old
  serves_while_receiving,  // the new owner answers before it owns the bucket
  forgets_sessions,        // the copy lacks which requests were executed already
  executes_twice,          // requests that come twice are executed twice
  takes_old_rows,          // rows that were sent before others are taken after them
  begins_again,            // the beginning of an earlier copy, come late, empties a finished one
  commit_not_durable,      // the manager acts on a new owner that is not on its disk
  aborts_committed,        // the manager gives a bucket back although the new owner may have it
  obeys_old_orders,        // a shard drops a bucket by an order that was overtaken
  reads_unsynced,          // a read does not wait for the write that is under way
};
inline constexpr PlantedBugs<ShardBug, 15> kShardBugs{
    {"forgets_writes", "switches_early", "drains_nothing", "acks_before_disk", "freeze_not_durable",
     "serves_after_move", "serves_while_receiving", "forgets_sessions", "executes_twice", "takes_old_rows",
     "begins_again", "commit_not_durable", "aborts_committed", "obeys_old_orders", "reads_unsynced"}};

}  // namespace syslab
