// ShardStream: a stream of shards, each with a range of hashes, a fixed capacity, and records by sequence
// number.
//
// A pure state machine: time is an argument and never runs backwards. A record goes to the shard whose range
// holds the MD5 of its partition key. A shard that takes too much is *split* in two, two neighbours that take
// little are *merged*; the parents take no more records and are read to their end before their children,
// which keeps the order of each key:
//
//   shard 0 [0, ff..)  --split-->  shard 1 [0, 7f..)   shard 2 [80.., ff..)
//     closed                         records of a key come after those in shard 0
//
// Capacity is counted in seconds of the clock (the method is ours, the numbers are published): in one second
// a shard takes so many records and bytes, partition keys included; whoever polls shares so many calls and
// bytes. An answer larger than a second's bytes blocks the following seconds: after 10 MB the next call
// succeeds 5 s later. A consumer with enhanced fan-out has bytes of its own and no limit of calls.
//
// Error codes are those of Kinesis: ProvisionedThroughputExceededException, ResourceNotFoundException,
// ResourceInUseException, LimitExceededException, ExpiredIteratorException, InvalidArgumentException,
// ValidationException. All are definite: nothing was changed.
//
// Cost: O(log shards) and an MD5 a put, O(log records) a read; 80 bytes a record beside its data. Source:
// Kinesis developer guide (limits, GetRecords, resharding).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/base/value.hpp"
#include "core/stream/profile.hpp"

namespace syslab {

using HashKey = unsigned __int128;
HashKey hash_key_of(std::string_view partition_key);
std::string to_decimal(HashKey key);
// Errors: InvalidArgumentException.
Expected<HashKey> parse_hash_key(std::string_view decimal);

struct ShardOptions {
  std::string name = "stream";
  std::size_t shards = 1;
  Duration retention = std::chrono::hours(24);
  // How long the stream is UPDATING after a split or merge, and refuses another one (a default of ours).
  Duration reshard_time = std::chrono::seconds(30);
  ShardProfile limits = *find_shard_profile("kinesis-2024");
};

struct ShardRecord {
  std::uint64_t sequence = 0;  // ascending in the stream
  Instant at;
  std::string key;
  Value data;
  std::uint32_t bytes = 0;
};

struct ShardInfo {
  std::string id;
  HashKey low = 0, high = 0;  // both included
  std::vector<std::string> parents = {};
  bool open = true;
  std::size_t records = 0;
};

struct ShardPut {
  std::string shard;
  std::uint64_t sequence;
};

struct ShardRead {
  std::vector<ShardRecord> records = {};
  std::optional<std::string> next = {};    // none: the shard is closed and was read to its end
  std::vector<std::string> children = {};  // of such a shard: where to read on
  Duration behind = Duration::zero();      // how old the next record is; zero at the tip
};

struct ShardTotals {
  std::uint64_t put = 0;
  std::uint64_t read = 0;
  std::uint64_t write_throttled = 0;
  std::uint64_t read_throttled = 0;
  std::uint64_t expired = 0;
};

class ShardStream {
 public:
  explicit ShardStream(ShardOptions options);

  const ShardOptions& options() const { return options_; }

  // `hash`: explicitly, in place of the key's.
  Expected<ShardPut> put(Instant now, const std::string& key, Value data, std::optional<HashKey> hash = {});

  enum class From : std::uint8_t { trim_horizon, latest, at_sequence, after_sequence, at_timestamp };
  // A place to read from, good for `iterator_life`.
  Expected<std::string> iterator(Instant now, const std::string& shard, From from, std::uint64_t sequence = 0,
                                 Instant time = {});
  // `consumer`: the name of one with enhanced fan-out; "" polls. `limit`: records at most.
  Expected<ShardRead> read(Instant now, std::string_view iterator, std::optional<std::size_t> limit = {},
                           const std::string& consumer = {});
  Expected<bool> register_consumer(const std::string& name);

  // The new shards' ids. `at` becomes the first hash of the second one; none: the middle.
  Expected<std::vector<std::string>> split(Instant now, const std::string& shard,
                                           std::optional<HashKey> at = {});
  Expected<std::string> merge(Instant now, const std::string& shard, const std::string& neighbour);
  // Errors: InvalidArgumentException outside of the profile's range.
  Expected<bool> set_retention(Instant now, Duration retention);
  bool updating(Instant now) const { return now < busy_until_; }

  // All that still have records or are open, in the order in which they were made.
  std::vector<ShardInfo> shards(Instant now);
  std::vector<std::string> consumers() const;
  const ShardTotals& totals() const { return totals_; }
  // Put, refused and read by shard id: where the heat is.
  Value heat() const;

  // Whatever a restart must not undo: shards, records, consumers; and back, into a new stream.
  Value snapshot() const;
  void restore(const Value& snapshot);
  void restore_record(const std::string& shard, ShardRecord record);

  // For tests: open shards cover all hashes once, sequences ascend.
  void check_invariants() const;

 private:
  struct Budget {  // of reads, for one consumer or for all who poll
    Instant from;  // the second that is counted began then
    std::size_t bytes = 0;
    Instant calls_from;
    std::size_t calls = 0;
  };
  struct Shard {
    std::string id;
    HashKey low = 0, high = 0;
    std::vector<std::string> parents = {};
    std::vector<std::string> children = {};
    bool open = true;
    Instant closed_at{};
    std::deque<ShardRecord> records = {};
    std::int64_t second = -1;  // of the clock, in which the two below were written
    std::size_t second_bytes = 0;
    std::size_t second_records = 0;
    std::map<std::string, Budget> budgets = {};
    std::uint64_t put = 0, refused = 0, read = 0;
  };

  Shard* find(const std::string& id);
  Shard& add(HashKey low, HashKey high, std::vector<std::string> parents);
  std::string iterator_text(Instant now, const Shard& shard, std::uint64_t sequence) const;
  void expire(Instant now);
  Expected<bool> may_reshard(Instant now, std::size_t more) const;

  ShardOptions options_;
  std::deque<Shard> shards_;        // in the order in which they were made
  std::map<HashKey, Shard*> open_;  // by the lowest hash
  std::vector<std::string> consumers_;
  std::uint64_t next_sequence_ = 1;
  std::uint64_t next_shard_ = 0;
  Instant busy_until_{};
  ShardTotals totals_;
};

Expected<ShardStream::From> shard_position_named(
    std::string_view name);  // TRIM_HORIZON, LATEST, AT_TIMESTAMP ...

}  // namespace syslab
