#include "core/workload/key_stream.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "core/base/distribution.hpp"
#include "core/workload/sequential.hpp"
#include "core/workload/uniform.hpp"
#include "core/workload/zipf.hpp"

using namespace syslab;

namespace {

std::vector<std::uint64_t> all_ids(RequestTrace& trace) {
  std::vector<std::uint64_t> ids;
  RequestBatch batch;
  while (*trace.read(batch) > 0) ids.insert(ids.end(), batch.ids.begin(), batch.ids.end());
  return ids;
}

}  // namespace

TEST_CASE("key_stream: keys are 1 to count, and a fresh stream starts anew", "[workload][key_stream]") {
  std::vector<std::unique_ptr<KeyStream>> streams;
  streams.push_back(make_zipf_keys({.count = 7, .skew = 1.2}));
  streams.push_back(make_zipf_keys({.count = 7, .skew = 1.2, .scrambled = true}));
  streams.push_back(make_zipf_keys({.count = 1}));
  streams.push_back(make_uniform_keys({.count = 7}));
  streams.push_back(make_sequential_keys({.count = 7}));
  for (const auto& stream : streams) {
    Rng a(1), b(1);
    const auto fresh = stream->fresh();
    std::map<std::uint64_t, int> seen;
    for (int i = 0; i < 2000; ++i) {
      const std::uint64_t key = stream->next(a);
      ++seen[key];
      REQUIRE(key == fresh->next(b));
    }
    REQUIRE(seen.begin()->first == 1);
    REQUIRE(seen.rbegin()->first == stream->count());
    REQUIRE(seen.size() == stream->count());
    REQUIRE(fresh->describe() == stream->describe());
  }
}

TEST_CASE("zipf: key frequencies follow the law, scrambled or not", "[workload][zipf]") {
  const Zipf law({.count = 100, .skew = 0.99});
  for (const bool scrambled : {false, true}) {
    const auto keys = make_zipf_keys({.count = 100, .skew = 0.99, .scrambled = scrambled});
    Rng rng(5);
    std::map<std::uint64_t, double> seen;
    const int draws = 200000;
    for (int i = 0; i < draws; ++i) ++seen[keys->next(rng)];
    double chi_square = 0;
    for (std::uint64_t rank = 1; rank <= 100; ++rank) {
      const double expected = draws * law.probability(rank);
      const double got = seen[scrambled ? scramble_rank(rank, 100) : rank];
      chi_square += (got - expected) * (got - expected) / expected;
    }
    REQUIRE(chi_square < 149);  // p = 0.001 at 99 degrees of freedom
  }
}

TEST_CASE("zipf: scrambling is a permutation that moves the hot keys away", "[workload][zipf]") {
  for (const std::uint64_t count : {1ull, 2ull, 3ull, 10ull, 1000ull, 4096ull, 65537ull}) {
    std::vector<bool> taken(count + 1);
    for (std::uint64_t rank = 1; rank <= count; ++rank) {
      const std::uint64_t key = scramble_rank(rank, count);
      REQUIRE(key >= 1);
      REQUIRE(key <= count);
      REQUIRE_FALSE(taken[key]);
      taken[key] = true;
    }
  }
  REQUIRE(scramble_rank(1, 1ull << 50) != 1);
  REQUIRE(scramble_rank(~0ull >> 1, ~0ull >> 1) >= 1);
}

TEST_CASE("sequential: walks round and round", "[workload][sequential]") {
  const auto trace = make_generated_trace(*make_sequential_keys({.count = 3}), 7, 0);
  REQUIRE(all_ids(*trace) == std::vector<std::uint64_t>{1, 2, 3, 1, 2, 3, 1});
}

TEST_CASE("key_stream: a generated trace has its length and repeats after a rewind",
          "[workload][key_stream]") {
  const auto keys = make_zipf_keys({.count = 1000});
  const auto trace = make_generated_trace(*keys, 10000, 7);
  const auto first = all_ids(*trace);
  REQUIRE(first.size() == 10000);
  trace->rewind();
  REQUIRE(all_ids(*trace) == first);
  const auto other = make_generated_trace(*keys, 10000, 8);
  REQUIRE(all_ids(*other) != first);
}
