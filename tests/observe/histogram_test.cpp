#include "core/observe/histogram.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "core/base/distribution.hpp"

using namespace syslab;

namespace {

// Latencies over six decades, in nanoseconds.
std::vector<std::int64_t> latencies(std::size_t n, std::uint64_t seed) {
  Rng rng(seed);
  const auto distribution = make_lognormal({.median = 2e6, .sigma = 2});
  std::vector<std::int64_t> out(n);
  for (auto& x : out) x = static_cast<std::int64_t>(distribution->sample(rng));
  return out;
}

Histogram histogram_of(const std::vector<std::int64_t>& values, int precision_bits = 7) {
  Histogram h(precision_bits);
  for (std::int64_t x : values) h.record(x);
  return h;
}

}  // namespace

TEST_CASE("histogram: percentiles are never below the sorted ones and at most 1/128 above",
          "[observe][histogram]") {
  auto values = latencies(100000, 1);
  for (int bits : {1, 5, 7, 10, 14}) {
    const Histogram h = histogram_of(values, bits);
    std::sort(values.begin(), values.end());
    for (double p : {0.001, 0.1, 1.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 99.99, 99.999}) {
      const auto rank = static_cast<std::size_t>(std::llround(p * 1000));
      const auto exact = static_cast<double>(values[rank - 1]);
      CAPTURE(bits, p);
      CHECK(static_cast<double>(h.percentile(p)) >= exact);
      CHECK(static_cast<double>(h.percentile(p)) <= exact * (1 + std::exp2(-bits)));
    }
    CHECK(h.min() == values.front());
    CHECK(h.max() == values.back());
    CHECK(h.percentile(0) == h.min());
    CHECK(h.percentile(100) == h.max());
    long double sum = 0;
    for (std::int64_t x : values) sum += static_cast<long double>(x);
    CHECK(h.mean() == static_cast<double>(sum) / 100000);
    CHECK(h.count() == 100000);
  }
}

TEST_CASE("histogram: small values are exact", "[observe][histogram]") {
  Histogram h;
  for (int i = 0; i < 256; ++i) h.record(i);
  for (int i = 1; i <= 256; ++i) CHECK(h.percentile(i / 2.56) == i - 1);
}

TEST_CASE("histogram: merging is the same as recording everything in one", "[observe][histogram]") {
  const auto a = latencies(5000, 1), b = latencies(3000, 2);
  std::vector<std::int64_t> tiny = {0, 1, INT64_MAX}, all = a;
  all.insert(all.end(), b.begin(), b.end());
  all.insert(all.end(), tiny.begin(), tiny.end());
  const Histogram whole = histogram_of(all);

  Histogram forwards = histogram_of(a);
  forwards.merge(histogram_of(b));
  forwards.merge(histogram_of(tiny));
  CHECK(forwards == whole);

  Histogram backwards;
  backwards.merge(histogram_of(tiny));
  backwards.merge(Histogram());
  backwards.merge(histogram_of(b));
  backwards.merge(histogram_of(a));
  CHECK(backwards == whole);

  std::reverse(all.begin(), all.end());
  CHECK(histogram_of(all) == whole);
  all.push_back(5);
  CHECK_FALSE(histogram_of(all) == whole);
}

TEST_CASE("histogram: merging with itself doubles the counts", "[observe][histogram]") {
  Histogram h = histogram_of({3, 3, 1000});
  h.merge(h);
  CHECK(h == histogram_of({3, 3, 3, 3, 1000, 1000}));
}

TEST_CASE("histogram: the largest values do not overflow", "[observe][histogram]") {
  for (int bits : {1, 7, 14}) {
    Histogram h(bits);
    h.record(INT64_MAX, 1000000);
    CHECK(h.mean() == static_cast<double>(INT64_MAX));
    CHECK(h.percentile(50) == INT64_MAX);
    h.record(0);
    CHECK(h.percentile(0.00001) == 0);
    CHECK(h.max() == INT64_MAX);
  }
}

TEST_CASE("histogram: recording a value many times is one record with a count", "[observe][histogram]") {
  Histogram a, b;
  for (int i = 0; i < 1000; ++i) a.record(12345);
  b.record(12345, 1000);
  b.record(1, 0);
  CHECK(a == b);
}

TEST_CASE("histogram: an empty one answers zero", "[observe][histogram]") {
  const Histogram h;
  CHECK(h.empty());
  CHECK(h.count() == 0);
  CHECK(h.min() == 0);
  CHECK(h.max() == 0);
  CHECK(h.mean() == 0);
  CHECK(h.percentile(99) == 0);
}

TEST_CASE("histogram: decimal percentages count whole ranks", "[observe][histogram]") {
  // 99.9 % of 1000 is rank 999 exactly, though 99.9 has no exact binary form.
  Histogram h;
  h.record(10, 999);
  h.record(200);
  CHECK(h.percentile(99.9) == 10);
  CHECK(h.percentile(99.91) == 200);
}

TEST_CASE("histogram: buckets come in order, hold their values, and add up", "[observe][histogram]") {
  const auto values = latencies(20000, 4);
  const Histogram h = histogram_of(values);
  std::int64_t previous = -1;
  std::uint64_t total = 0;
  h.for_each([&](std::int64_t low, std::int64_t high, std::uint64_t count) {
    CHECK(low > previous);
    CHECK(high >= low);
    CHECK(static_cast<double>(high - low + 1) <= std::max(1.0, static_cast<double>(low) / 128));
    const auto inside =
        std::count_if(values.begin(), values.end(), [&](auto x) { return x >= low && x <= high; });
    CHECK(static_cast<std::uint64_t>(inside) == count);
    previous = high;
    total += count;
  });
  CHECK(total == h.count());
}
