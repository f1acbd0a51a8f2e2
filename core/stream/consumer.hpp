// A consumer: a member of a group that fetches the partitions it is given, hands each record to the service
// inside, and commits how far it has come. A producer: takes records, chooses partitions, sends, and sends
// again.
//
// Both are filters, so they live and die with a node: a crash in mid-work loses what is in memory, and
// whoever gets the partitions next begins at the last commit. Between commit and work lies what is delivered
// twice (commit = "after", "auto") or not at all (commit = "before"). A record that the service inside fails
// on is tried again; after `retries` it is skipped, goes to a dead-letter topic, or keeps its partition
// waiting for ever (a poison message).
//
// The service inside gets {type = "record", body = {topic, partition, offset, key, value, headers, time,
// group}}.
//
// Consumer: it joins, heartbeats every `heartbeat`, and polls: up to `poll_records` records of each
// partition, one after the other. A member whose work on one poll takes longer than `poll_interval` leaves
// the group, as the Java client does, and joins again when the work is done. Requests to it: pause, resume,
// seek {topic, partition, offset}, status. What it does not know goes to the service inside.
//
// Producer: a request {type = "produce", topic, key, value, headers, acks?} is answered when the brokers have
// acknowledged it. Idempotent: it has an id and a sequence for each partition, and sends records of a
// partition one after the other, so a repeated attempt is appended once and in order. Not idempotent: an
// attempt whose answer was lost is appended twice.
//
// Clocks: records are stamped with the node's wall clock, which faults skew; timeouts run on the other one.
// Cost: a fetch that waits for each broker's partitions, a heartbeat, and a call of the inner service a
// record.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/observe/history.hpp"
#include "core/runtime/service.hpp"
#include "core/stream/assignor.hpp"
#include "core/stream/profile.hpp"

namespace syslab {

struct StreamConsumerOptions {
  enum class Commit : std::uint8_t {
    automatic,
    after,
    before
  };  // every auto_commit; after each record; before it
  enum class Failed : std::uint8_t { block, skip, dead_letter };

  std::vector<NodeId> brokers;
  std::string group;
  std::vector<std::string> topics;
  Assignor assignor = Assignor::range;
  std::string instance = {};  // static membership
  bool from_earliest = true;  // where the group has committed nothing
  Commit commit = Commit::automatic;
  Failed failed = Failed::block;
  std::string dead_letters = {};  // a topic
  std::uint32_t retries = 3;
  Duration retry_wait = std::chrono::milliseconds(100);
  LogProfile profile = *find_log_profile("kafka-3.0");
  std::shared_ptr<History> history = {};
};
Filter make_stream_consumer(StreamConsumerOptions options);

struct StreamProducerOptions {
  std::vector<NodeId> brokers;
  int acks = -1;
  bool idempotent = true;
  Duration request_timeout = std::chrono::seconds(2);
  Duration delivery_timeout = std::chrono::seconds(120);  // all attempts together
  Duration retry_wait = std::chrono::milliseconds(100);
};
Filter make_stream_producer(StreamProducerOptions options);

}  // namespace syslab
