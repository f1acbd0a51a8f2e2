#include "core/stream/partition_log.hpp"

#include <catch2/catch.hpp>
#include <map>

#include "core/base/rng.hpp"
#include "core/stream/partitioner.hpp"

using namespace syslab;
using namespace std::chrono_literals;

namespace {

Instant at(Duration d) {
  return Instant(d);
}

StreamRecord record(const char* key, const char* value, Instant time = {}) {
  StreamRecord r;
  r.key = Value(key);
  if (value != nullptr) r.value = Value(value);
  r.timestamp = time;
  return r;
}

StreamRecord numbered(const char* producer, std::int64_t sequence) {
  StreamRecord r;
  r.value = Value("x");
  r.producer = Value(producer);
  r.sequence = sequence;
  return r;
}

std::string code(const Expected<PartitionLog::Appended>& result) {
  return result ? "ok" : result.error().code;
}

std::vector<StreamRecord> all(const PartitionLog& log) {
  return *log.read(log.start(), 1000000, 1u << 30, log.end());
}

std::string offsets(const PartitionLog& log) {
  std::string text;
  for (const StreamRecord& r : all(log)) text += std::to_string(r.offset) + " ";
  return text;
}

}  // namespace

// From Kafka's UtilsTest.testMurmur2 (clients/src/test/.../common/utils/UtilsTest.java), remembered.
TEST_CASE("partitioner: the hashes that Kafka's own test expects", "[stream][partitioner]") {
  CHECK(murmur2("21") == -973932308);
  CHECK(murmur2("foobar") == -790332482);
  CHECK(murmur2("a-little-bit-long-string") == -985981536);
  CHECK(murmur2("a-little-bit-longer-string") == -1486304829);
  CHECK(murmur2("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8") == -58897971);
  CHECK(murmur2("abc") == 479470107);
  CHECK(partition_of_key(Value("foobar"), 3) == (static_cast<std::uint32_t>(-790332482) & 0x7fffffff) % 3);
}

TEST_CASE("partition log: offsets ascend by one and outside of them nothing is read", "[stream][log]") {
  PartitionLog log({});
  REQUIRE(log.append(at(0s), 1, {record("a", "1"), record("b", "2")})->offset == 0);
  REQUIRE(log.append(at(0s), 1, {record("c", "3")})->offset == 2);
  log.check_invariants();
  CHECK(log.read(1, 10, 1000, 3)->size() == 2);
  CHECK(log.read(1, 10, 1000, 2)->size() == 1);  // below the high watermark only
  CHECK(log.read(3, 10, 1000, 3)->empty());
  CHECK(log.read(0, 10, 3, 3)->size() == 1);  // one at least, however large
  CHECK(log.read(4, 10, 1000, 4).error().code == "OFFSET_OUT_OF_RANGE");
  CHECK(log.read(-1, 10, 1000, 4).error().code == "OFFSET_OUT_OF_RANGE");
}

TEST_CASE(
    "partition log: what is too large, or has no key to be compacted by, is refused and nothing appended",
    "[stream][log]") {
  LogOptions o;
  o.record_bytes_max = 4;
  o.compact = true;
  PartitionLog log(o);
  StreamRecord keyless;
  keyless.value = Value("v");
  CHECK(code(log.append(at(0s), 1, {record("a", "1"), record("key", "value")})) == "MESSAGE_TOO_LARGE");
  CHECK(code(log.append(at(0s), 1, {keyless})) == "INVALID_RECORD");
  CHECK(log.end() == 0);
  CHECK(code(log.append(at(0s), 1, {record("a", "123")})) == "ok");
}

TEST_CASE("partition log: an idempotent producer's batch is appended once, and gaps are refused",
          "[stream][log]") {
  PartitionLog log({});
  REQUIRE(log.append(at(0s), 1, {numbered("p", 0), numbered("p", 1)})->offset == 0);
  REQUIRE(log.append(at(0s), 1, {numbered("q", 0)})->offset == 2);
  const auto again = log.append(at(1s), 1, {numbered("p", 0), numbered("p", 1)});
  CHECK(again->duplicate);
  CHECK(again->offset == 0);
  CHECK(code(log.append(at(1s), 1, {numbered("p", 3)})) == "OUT_OF_ORDER_SEQUENCE_NUMBER");
  for (int i = 2; i < 8; ++i) REQUIRE(code(log.append(at(1s), 1, {numbered("p", i)})) == "ok");
  // The last five batches are remembered, as by Kafka's brokers.
  CHECK(log.append(at(2s), 1, {numbered("p", 3)})->duplicate);
  CHECK(code(log.append(at(2s), 1, {numbered("p", 2)})) == "DUPLICATE_SEQUENCE_NUMBER");
  // A follower that was told the same knows the same.
  PartitionLog copy({});
  for (const StreamRecord& r : all(log)) {
    REQUIRE(copy.append_copy(at(2s), *StreamRecord::unpack(r.pack())));
  }
  CHECK(copy.append(at(2s), 2, {numbered("p", 7)})->duplicate);
  CHECK(code(copy.append(at(2s), 2, {numbered("p", 9)})) == "OUT_OF_ORDER_SEQUENCE_NUMBER");
  CHECK_FALSE(copy.append_copy(at(2s), numbered("p", 8)));  // offset 0 is there already
}

TEST_CASE("partition log: retention takes whole closed segments, when their newest record is too old",
          "[stream][log]") {
  LogOptions o;
  o.retention = 10s;
  o.segment_bytes = 4;  // two records each
  PartitionLog log(o);
  for (int i = 0; i < 6; ++i) REQUIRE(log.append(at(i * 1s), 1, {record("k", "v", at(i * 1s))}).ok());
  CHECK(log.segments() == 3);
  CHECK(log.retain(at(11s), 6) == 0);  // record 1 is 10 s old, not older
  CHECK(log.retain(at(11s) + 1ns, 6) == 2);
  CHECK(log.start() == 2);
  CHECK(log.read(1, 1, 100, 6).error().code == "OFFSET_OUT_OF_RANGE");
  CHECK(log.retain(at(1000s), 6) == 2);  // the active segment stays
  CHECK(offsets(log) == "4 5 ");
  CHECK(log.retain(at(1000s), 0) == 0);
}

TEST_CASE("partition log: a record from the future keeps its segment; that is what skewed clocks do",
          "[stream][log]") {
  LogOptions o;
  o.retention = 10s;
  o.segment_bytes = 4;
  PartitionLog log(o);
  for (int i = 0; i < 4; ++i)
    REQUIRE(log.append(at(0s), 1, {record("k", "v", at(i == 0 ? 1000s : 0s))}).ok());
  CHECK(log.retain(at(500s), 4) == 0);
  CHECK(log.retain(at(1011s), 4) == 2);
}

TEST_CASE("partition log: retention by size keeps at least so many bytes", "[stream][log]") {
  LogOptions o;
  o.retention_bytes = 5;
  o.segment_bytes = 4;
  PartitionLog log(o);
  for (int i = 0; i < 6; ++i) REQUIRE(log.append(at(0s), 1, {record("k", "v")}).ok());
  CHECK(log.retain(at(0s), 6) == 2);
  CHECK(log.bytes() == 8);
}

TEST_CASE("partition log: compaction keeps the last record of each key, its offset, and the active segment",
          "[stream][log]") {
  LogOptions o;
  o.compact = true;
  o.remove = false;
  o.segment_bytes = 6;
  o.tombstones = 100s;
  PartitionLog log(o);
  for (const char* key : {"a", "b", "a", "a", "c", "b"})
    REQUIRE(log.append(at(0s), 1, {record(key, "v")}).ok());
  REQUIRE(log.append(at(0s), 1, {record("c", nullptr)}).ok());
  REQUIRE(log.append(at(0s), 1, {record("a", "v")}).ok());
  REQUIRE(log.append(at(0s), 1, {record("d", "v")}).ok());
  CHECK(log.compact(at(1s), log.end()) == 3);
  log.check_invariants();
  CHECK(offsets(log) == "3 4 5 6 7 8 ");
  CHECK(log.read(0, 1, 100, 9)->front().offset == 3);       // what is gone is stepped over
  REQUIRE(log.append(at(1s), 1, {record("e", "v")}).ok());  // closes the segment of c's tombstone
  CHECK(log.compact(at(2s), log.end()) == 2);
  CHECK(offsets(log) == "5 6 7 8 9 ");
  CHECK(log.compact(at(102s) - 1ns, log.end()) == 0);
  CHECK(log.compact(at(102s), log.end()) == 1);  // and that one
  CHECK(offsets(log) == "5 7 8 9 ");
  CHECK(log.retain(at(10000000s), log.end()) == 0);
}

TEST_CASE("partition log: epochs say where two logs part", "[stream][log]") {
  PartitionLog leader({}), zombie({});
  for (int i = 0; i < 3; ++i) REQUIRE(leader.append(at(0s), 1, {record("k", "v")}).ok());
  for (const StreamRecord& r : all(leader)) REQUIRE(zombie.append_copy(at(0s), r));
  for (int i = 0; i < 4; ++i) REQUIRE(zombie.append(at(0s), 1, {record("k", "lost")}).ok());
  REQUIRE(leader.append(at(0s), 3, {record("k", "new")}).ok());
  CHECK(leader.epoch_end(1) == std::make_pair(1u, std::int64_t{3}));
  CHECK(leader.epoch_end(2) == std::make_pair(1u, std::int64_t{3}));
  CHECK(leader.epoch_end(3) == std::make_pair(3u, std::int64_t{4}));
  CHECK(leader.epoch_end(0) == std::make_pair(0u, std::int64_t{0}));
  zombie.truncate(3);
  zombie.check_invariants();
  CHECK(zombie.end() == 3);
  CHECK(zombie.last_epoch() == 1);
}

TEST_CASE("partition log: used at random it agrees with a plain map", "[stream][log]") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Rng rng(seed);
    LogOptions o;
    o.compact = seed % 2 == 0;
    o.segment_bytes = 20;
    o.retention = 50s;
    PartitionLog log(o);
    std::map<std::int64_t, std::string> model;  // what has to be there: by offset, the key
    Instant now{};
    for (int step = 0; step < 400; ++step) {
      now += rng.below(3) * 1s;
      const std::uint64_t what = rng.below(20);
      if (what < 14) {
        const std::string key(1, static_cast<char>('a' + rng.below(4)));
        const auto appended = log.append(now, 1, {record(key.c_str(), "v", now)});
        model[appended->offset] = key;
      } else if (what == 14) {
        log.retain(now, log.end());
        model.erase(model.begin(), model.lower_bound(log.start()));
      } else if (what == 15) {
        const std::int64_t end = log.end() - static_cast<std::int64_t>(rng.below(4));
        log.truncate(std::max(end, log.start()));
        model.erase(model.lower_bound(log.end()), model.end());
      } else if (what == 16 && o.compact) {
        log.compact(now, log.end());
        // A record goes only if a later one has its key.
        std::map<std::string, std::int64_t> last;
        for (const auto& [offset, key] : model) last[key] = offset;
        const auto kept = log.read(log.start(), 100000, 1u << 30, log.end());
        std::map<std::int64_t, std::string> left;
        for (const StreamRecord& r : *kept) left[r.offset] = std::string(r.key.string());
        for (const auto& [offset, key] : model) REQUIRE((left.contains(offset) || last.at(key) > offset));
        model = left;
      } else {
        const std::int64_t from =
            log.start() +
            static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(log.end() - log.start() + 1)));
        const auto got = log.read(from, 3, 1000, log.end());
        auto expected = model.lower_bound(from);
        for (const StreamRecord& r : *got) {
          REQUIRE(expected != model.end());
          REQUIRE(r.offset == expected->first);
          ++expected;
        }
        REQUIRE((got->size() == 3 || expected == model.end()));
      }
      log.check_invariants();
    }
  }
}
