#include "core/stream/windows.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "core/base/rng.hpp"

using namespace syslab;
using namespace std::chrono_literals;

namespace {

Instant at(Duration d) {
  return Instant(d);
}

EventWindowOptions of(WindowKind kind) {
  EventWindowOptions o;
  o.kind = kind;
  o.size = 10s;
  o.advance = 5s;
  o.gap = 5s;
  return o;
}

// "[0,10)=2 " and so on, with + before a correction and - before what is taken back.
std::string text(const std::vector<WindowResult>& results) {
  std::string out;
  for (const WindowResult& r : results) {
    const auto s = [](Instant t) { return std::to_string(t.time_since_epoch() / 1s); };
    out += (r.retraction   ? "-"
            : r.correction ? "+"
                           : "") +
           s(r.from) + "," + s(r.to) + "=" + std::to_string(static_cast<int>(r.aggregate.sum)) + " ";
  }
  return out;
}

std::string feed(Windows& w, std::vector<int> seconds) {
  std::vector<WindowResult> out;
  for (const int t : seconds) w.add(at(t * 1s), Value("k"), 1, out);
  return text(out);
}

std::string close(Windows& w, Duration time) {
  std::vector<WindowResult> out;
  w.advance(at(time), out);
  return text(out);
}

}  // namespace

TEST_CASE("windows: tumbling windows hold their start and not their end", "[stream][windows]") {
  Windows w(of(WindowKind::tumbling));
  CHECK(feed(w, {0, 3, 9}).empty());
  CHECK(feed(w, {10}) == "0,10=3 ");
  CHECK(close(w, 20s) == "10,20=1 ");
  CHECK(w.size() == 0);
}

TEST_CASE("windows: the watermark waits for what is out of order, and what comes later is late",
          "[stream][windows]") {
  EventWindowOptions o = of(WindowKind::tumbling);
  o.out_of_order = 3s;
  Windows w(o);
  CHECK(feed(w, {1, 12, 9}).empty());  // the watermark is 9 s
  CHECK(feed(w, {13}) == "0,10=2 ");   // and now 10 s
  CHECK(feed(w, {9}).empty());         // too late
  CHECK(w.counts().late == 1);
  CHECK(feed(w, {10}).empty());  // older than the newest, but its window is open
  CHECK(close(w, 20s) == "10,20=3 ");
}

TEST_CASE("windows: within the allowed lateness a result is corrected, and after it not",
          "[stream][windows]") {
  EventWindowOptions o = of(WindowKind::tumbling);
  o.lateness = 5s;
  Windows w(o);
  CHECK(feed(w, {1, 11}) == "0,10=1 ");
  CHECK(feed(w, {2}) == "+0,10=2 ");
  CHECK(w.counts().corrected == 1);
  CHECK(close(w, 15s - 1ns).empty());
  CHECK(feed(w, {3}) == "+0,10=3 ");
  CHECK(close(w, 15s).empty());
  CHECK(feed(w, {4}).empty());
  CHECK(w.counts().late == 1);
}

TEST_CASE("windows: hopping windows overlap", "[stream][windows]") {
  Windows w(of(WindowKind::hopping));
  CHECK(feed(w, {0, 7}) == "-5,5=1 ");
  CHECK(close(w, 30s) == "0,10=2 5,15=1 ");
}

TEST_CASE("windows: sliding windows look back from each event", "[stream][windows]") {
  Windows w(of(WindowKind::sliding));
  CHECK(feed(w, {0, 4, 10, 14}) == "-10,0=1 -6,4=2 0,10=2 ");  // the 0 s event is not in (0, 10]
  CHECK(close(w, 14s).empty());                                // another event of 14 s may come
  CHECK(close(w, 14s + 1ns) == "4,14=2 ");
  EventWindowOptions o = of(WindowKind::sliding);
  o.lateness = 20s;
  Windows late(o);
  feed(late, {0, 4, 10});
  CHECK(feed(late, {3}) == "-7,3=2 +-6,4=3 ");
  CHECK(close(late, 20s) == "0,10=3 ");
}

TEST_CASE("windows: a session ends a gap after its last event, and an event between two makes them one",
          "[stream][windows]") {
  Windows w(of(WindowKind::session));
  CHECK(feed(w, {0, 4, 8}).empty());
  CHECK(feed(w, {14}) == "0,13=3 ");
  CHECK(close(w, 19s) == "14,19=1 ");
  EventWindowOptions o = of(WindowKind::session);
  o.out_of_order = 100s;
  Windows patient(o);
  CHECK(feed(patient, {0, 8, 4}).empty());  // 4 s is within a gap of both
  CHECK(close(patient, 100s) == "0,13=3 ");
  Windows touching(o);
  CHECK(feed(touching, {0, 5}).empty());
  CHECK(close(touching, 100s) == "0,10=2 ");  // exactly a gap apart: one session, as in Flink
}

TEST_CASE("windows: a late event that joins two sessions takes both results back", "[stream][windows]") {
  EventWindowOptions o = of(WindowKind::session);
  o.lateness = 60s;
  Windows w(o);
  feed(w, {0, 8});
  CHECK(close(w, 20s) == "8,13=1 ");
  CHECK(feed(w, {4}) == "-0,5=1 -8,13=1 +0,13=3 ");
}

TEST_CASE("windows: in whatever order events come within the bound, the results are the same",
          "[stream][windows]") {
  for (const WindowKind kind :
       {WindowKind::tumbling, WindowKind::hopping, WindowKind::sliding, WindowKind::session}) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
      Rng rng(seed);
      std::vector<std::pair<std::int64_t, int>> events;  // arrival, time
      for (int i = 0; i < 60; ++i) {
        const int t = static_cast<int>(rng.below(100));
        events.emplace_back(t + static_cast<std::int64_t>(rng.below(7)), t);
      }
      const auto run = [&](bool shuffled) {
        auto order = events;
        if (shuffled) {
          std::stable_sort(order.begin(), order.end(), [](auto& a, auto& b) { return a.first < b.first; });
        } else {
          std::stable_sort(order.begin(), order.end(), [](auto& a, auto& b) { return a.second < b.second; });
        }
        EventWindowOptions o = of(kind);
        o.out_of_order = 6s;
        Windows w(o);
        std::vector<WindowResult> out;
        for (const auto& [arrival, t] : order) REQUIRE(w.add(at(t * 1s), Value(t % 3), 1, out));
        w.advance(at(1000s), out);
        REQUIRE(w.counts().late == 0);
        REQUIRE(w.size() == 0);
        std::multiset<std::string> results;
        for (const WindowResult& r : out) results.insert(r.key.json() + text({r}));
        return results;
      };
      REQUIRE(run(false) == run(true));
    }
  }
}
