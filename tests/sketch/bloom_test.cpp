#include "core/sketch/bloom.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "core/hash/hash64.hpp"
#include "core/sketch/counting_bloom.hpp"
#include "tests/sketch/registry.hpp"

using namespace syslab;
using syslab::test::RegisteredSketch;

namespace {

void add(Sketch& sketch, std::uint64_t id) {
  REQUIRE(dynamic_cast<MembershipFilter&>(sketch).add(hash64(id)));
}
double answer(const Sketch& sketch, std::uint64_t id) {
  return dynamic_cast<const MembershipFilter&>(sketch).contains(hash64(id)) ? 1 : 0;
}

const test::RegisterSketch plain({"bloom", [] { return std::make_unique<Bloom>(bloom_for(20000, 0.01)); },
                                  [] { return std::make_unique<Bloom>(bloom_for(20000, 0.02)); }, add, answer,
                                  RegisteredSketch::Merge::exact, 0.9, 1.1});
const test::RegisterSketch counting({"counting bloom",
                                     [] { return std::make_unique<CountingBloom>(bloom_for(20000, 0.01)); },
                                     [] { return std::make_unique<CountingBloom>(bloom_for(20000, 0.02)); },
                                     add, answer, RegisteredSketch::Merge::exact, 0.9, 1.1});

}  // namespace

TEST_CASE("bloom: the size for a rate is the textbook's", "[sketch][bloom][golden]") {
  // m = ceil(-n ln p / (ln 2)^2), k = round(m/n ln 2), by Python's math.
  const auto size = [](double n, double p) {
    const BloomOptions o = bloom_for(n, p);
    return std::pair(o.bits, o.hashes);
  };
  CHECK(size(1000000, 0.01) == std::pair(std::uint64_t{9585059}, 7));
  CHECK(size(1000, 0.001) == std::pair(std::uint64_t{14378}, 10));
  CHECK(size(1, 0.5) == std::pair(std::uint64_t{2}, 1));
  CHECK(size(10, 0.999) == std::pair(std::uint64_t{1}, 1));
  CHECK(bloom_for(1e12, 1e-300).hashes == Bloom::kMostHashes);
  CHECK(bloom_false_positives({9585059, 7}, 1000000) == Approx(0.010039217060574538).epsilon(1e-8));
  CHECK(bloom_false_positives({9585059, 7}, 0) == 0);
  CHECK(bloom_false_positives({1, 1}, 5) == 1);
}

TEST_CASE("bloom: never misses a key, whatever the size", "[sketch][bloom]") {
  for (const std::uint64_t bits : {1, 2, 63, 64, 65, 1000, 100000}) {
    for (const int hashes : {1, 2, 7, 64}) {
      Bloom filter({bits, hashes});
      CountingBloom counting({bits, hashes});
      for (std::uint64_t id = 0; id < 300; ++id) {
        filter.add(hash64(id));
        counting.add(hash64(id));
      }
      for (std::uint64_t id = 0; id < 300; ++id) {
        REQUIRE(filter.contains(hash64(id)));
        REQUIRE(counting.contains(hash64(id)));
      }
      filter.check_invariants();
      counting.check_invariants();
    }
  }
}

TEST_CASE("bloom: the rate of false positives follows theory below and beyond the capacity",
          "[sketch][bloom]") {
  for (const auto& [keys, hashes] :
       {std::pair(5000, 7), {10000, 7}, {20000, 7}, {40000, 7}, {10000, 1}, {10000, 3}}) {
    Bloom filter({95851, hashes});
    for (std::uint64_t id = 0; id < static_cast<std::uint64_t>(keys); ++id) filter.add(hash64(id));
    int reported = 0;
    constexpr int kStrangers = 200000;
    for (std::uint64_t id = 0; id < kStrangers; ++id) reported += filter.contains(hash64(id + 1000000));
    const double rate = filter.expected_false_positives(keys);
    const double deviation = std::sqrt(rate * (1 - rate) / kStrangers);
    INFO(keys << " keys, " << hashes << " hashes: " << reported << " of " << kStrangers << ", theory "
              << rate);
    CHECK(std::abs(static_cast<double>(reported) / kStrangers - rate) < 5 * deviation + 0.03 * rate);
    CHECK(filter.fill() == Approx(1 - std::exp(-hashes * keys / 95851.0)).margin(0.01));
  }
}

TEST_CASE("bloom: a plain one cannot forget, a counting one does, and keeps the others", "[sketch][bloom]") {
  CHECK_FALSE(Bloom({100, 3}).removable());
  CountingBloom filter(bloom_for(5000, 0.001));
  for (std::uint64_t id = 0; id < 5000; ++id) filter.add(hash64(id));
  for (std::uint64_t id = 0; id < 5000; id += 2) REQUIRE(filter.remove(hash64(id)));
  filter.check_invariants();
  REQUIRE(filter.size() == 2500);
  REQUIRE(filter.stuck() == 0);
  int left = 0;
  for (std::uint64_t id = 0; id < 5000; ++id) {
    if (id % 2 == 1) REQUIRE(filter.contains(hash64(id)));
    if (id % 2 == 0) left += filter.contains(hash64(id));
  }
  CHECK(left < 10);
  for (std::uint64_t id = 1; id < 5000; id += 2) REQUIRE(filter.remove(hash64(id)));
  CHECK(filter.size() == 0);
  for (std::uint64_t id = 0; id < 5000; ++id) REQUIRE_FALSE(filter.contains(hash64(id)));
  CHECK_FALSE(filter.remove(hash64(std::uint64_t{1})));
}

TEST_CASE("bloom: a counter that is stuck stays, so that nobody is missed", "[sketch][bloom]") {
  CountingBloom filter({4, 1});
  for (std::uint64_t id = 0; id < 200; ++id) filter.add(hash64(id));
  CHECK(filter.stuck() == 4);
  for (std::uint64_t id = 0; id < 150; ++id) filter.remove(hash64(id));
  for (std::uint64_t id = 150; id < 200; ++id) REQUIRE(filter.contains(hash64(id)));
  filter.check_invariants();
  CountingBloom twice({4, 1});
  twice.add(hash64(std::uint64_t{1}));
  REQUIRE_FALSE(twice.merge(filter));
  CHECK(twice.stuck() == 4);
}
