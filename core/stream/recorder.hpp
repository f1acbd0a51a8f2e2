// StreamRecorder: writes what happens to a stream into a history, in the form that check_stream
// (core/check/stream.hpp) reads.
//
// Each operation is an invocation and its completion at the moment at which it was decided:
//   produce   key "topic/0", value {acks}                     -> {epoch, isr, min_insync, records}
//   fetch     key "topic/0", value {offset, reader}           -> {epoch, start, end, high_watermark, records}
//   elect     key "topic/0", value {}                         -> {leader, epoch, isr, unclean}
//   commit    key "group", value {member, generation, partition, offset}
//   assign    key "group", value {}                           -> {generation, members = {{member,
//   partitions}}} process   key "group", value {member, partition, offset}  -> true: a consumer's work on it
//   is done reshard   key "stream", value {}                          -> {parents, children}
// A record is {offset, id, key, producer, sequence, time}; equal ids are equal contents. For shards, a
// partition is "stream/shardId", an offset is a sequence number, and there is no epoch.
//
// Nodes' clocks may drift apart; the history's order is that of the events, and its times never run
// backwards.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/observe/history.hpp"
#include "core/stream/assignor.hpp"
#include "core/stream/partition_log.hpp"

namespace syslab {

class StreamRecorder {
 public:
  // Null: records nothing.
  explicit StreamRecorder(std::shared_ptr<History> history) : history_(std::move(history)) {}

  bool on() const { return history_ != nullptr; }
  void produce(Instant now, const std::string& partition, int acks, std::uint32_t epoch, std::size_t isr,
               std::size_t min_insync, const std::vector<StreamRecord>& records);
  struct Tip {
    std::uint32_t epoch = 0;
    std::int64_t start = 0, end = 0, high_watermark = 0;
  };
  void fetch(Instant now, const std::string& partition, const std::string& reader, std::int64_t offset,
             const Tip& tip, const std::vector<StreamRecord>& records);
  void elect(Instant now, const std::string& partition, const std::string& leader, std::uint32_t epoch,
             std::size_t isr, bool unclean);
  void commit(Instant now, const std::string& group, const std::string& member, std::uint32_t generation,
              const TopicPartition& partition, std::int64_t offset, const Expected<bool>& result);
  void assign(Instant now, const std::string& group, std::uint32_t generation,
              const std::map<std::string, Partitions>& members);
  void process(Instant now, const std::string& group, const std::string& member,
               const TopicPartition& partition, std::int64_t offset);
  void reshard(Instant now, const std::string& stream, const std::vector<std::string>& parents,
               const std::vector<std::string>& children);

 private:
  void record(Instant now, std::string_view f, const std::string& key, Value argument,
              const Expected<Value>& result);

  std::shared_ptr<History> history_;
};

}  // namespace syslab
