// PartitionLog: an append-only log of records with offsets, as one replica of one partition keeps it.
//
// A pure data structure: time is an argument. Offsets are given by the leader, ascending by one; what
// retention or compaction takes away leaves its offsets unused for ever. The log is a row of segments; only
// whole, closed segments are taken away, so retention is a lower bound: a record is kept at least that long.
//
//   | segment 0 | segment 1 | active |      start() is the first offset that is kept, end() the next one to
//   be given. ^start()                        ^end()  The high watermark, up to which consumers may read, is
//   the broker's.
//
// An idempotent producer numbers its batches; what it sends twice is appended once. Each record carries the
// epoch of the leader that took it; a follower whose log parts from the leader's finds the place by
// epoch_end() and truncates.
//
// Error codes are Kafka's: OFFSET_OUT_OF_RANGE, MESSAGE_TOO_LARGE, INVALID_RECORD,
// OUT_OF_ORDER_SEQUENCE_NUMBER, DUPLICATE_SEQUENCE_NUMBER. All are definite: nothing was appended.
//
// Cost: append O(1) amortised, read O(log segments) and O(1) a record, compaction O(n log n); 120 bytes a
// record beside its key and value. Source: Kafka documentation (log, log compaction); KIP-98 (idempotence),
// KIP-101 (epochs).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/base/value.hpp"

namespace syslab {

struct StreamRecord {
  std::int64_t offset = 0;
  Instant timestamp;  // the producer's wall clock
  Value key;          // nil: none
  Value value;        // nil: a tombstone, which compaction takes for "this key is gone"
  Value headers;
  Value producer;              // a text; nil where it is not idempotent
  std::int64_t sequence = -1;  // of that producer in this partition
  std::int64_t batch = -1;     // the sequence of the first record of its batch
  std::uint32_t epoch = 0;     // of the leader that took it
  std::uint32_t bytes = 0;

  // What travels between replicas and lies on the disk.
  Value pack() const;
  static std::optional<StreamRecord> unpack(const Value& packed);
};
// Bytes of the key, the value and the headers (of their JSON, where one is no text).
std::size_t record_bytes(const StreamRecord& record);

struct LogOptions {
  Duration retention = std::chrono::hours(168);  // Duration::max(): for ever
  std::optional<std::size_t> retention_bytes = {};
  bool remove = true;    // retention takes segments away
  bool compact = false;  // compaction keeps the last record of each key
  std::size_t segment_bytes = std::size_t{1} << 30;
  Duration segment_time = std::chrono::hours(168);  // a segment is closed when it is older
  Duration tombstones = std::chrono::hours(24);     // how long compaction keeps them
  std::size_t record_bytes_max = 1048588;
};

class PartitionLog {
 public:
  explicit PartitionLog(LogOptions options) : options_(options) {}

  const LogOptions& options() const { return options_; }
  std::int64_t start() const { return start_; }
  std::int64_t end() const { return end_; }
  std::size_t records() const { return count_; }
  std::size_t bytes() const { return bytes_; }
  std::size_t segments() const { return segments_.size(); }

  struct Appended {
    std::int64_t offset;     // of the first record
    bool duplicate = false;  // it was there already: `offset` is where
  };
  // As a leader of `epoch`: all of the records or none. Their offsets, epochs and sizes are set here; of an
  // idempotent producer they are one batch, with ascending sequences. Requires: not empty, and one producer.
  Expected<Appended> append(Instant now, std::uint32_t epoch, std::vector<StreamRecord> records);
  // As a follower: a copy with its offset. False, and nothing happens, where it is below end().
  bool append_copy(Instant now, StreamRecord record);

  // At most `records` records from `offset` on and below `upto`, and at most `bytes` (but one at least, where
  // there is one). Errors: OFFSET_OUT_OF_RANGE below start() or above end().
  Expected<std::vector<StreamRecord>> read(std::int64_t offset, std::size_t records, std::size_t bytes,
                                           std::int64_t upto) const;
  // The first record whose timestamp is at least `time`; end() where there is none.
  std::int64_t offset_at(Instant time) const;

  // The epoch of the last record, 0 of an empty log.
  std::uint32_t last_epoch() const { return epochs_.empty() ? 0 : epochs_.back().first; }
  // Of the largest epoch that is at most `epoch` and has records here: where it ends. {0, start()} if there
  // is none.
  std::pair<std::uint32_t, std::int64_t> epoch_end(std::uint32_t epoch) const;

  // Takes away everything from `end` on.
  void truncate(std::int64_t end);
  // Takes everything away and goes on at `offset`.
  void restart(std::int64_t offset);
  // Takes away what is below `offset`.
  void trim(std::int64_t offset);
  // Takes away the closed segments that retention does not ask for, but nothing from `upto` on; how many
  // records. Times are those of the producers, `wall` is this broker's: clocks that disagree keep too much or
  // too little.
  std::size_t retain(Instant wall, std::int64_t upto);
  // Of the closed segments below `upto` keeps the last record of each key, and tombstones for a while; how
  // many records went.
  std::size_t compact(Instant now, std::int64_t upto);

  // For tests: offsets ascend, sizes and counts agree, epochs ascend.
  void check_invariants() const;

 private:
  struct Segment {
    std::int64_t base = 0;
    std::vector<StreamRecord> records = {};
    std::size_t bytes = 0;
    Instant opened;
    Instant newest;                         // the largest timestamp
    std::optional<Instant> compacted = {};  // when it was compacted first
  };
  struct Producer {
    std::int64_t last = -1;
    std::deque<std::pair<std::int64_t, std::int64_t>> batches =
        {};  // first sequence and offset of the last five
  };

  void push(Instant now, StreamRecord record);
  void rebuild();  // epochs, producers and counts, from the records
  void note_epoch(const StreamRecord& record);
  void note_producer(const StreamRecord& record);
  std::vector<Segment>::const_iterator segment_of(std::int64_t offset) const;

  LogOptions options_;
  std::vector<Segment> segments_;
  std::int64_t start_ = 0;
  std::int64_t end_ = 0;
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
  std::vector<std::pair<std::uint32_t, std::int64_t>> epochs_;  // and the offset at which each begins
  std::map<Value, Producer> producers_;
};

}  // namespace syslab
