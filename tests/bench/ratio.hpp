// One speed goal as one row: ours against a bare reference, timed in the same run. And what a thing takes in
// memory.
//
// Absolute speeds of a shared machine drift by a factor of two within minutes, so a row runs both sides in
// turn (A B B A ...), takes the median of each and reports their ratio:
//
//   lru replay zipf: 62.1 M/s, reference 65.0 M/s, ratio 0.96 (goal >= 0.70)
//
// A bench file registers its rows; the body runs only when the row is chosen, so put the set-up there:
//
//   const RatioRow lru_zipf("lru replay zipf", 0.70, [](RatioRun& run) {
//     const auto trace = zipf_trace();
//     run.compare(trace.size(), [&] { replay(ours, trace); }, [&] { replay(reference, trace); });
//   });
//
// One call of either side should last 5 ms to 200 ms. Write the reference into the bench itself, with the
// same flags.
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace syslab::bench {

class RatioRun {
 public:
  // `operations` is what one call of either side does; rates are operations a second.
  template <class Ours, class Reference>
  void compare(double operations, Ours&& ours, Reference&& reference) {
    compare(operations, ours, operations, reference);
  }
  // For sides that do different amounts of work a call.
  template <class Ours, class Reference>
  void compare(double our_operations, Ours&& ours, double reference_operations, Reference&& reference) {
    ours();  // the first call pays for page faults and cold caches
    reference();
    std::vector<double> a, b;
    for (int round = 0; round < kRounds; ++round) {
      if (round % 2 == 0) a.push_back(seconds(ours));
      b.push_back(seconds(reference));
      if (round % 2 == 1) a.push_back(seconds(ours));
    }
    ours_per_second = our_operations / median(a);
    reference_per_second = reference_operations / median(b);
  }

  double ours_per_second = 0;
  double reference_per_second = 0;

 private:
  static constexpr int kRounds = 7;

  template <class Body>
  static double seconds(Body& body) {
    const auto start = std::chrono::steady_clock::now();
    body();
    benchmark::ClobberMemory();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  static double median(std::vector<double> v) {
    std::nth_element(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2), v.end());
    return v[v.size() / 2];
  }
};

class RatioRow {
 public:
  RatioRow(const std::string& name, double goal, std::function<void(RatioRun&)> body) {
    const auto run_row = [goal, body = std::move(body)](benchmark::State& state) {
      RatioRun run;
      for (auto _ : state) body(run);
      state.counters["ours"] = run.ours_per_second;
      state.counters["reference"] = run.reference_per_second;
      state.counters["ratio"] = run.ours_per_second / run.reference_per_second;
      state.counters["goal"] = goal;
    };
    benchmark::RegisterBenchmark(name.c_str(), run_row)->Iterations(1)->Unit(benchmark::kMillisecond);
  }
};

// What a thing takes in memory, in bytes:
//
//   memory of an entry, lru: 32.0 bytes
class MemoryRow {
 public:
  MemoryRow(const std::string& name, std::function<double()> bytes) {
    const auto run_row = [bytes = std::move(bytes)](benchmark::State& state) {
      for (auto _ : state) state.counters["bytes"] = bytes();
    };
    benchmark::RegisterBenchmark(name.c_str(), run_row)->Iterations(1)->Unit(benchmark::kMillisecond);
  }
};

}  // namespace syslab::bench
