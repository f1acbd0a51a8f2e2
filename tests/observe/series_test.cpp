#include "core/observe/series.hpp"

#include <catch2/catch.hpp>

#include "core/base/distribution.hpp"

using namespace syslab;
using namespace std::chrono_literals;

namespace {

Instant at(Duration d) {
  return Instant(d);
}

bool same(const Series& a, const Series& b) {
  if (a.interval() != b.interval() || a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!(a[i] == b[i])) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("series: rates and percentiles per interval", "[observe][series]") {
  Series s({.interval = 100ms});
  for (int i = 0; i < 40; ++i) s.record_ok(at(5ms * i), 3ms);  // 200 a second for 0.2 s
  s.record_ok(at(150ms), 50ms);
  s.record_error(at(199ms));
  s.record_error(at(350ms));
  CHECK(s.interval() == 100ms);
  REQUIRE(s.size() == 4);
  CHECK(s.start(3) == at(300ms));
  CHECK(s.ok_rate(0) == Approx(200));
  CHECK(s.ok_rate(1) == Approx(210));
  CHECK(s.error_rate(1) == Approx(10));
  CHECK(s.ok_rate(2) == 0);
  CHECK(s[0].percentile(99) == 3ms);
  CHECK(s[1].percentile(50) >= 3ms);
  CHECK(s[1].percentile(50) <= 3000us * 33 / 32);
  CHECK(s[1].percentile(99) == 50ms);
  CHECK(s[2].percentile(50) == 0ms);
  CHECK(s[3].ok() == 0);
  CHECK(s[3].errors == 1);
}

TEST_CASE("series: a long run makes the interval wider, not the series longer", "[observe][series]") {
  Series s({.interval = 10ms, .buckets_max = 100});
  for (int i = 0; i < 100000; ++i) {
    s.record_ok(at(1ms * i), 1us);
    CHECK(s.size() <= 100);
  }
  CHECK(s.interval() == 1280ms);
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < s.size(); ++i) {
    total += s[i].ok();
    if (i + 1 < s.size()) CHECK(s.ok_rate(i) == Approx(1000));
  }
  CHECK(total == 100000);
}

TEST_CASE("series: what it holds does not depend on the order of the records", "[observe][series]") {
  const SeriesOptions options = {.interval = 1ms, .buckets_max = 7, .origin = at(1s)};
  Rng rng(3);
  std::vector<std::pair<Instant, Duration>> records;
  for (int i = 0; i < 2000; ++i) {
    records.emplace_back(at(1s + Duration(rng.below(3'000'000'000))), Duration(rng.below(1'000'000)));
  }
  Series forwards(options), backwards(options), first(options), second(options);
  for (const auto& [when, latency] : records) forwards.record_ok(when, latency);
  for (auto it = records.rbegin(); it != records.rend(); ++it) backwards.record_ok(it->first, it->second);
  CHECK(same(forwards, backwards));

  for (std::size_t i = 0; i < records.size(); ++i) {
    // The second half is short, so that the two halves arrive with different intervals.
    Series& half = records[i].first < at(1s + 100ms) ? second : first;
    half.record_ok(records[i].first, records[i].second);
  }
  CHECK(first.interval() != second.interval());
  Series merged = second;
  merged.merge(first);
  CHECK(same(merged, forwards));
  first.merge(second);
  CHECK(same(first, forwards));
}

TEST_CASE("series: one instant far ahead is reached at once", "[observe][series]") {
  Series s({.interval = 1ns, .buckets_max = 2});
  s.record_error(at(0ns));
  s.record_error(Instant::max());
  CHECK(s.size() == 2);
  CHECK(s[0].errors == 1);
  CHECK(s[1].errors == 1);
}

TEST_CASE("series: silence up to the end of the observation is part of it", "[observe][series]") {
  Series s({.interval = 100ms});
  s.extend_to(at(0ms));
  CHECK(s.empty());
  s.record_ok(at(10ms), 1ms);
  s.extend_to(at(400ms));
  CHECK(s.size() == 4);
  CHECK(s.ok_rate(3) == 0);
  s.extend_to(at(200ms));
  CHECK(s.size() == 4);
}

TEST_CASE("series: the last rate is taken over the part that was observed", "[observe][series]") {
  Series s({.interval = 1s});
  for (int i = 0; i < 150; ++i) s.record_ok(at(10ms * i), 1ms);
  CHECK(s.ok_rate(1) == Approx(50));
  s.extend_to(at(1500ms));
  CHECK(s.ok_rate(0) == Approx(100));
  CHECK(s.ok_rate(1) == Approx(100));
  // A reply at the very instant that ends the run is no burst.
  Series edge({.interval = 1s});
  edge.record_ok(at(1s), 1ms);
  edge.extend_to(at(1s + 1ns));
  CHECK(edge.ok_rate(1) == Approx(10));
}
