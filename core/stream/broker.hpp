// StreamBroker: one broker of a partitioned, replicated log. Each partition of a topic lies on several
// brokers; one leads, the others fetch from it.
//
//   producer -> leader of topic/0  <- fetch - follower        acks: 0 does not wait, 1 waits for the leader,
//   all for
//                                  <- fetch - follower        every in-sync replica (ISR)
//
// The *high watermark* is the offset up to which all in-sync replicas have the log; consumers read up to it.
// A follower that was not caught up for `replica_lag` leaves the ISR, and comes back when it is. Who leads,
// and who is in sync, is decided by the *controller*: one of the brokers, elected by Raft
// (core/replicate/raft.hpp) among all of them, which keeps these decisions in Raft's log. A broker that it
// has not heard of for `session` loses its leaderships. A leader cut off from the controller cannot shrink
// its ISR, so it acknowledges nothing with acks = all; with acks = 1 it does, and when it is back it
// truncates what it took. Topics are cut where two logs part by the epochs of the leaders.
//
// Groups: the coordinator of a group is the leader of the partition of the internal topic __consumer_offsets
// that the group's name falls into. Commits and generations are records there, acknowledged as with acks =
// all, so a group survives the loss of its coordinator.
//
// Requests, as maps. Any broker takes them and passes them on to the leader or coordinator that it knows of:
//   produce        {topic, partition, key, value, headers, time, acks = 0 | 1 | "all", within, producer,
//   sequence} or
//                  {topic, partition, records = {{key, value, ...}}, ...}  -> {topic, partition, offset,
//                  duplicate}
//   fetch          {topic, partition, offset, max, max_bytes, wait, epoch, reader}
//                                  -> {records = {{offset, key, value, time}}, high_watermark, start, end,
//                                  epoch}
//   list_offsets   {topic, partition, time = seconds | "earliest" | "latest"}      -> {offset}
//   metadata       {}   -> {controller, brokers, topics = {NAME = {partitions = {{leader, isr, replicas,
//   epoch}}}}} create_topic   {topic, partitions, replication, min_insync, unclean, retention, ...}    ->
//   true init_producer  {}   -> {producer}: an id for idempotence join_group     {group, member, instance,
//   topics, owned, assignor, session, rebalance}
//                                  -> {member, generation, partitions}, when the group has rebalanced
//   heartbeat, leave_group  {group, member, generation};     commit  {group, member, generation, offsets =
//   {...}} committed      {group, topic, partition} -> {offset};    describe_group, lag  {group}
//
// Error codes are Kafka's, in its spelling; what may have happened nevertheless is indefinite
// (REQUEST_TIMED_OUT, NOT_ENOUGH_REPLICAS_AFTER_APPEND, NOT_LEADER_OR_FOLLOWER while an answer was awaited).
//
// The log is on the broker's disk: appended at once, synced every `flush`, as Kafka leaves it to the
// operating system; replication, not the disk, is what keeps it. flush = 0 syncs before every
// acknowledgement. After a restart a broker is not in sync until it has caught up. What it cannot read, it
// fetches again.
//
// Left out: transactions, tiered storage, quotas, fetching from followers; the wire protocol.
// Cost: acks = all takes two round trips between leader and followers. Idle, a broker exchanges a fetch with
// each other leader every `replica_wait`, and a heartbeat. Source: Kafka documentation and KIP-101, -497,
// -500, -595.
#pragma once

#include <memory>
#include <vector>

#include "core/observe/history.hpp"
#include "core/runtime/node.hpp"
#include "core/stream/cluster_state.hpp"
#include "core/stream/profile.hpp"

namespace syslab {

inline constexpr const char* kOffsetsTopic = "__consumer_offsets";

struct StreamClusterOptions {
  std::shared_ptr<const std::vector<NodeId>> members;  // all brokers; filled before the first of them starts
  std::vector<StreamTopic> topics = {};
  LogProfile profile = *find_log_profile("kafka-3.0");
  Duration replica_wait = std::chrono::milliseconds(500);
  Duration heartbeat = std::chrono::seconds(2);
  Duration session = std::chrono::seconds(9);
  Duration flush = std::chrono::seconds(1);
  Duration retention_check = std::chrono::seconds(300);
  Duration leader_check = std::chrono::seconds(300);  // how often leadership goes back to the first replica
  std::uint32_t offsets_partitions = 4;               // Kafka has 50
  std::shared_ptr<History> history = {};
};

std::unique_ptr<Node> make_stream_broker(StreamClusterOptions options);

}  // namespace syslab
