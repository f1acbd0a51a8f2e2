#include "core/workload/trace_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "core/cache/lru.hpp"
#include "core/hash/hash64.hpp"
#include "tests/recorded.hpp"

using namespace syslab;
using Format = TraceFileOptions::Format;

namespace {

// A file that is gone after the test.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view content) {
    char name[] = "/tmp/syslab_trace_XXXXXX";
    const int descriptor = mkstemp(name);
    REQUIRE(descriptor >= 0);
    ::close(descriptor);
    path_ = name;
    std::ofstream(path_, std::ios::binary) << content;
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct Everything {
  std::vector<std::uint64_t> ids, sizes;
  std::vector<Instant> times;
};

Expected<Everything> read_all(RequestTrace& trace) {
  Everything all;
  RequestBatch batch;
  for (;;) {
    const Expected<std::size_t> n = trace.read(batch);
    if (!n) return n.error();
    if (*n == 0) return all;
    REQUIRE(batch.ids.size() == *n);
    REQUIRE(*n <= RequestTrace::kBatch);
    all.ids.insert(all.ids.end(), batch.ids.begin(), batch.ids.end());
    all.sizes.insert(all.sizes.end(), batch.sizes.begin(), batch.sizes.end());
    all.times.insert(all.times.end(), batch.times.begin(), batch.times.end());
  }
}

Expected<Everything> read_all(const TraceFileOptions& options) {
  const auto trace = open_trace_file(options);
  if (!trace) return trace.error();
  return read_all(**trace);
}

void require_malformed(const TraceFileOptions& options, const std::string& part) {
  const auto all = read_all(options);
  REQUIRE_FALSE(all.ok());
  REQUIRE(all.error().code == "malformed");
  REQUIRE_THAT(all.error().message, Catch::Contains(part));
}

std::string record(std::uint32_t time, std::uint64_t id, std::uint32_t size) {
  std::string bytes(24, '\xFF');
  std::memcpy(bytes.data(), &time, 4);
  std::memcpy(bytes.data() + 4, &id, 8);
  std::memcpy(bytes.data() + 12, &size, 4);
  return bytes;
}

CacheStats replay(const TraceFileOptions& options, CacheCapacity capacity) {
  const auto trace = open_trace_file(options);
  REQUIRE(trace.ok());
  const auto cache = make_lru(capacity);
  RequestBatch batch;
  for (;;) {
    const auto n = (*trace)->read(batch);
    REQUIRE(n.ok());
    if (*n == 0) break;
    cache->replay(batch.ids, batch.sizes);
  }
  cache->check_invariants();
  return cache->stats();
}

}  // namespace

TEST_CASE("trace_file: text has one id a line, numbers as they are and other words hashed",
          "[workload][trace_file]") {
  const TemporaryFile file("17\r\n\n18446744073709551615\nuser:7\n18446744073709551616\n-1\n5");
  const auto all = read_all({.path = file.path()});
  REQUIRE(all.ok());
  REQUIRE(all->ids == std::vector<std::uint64_t>{17, ~0ull, hash64("user:7"), hash64("18446744073709551616"),
                                                 hash64("-1"), 5});
  REQUIRE(all->sizes.empty());
  REQUIRE(all->times.empty());
}

TEST_CASE("trace_file: a trace longer than every buffer comes whole, twice", "[workload][trace_file]") {
  std::string text;
  for (int i = 0; i < 100000; ++i) text += std::to_string(i * 7919) + "\n";
  const TemporaryFile file(text);
  const auto trace = open_trace_file({.path = file.path()});
  REQUIRE(trace.ok());
  for (int pass = 0; pass < 2; ++pass) {
    const auto all = read_all(**trace);
    REQUIRE(all.ok());
    REQUIRE(all->ids.size() == 100000);
    for (std::uint64_t i = 0; i < 100000; ++i) REQUIRE(all->ids[i] == i * 7919);
    (*trace)->rewind();
  }
}

TEST_CASE("trace_file: text that is none is refused with its line", "[workload][trace_file]") {
  const TemporaryFile table("1\n2\n3 4096\n");
  require_malformed({.path = table.path()}, "line 3: more than one word");
  const TemporaryFile binary(record(1, 2, 3));
  require_malformed({.path = binary.path()}, "line 1: a zero byte");
  const TemporaryFile endless(std::string(1 << 20, 'x'));
  require_malformed({.path = endless.path()}, "line 1: longer than 65536 bytes");
  const TemporaryFile late("1\n" + std::string(70000, 'x') + "\n3\n");
  require_malformed({.path = late.path()}, "line 2: longer than 65536 bytes");
}

TEST_CASE("trace_file: csv columns by name, in any order, with quotes", "[workload][trace_file]") {
  const TemporaryFile file("\xEF\xBB\xBFtime,size, key\r\n0.5,100,7\r\n1,\"200\",\"a,\"\"b\"\r\n");
  const TraceFileOptions options{
      .path = file.path(), .format = Format::csv, .id = {"key"}, .size = {"size"}, .time = {"time"}};
  const auto all = read_all(options);
  REQUIRE(all.ok());
  REQUIRE(all->ids == std::vector<std::uint64_t>{7, hash64("a,\"b")});
  REQUIRE(all->sizes == std::vector<std::uint64_t>{100, 200});
  REQUIRE(all->times == std::vector<Instant>{Instant(from_seconds(0.5)), Instant(from_seconds(1))});
}

TEST_CASE("trace_file: csv columns by number, with another separator and time unit",
          "[workload][trace_file]") {
  const TemporaryFile file("1500;9;64\n2500;8;32\n");
  TraceFileOptions options{
      .path = file.path(), .format = Format::csv, .id = {"", 2}, .size = {"", 3}, .time = {"", 1}};
  options.separator = ';';
  options.time_unit = 1e-3;
  const auto trace = open_trace_file(options);
  REQUIRE(trace.ok());
  for (int pass = 0; pass < 2; ++pass) {
    const auto all = read_all(**trace);
    REQUIRE(all.ok());
    REQUIRE(all->ids == std::vector<std::uint64_t>{9, 8});
    REQUIRE(all->times[0] == Instant(from_seconds(1.5)));
    (*trace)->rewind();
  }
  options.header = true;
  REQUIRE(read_all(options)->ids == std::vector<std::uint64_t>{8});
}

TEST_CASE("trace_file: csv mistakes name the line", "[workload][trace_file]") {
  const TemporaryFile file("key,size\n1,10\n2\n3,ten\n");
  TraceFileOptions options{.path = file.path(), .format = Format::csv, .id = {"key"}, .size = {"size"}};
  require_malformed(options, "line 3: has 1 columns, no column 2");
  const TemporaryFile text_size("key,size\n1,10\n3,ten\n");
  options.path = text_size.path();
  require_malformed(options, "line 3: size 'ten' is no whole number");
  options.size = {"bytes"};
  require_malformed(options, "no column 'bytes', only 'key', 'size'");
  const TemporaryFile quote("key,size\n\"1,10\n");
  options.path = quote.path();
  options.size = {};
  require_malformed(options, "line 2: a quote is not closed");
}

TEST_CASE("trace_file: oracle_general records", "[workload][trace_file]") {
  const TemporaryFile file(record(3, 1ull << 60, 512) + record(4, 9, 1));
  const auto all = read_all({.path = file.path(), .format = Format::oracle_general});
  REQUIRE(all.ok());
  REQUIRE(all->ids == std::vector<std::uint64_t>{1ull << 60, 9});
  REQUIRE(all->sizes == std::vector<std::uint64_t>{512, 1});
  REQUIRE(all->times ==
          std::vector<Instant>{Instant(std::chrono::seconds(3)), Instant(std::chrono::seconds(4))});
}

TEST_CASE("trace_file: a record cut in the middle is refused with its byte", "[workload][trace_file]") {
  const TemporaryFile file(record(3, 7, 512) + record(4, 9, 1).substr(0, 10));
  require_malformed({.path = file.path(), .format = Format::oracle_general},
                    "byte 24: the last record has 10 of 24");
}

TEST_CASE("trace_file: what is no file is refused at once", "[workload][trace_file]") {
  for (const Format format : {Format::text, Format::csv, Format::oracle_general}) {
    const auto missing = open_trace_file({.path = "/no/such/trace", .format = format});
    REQUIRE(missing.error().code == "not_found");
    require_malformed({.path = "/tmp", .format = format}, "is a directory");
    const TemporaryFile empty("");
    require_malformed({.path = empty.path(), .format = format}, "is empty");
    const TemporaryFile place("");
    const std::string pipe = place.path() + ".pipe";
    REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
    const auto refused = open_trace_file({.path = pipe, .format = format});
    std::filesystem::remove(pipe);
    REQUIRE(refused.error().code == "malformed");
  }
}

// Golden numbers: hits of libCacheSim aa0fc409 (`cachesim`, --ignore-obj-size=1) and of an independent naive
// LRU.
TEST_CASE("trace_file: LRU of 4897 entries hits 22215 times on the recorded text trace",
          "[workload][cache][golden]") {
  const std::string path = test::recorded("traces/cloudphysics_io.txt");
  if (path.empty()) return;
  const CacheStats stats = replay({.path = path}, CacheCapacity::entries(4897));
  REQUIRE(stats.hits == 22215);
  REQUIRE(stats.misses == 113872 - 22215);
}

// Golden numbers: misses of libCacheSim's own test (test_evictionAlgo.c, 128 MiB) and of a naive LRU in
// Python.
TEST_CASE("trace_file: LRU of 128 MiB misses 93374 times on the recorded binary trace",
          "[workload][cache][golden]") {
  const std::string path = test::recorded("traces/cloudphysics.oracleGeneral.bin");
  if (path.empty()) return;
  const CacheStats stats =
      replay({.path = path, .format = Format::oracle_general}, CacheCapacity::bytes(128 * 1024 * 1024));
  REQUIRE(stats.misses == 93374);
  REQUIRE(stats.hits == 113872 - 93374);
}
