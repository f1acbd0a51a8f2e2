// The log of a partition against a bare std::deque of the same texts, which knows no offsets, segments,
// producers or retention; windows against a bare std::map of sums. The rows at a million differ from those at
// a thousand in what is kept meanwhile.
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "core/stream/partition_log.hpp"
#include "core/stream/shards.hpp"
#include "core/stream/windows.hpp"
#include "tests/bench/ratio.hpp"

namespace syslab::bench {
namespace {

using namespace std::chrono_literals;

constexpr int kOperations = 200000;
const char* const kBody = "0123456789abcdef0123456789abcdef";

// One record goes in at the end, and the one that a consumer is at comes out; retention takes segments away.
struct Flow {
  PartitionLog log;
  Instant now{};
  std::int64_t position = 0;

  explicit Flow(std::size_t kept) : log(options(kept)) {
    for (std::size_t i = 0; i < kept; ++i) append();
  }
  static LogOptions options(std::size_t kept) {
    LogOptions o;
    o.retention_bytes = kept * 32;
    o.segment_bytes = std::max<std::size_t>(kept * 32 / 10, 4096);
    return o;
  }
  void append() {
    StreamRecord r;
    r.value = Value(kBody);
    r.timestamp = now += 1us;
    (void)log.append(now, 1, {std::move(r)});
  }
  std::size_t run() {
    std::size_t bytes = 0;
    for (int i = 0; i < kOperations; ++i) {
      append();
      if (i % 1000 == 0) log.retain(now, log.end());
      position = std::max(position, log.start());
      bytes += log.read(position++, 1, 1000, log.end())->front().bytes;
    }
    return bytes;
  }
};

void against_deque(RatioRun& run, std::size_t kept) {
  Flow flow(kept);
  std::deque<std::string> reference(kept, kBody);
  std::size_t bytes = 0;
  run.compare(
      kOperations, [&] { bytes += flow.run(); },
      [&] {
        for (int i = 0; i < kOperations; ++i) {
          reference.emplace_back(kBody);
          const std::string body = std::move(reference.front());
          bytes += body.size();
          reference.pop_front();
        }
      });
  benchmark::DoNotOptimize(bytes);
}

// A record has an offset, a time, a size and an end of its retention; the deque only moves its text.
const RatioRow small("stream log, append + read, 1k kept, against a bare deque", 0.05,
                     [](RatioRun& run) { against_deque(run, 1000); });
const RatioRow large("stream log, append + read, 1M kept, against a bare deque", 0.05,
                     [](RatioRun& run) { against_deque(run, 1000000); });
const RatioRow depth("stream log, 1M kept against 1k kept", 0.5, [](RatioRun& run) {
  Flow deep(1000000), shallow(1000);
  std::size_t bytes = 0;
  run.compare(
      kOperations, [&] { bytes += deep.run(); }, [&] { bytes += shallow.run(); });
  benchmark::DoNotOptimize(bytes);
});

const RatioRow windows("tumbling windows, 100 keys, against a bare map of sums", 0.4, [](RatioRun& run) {
  std::vector<Value> keys;
  for (int i = 0; i < 100; ++i) keys.emplace_back(i);
  EventWindowOptions o;
  o.size = 1s;
  double sum = 0;
  run.compare(
      kOperations,
      [&] {
        Windows w(o);
        std::vector<WindowResult> out;
        for (int i = 0; i < kOperations; ++i) {
          w.add(Instant(i * 1ms), keys[static_cast<std::size_t>(i) % 100], 1, out);
          for (const WindowResult& r : out) sum += r.aggregate.sum;
          out.clear();
        }
      },
      [&] {
        std::map<std::pair<std::int64_t, Value>, double> sums;
        for (int i = 0; i < kOperations; ++i) {
          sums[{i / 1000, keys[static_cast<std::size_t>(i) % 100]}] += 1;
          if (i % 1000 != 999) continue;
          for (const auto& [key, n] : sums) sum += n;
          sums.clear();
        }
      });
  benchmark::DoNotOptimize(sum);
});

}  // namespace
}  // namespace syslab::bench
