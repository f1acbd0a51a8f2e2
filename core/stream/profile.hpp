// Profiles of streams: published numbers by vendor and version. Every number is a default that can be
// overridden; a profile is a snapshot of what was written down at one time. What we know from memory only is
// marked as a default of ours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"

namespace syslab {

// Partitioned logs.
//   kafka-3.0   producers wait for all in-sync replicas and are idempotent by default (from memory)
//   kafka-2.8   producers wait for the leader and are not; sessions of consumers last 10 s
struct LogProfile {
  std::string_view name;
  Duration replica_lag;  // a follower that was not caught up for so long leaves the ISR
  std::uint32_t min_insync;
  Duration session;  // of a group's member
  Duration heartbeat;
  Duration poll_interval;  // a member that does not poll for so long has to leave
  std::size_t poll_records;
  Duration auto_commit;
  Duration rebalance_delay;  // how long a new group waits for more members
  Duration session_min;
  Duration session_max;
  Duration retention;
  std::size_t segment_bytes;
  std::size_t record_bytes_max;
  int acks;  // of a producer: 0, 1, or -1 for all
  bool idempotent;
};
const std::vector<LogProfile>& log_profiles();  // sorted by name
const LogProfile* find_log_profile(std::string_view name);

// Streams of shards.
//   kinesis-2024   Amazon Kinesis Data Streams as its limits page stood in 2024
//   kinesis-2025   the same with records of 10 MiB (from memory: a default of ours)
struct ShardProfile {
  std::string_view name;
  std::size_t write_bytes;  // a second and shard, partition keys included
  std::size_t write_records;
  std::size_t read_bytes;  // a second and shard, for all who poll together; for each enhanced consumer
  std::size_t reads;       // calls a second and shard
  std::size_t get_bytes;   // of one answer
  std::size_t get_records;
  std::size_t record_bytes;
  std::size_t batch_records;
  std::size_t batch_bytes;
  Duration iterator_life;
  Duration retention_min;
  Duration retention_max;
  std::size_t shards_max;
  std::size_t consumers_max;  // with enhanced fan-out
};
const std::vector<ShardProfile>& shard_profiles();  // sorted by name
const ShardProfile* find_shard_profile(std::string_view name);

}  // namespace syslab
