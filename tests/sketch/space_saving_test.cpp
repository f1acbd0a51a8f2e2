#include "core/sketch/space_saving.hpp"

#include <catch2/catch.hpp>
#include <map>

#include "core/base/rng.hpp"
#include "tests/sketch/registry.hpp"

using namespace syslab;
using syslab::test::RegisteredSketch;

namespace {

const test::RegisterSketch registered(
    {"space_saving", [] { return std::make_unique<SpaceSaving>(500); },
     [] { return std::make_unique<SpaceSaving>(501); },
     [](Sketch& s, std::uint64_t id) { dynamic_cast<SpaceSaving&>(s).add(id); },
     [](const Sketch& s, std::uint64_t id) {
       return static_cast<double>(dynamic_cast<const SpaceSaving&>(s).find(id).count);
     },
     RegisteredSketch::Merge::bound, 0.01, 1});

// The textbook's table, by looking at every place.
class Naive {
 public:
  explicit Naive(std::size_t places) : places_(places) {}
  void add(std::uint64_t id, std::uint64_t count) {
    ++time_;
    for (auto& e : entries_) {
      if (e.id == id) {
        e.count += count;
        e.since = time_;
        return;
      }
    }
    if (entries_.size() < places_) {
      entries_.push_back({id, count, 0, time_});
      return;
    }
    auto least = &entries_[0];
    for (auto& e : entries_) {
      if (e.count < least->count || (e.count == least->count && e.since < least->since)) least = &e;
    }
    *least = {id, least->count + count, least->count, time_};
  }
  struct Entry {
    std::uint64_t id, count, error;
    std::uint64_t since;  // when it got its count
  };
  std::vector<Entry> entries_;

 private:
  std::size_t places_;
  std::uint64_t time_ = 0;
};

}  // namespace

TEST_CASE("space_saving: does what the textbook's table does, with its stream summary",
          "[sketch][space_saving]") {
  for (const std::size_t places : {1, 2, 7, 50}) {
    for (const std::uint64_t most_count : {1, 9}) {
      SpaceSaving sketch(places);
      Naive naive(places);
      Rng rng(places);
      for (int i = 0; i < 5000; ++i) {
        const std::uint64_t id = rng.below(20) * rng.below(20);
        const std::uint64_t count = 1 + rng.below(most_count);
        sketch.add(id, count);
        naive.add(id, count);
        if (i % 50 == 0 || i < 100) {
          sketch.check_invariants();
          REQUIRE(sketch.size() == naive.entries_.size());
          for (const auto& e : naive.entries_) {
            REQUIRE(sketch.find(e.id).count == e.count);
            REQUIRE(sketch.find(e.id).error == e.error);
          }
        }
      }
    }
  }
}

TEST_CASE("space_saving: bounds hold for every key, and who comes often is there", "[sketch][space_saving]") {
  SpaceSaving sketch(100);
  std::map<std::uint64_t, std::uint64_t> truth;
  Rng rng(4);
  for (int i = 0; i < 100000; ++i) {
    const double u = rng.unit();
    const auto id = static_cast<std::uint64_t>(1 / (u + 1e-5));
    sketch.add(id);
    ++truth[id];
  }
  REQUIRE(sketch.total() == 100000);
  std::uint64_t sum = 0;
  for (const auto& h : sketch.top(1000)) {
    REQUIRE(h.count >= truth[h.id]);
    REQUIRE(h.count - h.error <= truth[h.id]);
    REQUIRE(h.error <= 1000);
    sum += h.count;
  }
  REQUIRE(sum == 100000);
  for (const auto& [id, count] : truth) {
    if (count > 1000) REQUIRE(sketch.find(id).error < sketch.find(id).count);
    REQUIRE(sketch.find(id).count >= count);
  }
  const auto top = sketch.top(3);
  REQUIRE(top.size() == 3);
  REQUIRE(top[0].id == 1);
  REQUIRE(top[1].id == 2);
}

TEST_CASE("space_saving: texts and numbers are different keys, and texts are kept",
          "[sketch][space_saving]") {
  SpaceSaving sketch(3);
  sketch.add("5", 3);
  sketch.add(5, 2);
  sketch.add("a text that is too long to be kept inside of the string itself");
  sketch.check_invariants();
  CHECK(sketch.find("5").count == 3);
  CHECK(sketch.find(std::uint64_t{5}).count == 2);
  const auto top = sketch.top(10);
  REQUIRE(top.size() == 3);
  CHECK(top[0].is_text);
  CHECK(top[0].text == "5");
  CHECK(top[1].id == 5);
  CHECK_FALSE(top[1].is_text);
  sketch.add("new");
  sketch.check_invariants();
  CHECK(sketch.find("new").count == 2);
  CHECK(sketch.find("new").error == 1);
  CHECK(sketch.find("nobody").count == 2);
}

TEST_CASE("space_saving: a merged table bounds both, and its error is the sum", "[sketch][space_saving]") {
  SpaceSaving a(50), b(50);
  std::map<std::uint64_t, std::uint64_t> truth;
  Rng rng(8);
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t id = rng.below(30) * rng.below(30) + (i % 2 == 0 ? 0 : 200);
    (i % 2 == 0 ? a : b).add(id);
    ++truth[id];
  }
  REQUIRE_FALSE(a.merge(b));
  a.check_invariants();
  REQUIRE(a.total() == 20000);
  for (const auto& h : a.top(100)) {
    REQUIRE(h.count >= truth[h.id]);
    REQUIRE(h.count - h.error <= truth[h.id]);
    REQUIRE(h.error <= 2 * 10000 / 50);
  }
  for (const auto& [id, count] : truth) REQUIRE(a.find(id).count >= count);
  for (int i = 0; i < 1000; ++i) a.add(rng.below(1000));
  a.check_invariants();
}

TEST_CASE("space_saving: the total does not overflow", "[sketch][space_saving]") {
  SpaceSaving sketch(1);
  REQUIRE(sketch.add(std::uint64_t{1}, ~0ull - 1));
  REQUIRE(sketch.add(std::uint64_t{2}, 1));
  REQUIRE_FALSE(sketch.add(std::uint64_t{3}, 1));
  REQUIRE(sketch.total() == ~0ull);
  SpaceSaving other(1);
  other.add(std::uint64_t{1});
  REQUIRE(sketch.merge(other)->code == "conflict");
}
