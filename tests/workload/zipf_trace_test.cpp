#include "core/workload/zipf_trace.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <catch2/catch.hpp>
#include <map>

using namespace syslab;

namespace {

std::vector<std::uint64_t> read_all(RequestTrace& trace) {
  std::vector<std::uint64_t> ids;
  RequestBatch batch;
  while (*trace.read(batch) > 0) ids.insert(ids.end(), batch.ids.begin(), batch.ids.end());
  return ids;
}

}  // namespace

// The digest is that of the trace whose hit counts are tabled in tests/cache/hit_counts_test.cpp, written by
// an independent generator.
TEST_CASE("zipf_trace: bit for bit the trace of the published hit counts", "[workload][zipf_trace][golden]") {
  std::vector<std::uint64_t> ids = read_all(*make_zipf_trace({.count = 100000, .requests = 5000000}));
  REQUIRE(ids.size() == 5000000);
  for (auto& id : ids) --id;
  REQUIRE(XXH64(ids.data(), ids.size() * 8, 0) == 0x9c732d4a74f0099f);
}

TEST_CASE("zipf_trace: the same again after a rewind", "[workload][zipf_trace]") {
  const auto trace = make_zipf_trace({.count = 50, .requests = 10000, .skew = 0.8, .seed = 7});
  const auto first = read_all(*trace);
  trace->rewind();
  REQUIRE(read_all(*trace) == first);
  REQUIRE(*std::min_element(first.begin(), first.end()) == 1);
  REQUIRE(*std::max_element(first.begin(), first.end()) == 50);
}

TEST_CASE("zipf_trace: frequencies follow the law", "[workload][zipf_trace]") {
  std::map<std::uint64_t, double> seen;
  for (const std::uint64_t id : read_all(*make_zipf_trace({.count = 20, .requests = 200000, .skew = 1.3})))
    ++seen[id];
  double sum = 0;
  for (int k = 1; k <= 20; ++k) sum += std::pow(k, -1.3);
  double chi_square = 0;
  for (int k = 1; k <= 20; ++k) {
    const double expected = 200000 * std::pow(k, -1.3) / sum;
    chi_square += (seen[static_cast<std::uint64_t>(k)] - expected) *
                  (seen[static_cast<std::uint64_t>(k)] - expected) / expected;
  }
  REQUIRE(chi_square < 43.8);  // p = 0.001 at 19 degrees of freedom
}
