#include "core/sketch/count_min.hpp"

#include <catch2/catch.hpp>
#include <map>

#include "core/hash/hash64.hpp"
#include "tests/sketch/registry.hpp"

using namespace syslab;
using syslab::test::RegisteredSketch;

namespace {

test::RegisteredSketch registration(const char* name, bool conservative) {
  const auto make = [conservative](double epsilon) {
    CountMinOptions o = count_min_for(epsilon, 0.01);
    o.conservative = conservative;
    return std::make_unique<CountMin>(o);
  };
  return {name, [=] { return make(0.001); }, [=] { return make(0.002); },
          [](Sketch& sketch, std::uint64_t id) { dynamic_cast<CountMin&>(sketch).add(hash64(id)); },
          [](const Sketch& sketch, std::uint64_t id) {
            return static_cast<double>(dynamic_cast<const CountMin&>(sketch).estimate(hash64(id)));
          },
          conservative ? RegisteredSketch::Merge::bound : RegisteredSketch::Merge::exact,
          // The mean error of a plain one is nearly epsilon / e in a row, and the least of five rows is far
          // below.
          0.01, 0.5};
}
const test::RegisterSketch plain(registration("count_min", false));
const test::RegisterSketch conservative(registration("count_min conservative", true));

}  // namespace

TEST_CASE("count_min: the size for a bound is the paper's", "[sketch][count_min][golden]") {
  // width = ceil(e / epsilon), depth = ceil(ln(1 / delta)).
  CHECK(count_min_for(0.01, 0.01).width == 272);
  CHECK(count_min_for(0.01, 0.01).depth == 5);
  CHECK(count_min_for(0.0001, 1e-6).width == 27183);
  CHECK(count_min_for(0.0001, 1e-6).depth == 14);
  CHECK(count_min_for(0.9, 0.9).depth == 1);
  CHECK(CountMin(count_min_for(0.01, 0.01)).epsilon() <= 0.01);
  CHECK(CountMin(count_min_for(0.01, 0.01)).delta() <= 0.01);
}

TEST_CASE("count_min: one row without conflicts is exact, and full of them it is the total",
          "[sketch][count_min]") {
  CountMin wide({1 << 20, 4, false});
  for (std::uint64_t id = 0; id < 100; ++id) wide.add(hash64(id), id + 1);
  for (std::uint64_t id = 0; id < 100; ++id) REQUIRE(wide.estimate(hash64(id)) == id + 1);
  REQUIRE(wide.estimate(hash64(std::uint64_t{1000})) == 0);
  CountMin narrow({1, 3, false});
  for (std::uint64_t id = 0; id < 100; ++id) narrow.add(hash64(id));
  REQUIRE(narrow.estimate(hash64(std::uint64_t{7})) == 100);
  REQUIRE(narrow.total() == 100);
}

TEST_CASE("count_min: never below the truth; conservative updates are never above plain ones",
          "[sketch][count_min]") {
  CountMin plain_sketch({300, 4, false}), careful({300, 4, true});
  std::map<std::uint64_t, std::uint64_t> truth;
  Rng rng(1);
  double plain_over = 0, careful_over = 0;
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t id = rng.below(50) * rng.below(50);
    const std::uint64_t count = 1 + rng.below(5);
    plain_sketch.add(hash64(id), count);
    careful.add(hash64(id), count);
    truth[id] += count;
  }
  for (const auto& [id, count] : truth) {
    REQUIRE(careful.estimate(hash64(id)) >= count);
    REQUIRE(careful.estimate(hash64(id)) <= plain_sketch.estimate(hash64(id)));
    plain_over += static_cast<double>(plain_sketch.estimate(hash64(id)) - count);
    careful_over += static_cast<double>(careful.estimate(hash64(id)) - count);
  }
  CHECK(careful_over < 0.8 * plain_over);
}

TEST_CASE("count_min: beyond epsilon there are no more than delta of the keys", "[sketch][count_min]") {
  // Uniform keys are the hardest: every counter holds as much as every other.
  for (const double epsilon : {0.02, 0.005}) {
    for (const double delta : {0.2, 0.05}) {
      const CountMin sketch(count_min_for(epsilon, delta));
      std::vector<std::uint64_t> ids;
      for (std::uint64_t i = 0; i < 50000; ++i) ids.push_back(i % 5000);
      const Accuracy a = sketch.accuracy(ids);
      INFO("epsilon " << epsilon << ", delta " << delta << ": " << a.measured << ", outside " << a.outside);
      CHECK(a.outside <= delta);
      CHECK(a.measured > 0);
    }
  }
}

TEST_CASE("count_min: the total does not overflow", "[sketch][count_min]") {
  for (const bool careful : {false, true}) {
    CountMin sketch({10, 2, careful});
    REQUIRE(sketch.add(hash64(std::uint64_t{1}), ~0ull - 5));
    REQUIRE(sketch.add(hash64(std::uint64_t{1}), 5));
    REQUIRE_FALSE(sketch.add(hash64(std::uint64_t{2}), 1));
    REQUIRE(sketch.total() == ~0ull);
    REQUIRE(sketch.estimate(hash64(std::uint64_t{1})) == ~0ull);
    CountMin other({10, 2, careful});
    other.add(hash64(std::uint64_t{3}), 1);
    REQUIRE(sketch.merge(other)->code == "conflict");
    sketch.check_invariants();
  }
}
