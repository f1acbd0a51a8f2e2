// The same body for every sketch: what must hold whatever the kind is.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <numeric>

#include "core/base/rng.hpp"
#include "tests/sketch/registry.hpp"

using namespace syslab;
using syslab::test::RegisteredSketch;

namespace {

// Ids that come more than once, some of them often.
std::vector<std::uint64_t> stream(std::uint64_t seed, int count) {
  Rng rng(seed);
  std::vector<std::uint64_t> ids;
  for (int i = 0; i < count; ++i) {
    const double u = rng.unit();
    ids.push_back(static_cast<std::uint64_t>(u * u * u * u * 20000));
  }
  return ids;
}

std::vector<double> answers(const RegisteredSketch& kind, const Sketch& sketch) {
  std::vector<double> all;
  for (std::uint64_t id = 0; id < 30000; id += 7) all.push_back(kind.answer(sketch, id));
  return all;
}

void feed(const RegisteredSketch& kind, Sketch& sketch, const std::vector<std::uint64_t>& ids) {
  for (const std::uint64_t id : ids) kind.add(sketch, id);
}

}  // namespace

TEST_CASE("sketch conformance: depends on what went in only, keeps its invariants and its size",
          "[sketch][conformance]") {
  REQUIRE(RegisteredSketch::all().size() >= 6);
  for (const RegisteredSketch& kind : RegisteredSketch::all()) {
    DYNAMIC_SECTION(kind.name) {
      const auto one = kind.make(), two = kind.make();
      const std::size_t bytes = one->memory_bytes();
      one->check_invariants();
      const auto empty = answers(kind, *one);
      const auto ids = stream(1, 20000);
      for (std::size_t i = 0; i < ids.size(); ++i) {
        kind.add(*one, ids[i]);
        if (i % 2000 == 0 || i < 50) one->check_invariants();
      }
      feed(kind, *two, ids);
      REQUIRE(answers(kind, *one) == answers(kind, *two));
      REQUIRE(answers(kind, *one) != empty);
      REQUIRE(one->memory_bytes() == bytes);
      one->clear();
      one->check_invariants();
      REQUIRE(answers(kind, *one) == empty);
      feed(kind, *one, ids);
      REQUIRE(answers(kind, *one) == answers(kind, *two));
      REQUIRE_FALSE(one->describe().empty());
    }
  }
}

TEST_CASE("sketch conformance: merging two halves is as good as one sketch of all", "[sketch][conformance]") {
  for (const RegisteredSketch& kind : RegisteredSketch::all()) {
    DYNAMIC_SECTION(kind.name) {
      const auto left = kind.make(), right = kind.make(), whole = kind.make();
      const auto a = stream(1, 8000), b = stream(2, 9000);
      feed(kind, *left, a);
      feed(kind, *right, b);
      feed(kind, *whole, a);
      feed(kind, *whole, b);
      const auto before = answers(kind, *left);
      const auto wrong = left->merge(*right);
      left->check_invariants();
      if (kind.merge == RegisteredSketch::Merge::none) {
        REQUIRE(wrong->code == "conflict");
        REQUIRE(answers(kind, *left) == before);
        continue;
      }
      REQUIRE_FALSE(wrong);
      if (kind.merge == RegisteredSketch::Merge::exact) {
        REQUIRE(answers(kind, *left) == answers(kind, *whole));
      } else {
        std::map<std::uint64_t, double> truth;
        for (const auto id : a) ++truth[id];
        for (const auto id : b) ++truth[id];
        for (const auto& [id, count] : truth) REQUIRE(kind.answer(*left, id) >= count);
      }
      // An empty one changes nothing.
      const auto merged = answers(kind, *left);
      REQUIRE_FALSE(left->merge(*kind.make()));
      left->check_invariants();
      REQUIRE(answers(kind, *left) == merged);
    }
  }
}

TEST_CASE("sketch conformance: other kinds and sizes are not merged, and nothing is changed",
          "[sketch][conformance]") {
  for (const RegisteredSketch& kind : RegisteredSketch::all()) {
    DYNAMIC_SECTION(kind.name) {
      const auto sketch = kind.make();
      feed(kind, *sketch, stream(3, 3000));
      const auto before = answers(kind, *sketch);
      REQUIRE(sketch->merge(*kind.make_other())->code == "conflict");
      for (const RegisteredSketch& other : RegisteredSketch::all()) {
        if (other.name != kind.name) REQUIRE(sketch->merge(*other.make())->code == "conflict");
      }
      REQUIRE(answers(kind, *sketch) == before);
    }
  }
}

TEST_CASE("sketch conformance: what is measured is what theory says, and the experiment leaves no trace",
          "[sketch][conformance]") {
  for (const RegisteredSketch& kind : RegisteredSketch::all()) {
    DYNAMIC_SECTION(kind.name) {
      const auto sketch = kind.make();
      const auto before = answers(kind, *sketch);
      const auto ids = stream(4, 60000);
      const Accuracy a = sketch->accuracy(ids);
      INFO(sketch->describe() << ": measured " << a.measured << ", theory " << a.theory << ", outside "
                              << a.outside);
      CHECK(a.accuracy_quotient() >= kind.least_quotient);
      CHECK(a.accuracy_quotient() <= kind.most_quotient);
      CHECK(a.items == ids.size());
      CHECK(a.keys <= 20000);
      CHECK(a.keys > 14000);
      CHECK(a.memory_bytes == sketch->memory_bytes());
      CHECK(a.memory_quotient() >= 1);
      CHECK(a.memory_quotient() < 7);
      CHECK(a.outside <= 0.08);
      CHECK(answers(kind, *sketch) == before);
      const Accuracy again = sketch->accuracy(ids);
      CHECK(again.measured == a.measured);
      const Accuracy nothing = sketch->accuracy({});
      CHECK(nothing.measured == 0);
      CHECK(nothing.keys == 0);
    }
  }
}
