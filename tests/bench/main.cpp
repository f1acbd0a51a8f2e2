// Runs the rows of all bench files and prints one line a row; see ratio.hpp.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <string>

namespace {

std::string rate(double per_second) {
  char text[32];
  if (per_second >= 1e6) {
    std::snprintf(text, sizeof text, "%.1f M/s", per_second / 1e6);
  } else {
    std::snprintf(text, sizeof text, "%.1f k/s", per_second / 1e3);
  }
  return text;
}

// Rows in one readable line; benchmarks that are no rows in Google Benchmark's own form.
class RowReporter : public benchmark::ConsoleReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (const auto bytes = run.counters.find("bytes"); bytes != run.counters.end()) {
        std::printf("%s: %.1f bytes\n", run.run_name.function_name.c_str(),
                    static_cast<double>(bytes->second));
        continue;
      }
      const auto ratio = run.counters.find("ratio");
      if (ratio == run.counters.end()) {
        PrintRunData(run);
        continue;
      }
      if (!(run.counters.at("ours") > 0)) continue;  // what it compares with is not here, and the row said so
      const double goal = run.counters.at("goal");
      const bool reached = ratio->second >= goal;
      std::printf("%s: %s, reference %s, ratio %.2f (goal >= %.2f%s)\n", run.run_name.function_name.c_str(),
                  rate(run.counters.at("ours")).c_str(), rate(run.counters.at("reference")).c_str(),
                  static_cast<double>(ratio->second), goal, reached ? "" : ", missed");
      std::fflush(stdout);
      ++rows_;
      rows_reached_ += reached;
    }
  }
  void Finalize() override { std::printf("%d of %d rows reach their goal\n", rows_reached_, rows_); }

 private:
  int rows_ = 0;
  int rows_reached_ = 0;
};

bool wants_own_format(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]).starts_with("--benchmark_format=")) return true;
  }
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  const bool own_format = wants_own_format(argc, argv);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  RowReporter rows;
  if (own_format) {
    benchmark::RunSpecifiedBenchmarks();
  } else {
    benchmark::RunSpecifiedBenchmarks(&rows);
  }
}
