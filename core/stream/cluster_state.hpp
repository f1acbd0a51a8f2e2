// ClusterState: what the controller of a log's brokers decides: which topics there are, who leads each
// partition, who is in sync, who is alive. Pure data and pure changes; the controller
// (core/stream/broker.hpp) makes them last.
//
// A leader is chosen from the in-sync replicas (ISR) that are alive, in the order of the replica list. Where
// none is left, the partition has no leader until one of the ISR is back (the promise of acks = all), or,
// where the topic allows an unclean election, any living replica leads and what only the others had is lost.
// The last ISR is kept, so that it is known who may lead. Each change of a leader begins a new *epoch*, by
// which brokers tell an old leader.
//
// Cost: O(partitions) a change. Source: Kafka documentation (replication); KIP-497 (changes of the ISR).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/value.hpp"
#include "core/stream/partition_log.hpp"

namespace syslab {

struct StreamTopic {
  std::string name;
  std::uint32_t partitions = 1;
  std::uint32_t replication = 3;
  std::uint32_t min_insync = 1;  // acks = all needs so many in-sync replicas, the leader included
  bool unclean = false;
  LogOptions log = {};
};

struct PartitionState {
  int leader = -1;  // an index of a broker; -1: none
  std::uint32_t epoch = 0;
  std::uint32_t version = 0;  // of leader and isr
  std::vector<int> isr = {};
  std::vector<int> replicas = {};
  bool unclean = false;  // the present leader was not in sync when it was chosen
  bool operator==(const PartitionState&) const = default;
};

struct ClusterState {
  struct Broker {
    bool alive = true;
    double incarnation = 0;  // a process says which one it is; 0: nobody has said so yet
    bool operator==(const Broker&) const = default;
  };
  struct Topic {
    StreamTopic config;
    std::vector<PartitionState> partitions;
  };
  std::uint64_t version = 0;
  std::vector<Broker> brokers = {};
  std::map<std::string, Topic> topics = {};

  Value pack() const;
  static ClusterState unpack(const Value& packed);

  // Errors: TOPIC_ALREADY_EXISTS, INVALID_TOPIC_EXCEPTION, INVALID_PARTITIONS, INVALID_REPLICATION_FACTOR.
  Expected<bool> create_topic(const StreamTopic& topic);
  // Not heard of for too long: it leads nothing and is in sync with nobody.
  void fence(std::size_t broker);
  // It is here, as the process `incarnation`. Where that is not the one that was known, it is treated as if
  // it had been away: what it had not yet written is lost, so it is not in sync.
  void welcome(std::size_t broker, double incarnation);
  // What a leader asks for. Errors: FENCED_LEADER_EPOCH, INVALID_UPDATE_VERSION, INVALID_REQUEST.
  Expected<bool> change_isr(const std::string& topic, std::size_t partition, int leader, std::uint32_t epoch,
                            std::uint32_t version, std::vector<int> isr);
  // Leads each partition from the first of its replicas that is alive and in sync.
  void prefer_leaders();

 private:
  void choose(Topic& topic, PartitionState& p);
  void remove_from_isr(Topic& topic, PartitionState& p, int broker);
};

// The name has 1 to 249 of the characters a-z A-Z 0-9 . _ -
bool is_topic_name(std::string_view name);

}  // namespace syslab
