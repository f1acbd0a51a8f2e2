#include "core/sketch/cuckoo_filter.hpp"

#include <catch2/catch.hpp>
#include <map>

#include "core/base/rng.hpp"
#include "core/hash/hash64.hpp"
#include "tests/sketch/registry.hpp"

using namespace syslab;
using syslab::test::RegisteredSketch;

namespace {

test::RegisteredSketch registration(const char* name, int fingerprint_bits, std::uint64_t buckets = 8192) {
  return {name,
          [=] {
            return make_cuckoo_filter({buckets, fingerprint_bits});
          },
          [=] {
            return make_cuckoo_filter({buckets / 2, fingerprint_bits});
          },
          [](Sketch& sketch, std::uint64_t id) {
            auto& filter = dynamic_cast<MembershipFilter&>(sketch);
            if (!filter.contains(hash64(id))) REQUIRE(filter.add(hash64(id)));  // a set: each key once
          },
          [](const Sketch& sketch, std::uint64_t id) {
            return dynamic_cast<const MembershipFilter&>(sketch).contains(hash64(id)) ? 1.0 : 0.0;
          },
          RegisteredSketch::Merge::none,
          0.85,
          1.15};
}
const test::RegisterSketch narrow(registration("cuckoo filter, 9 bits", 9));
const test::RegisterSketch wide(registration("cuckoo filter, 17 bits", 17));

}  // namespace

TEST_CASE("cuckoo_filter: every length of fingerprints holds every key", "[sketch][cuckoo_filter]") {
  for (int bits = 4; bits <= 32; ++bits) {
    for (const std::uint64_t buckets : {1, 2, 64, 1024}) {
      const auto filter = make_cuckoo_filter({buckets, bits});
      std::uint64_t added = 0;
      while (added < buckets * 4 && filter->add(hash64(added))) ++added;
      INFO(bits << " bits, " << buckets << " buckets, " << added << " added");
      filter->check_invariants();
      REQUIRE(filter->size() == added);
      REQUIRE(added >= std::min(buckets * 4 * 9 / 10, buckets * 4));
      for (std::uint64_t id = 0; id < added; ++id) REQUIRE(filter->contains(hash64(id)));
      for (std::uint64_t id = 0; id < added; ++id) REQUIRE(filter->remove(hash64(id)));
      REQUIRE(filter->size() == 0);
      filter->check_invariants();
    }
  }
}

TEST_CASE("cuckoo_filter: is full at about 95 %, says so, and has lost nobody", "[sketch][cuckoo_filter]") {
  const auto filter = make_cuckoo_filter({1 << 14, 12});
  std::uint64_t n = 0;
  while (filter->add(hash64(n))) ++n;
  const double load = static_cast<double>(n) / (4 << 14);
  CHECK(load > 0.94);
  CHECK(load < 0.99);
  // The paper's filter would have lost one fingerprint by now; here a refused key leaves everything as it
  // was.
  for (int again = 0; again < 20; ++again) filter->add(hash64(n + 1 + static_cast<std::uint64_t>(again)));
  filter->check_invariants();
  for (std::uint64_t id = 0; id < n; ++id) REQUIRE(filter->contains(hash64(id)));
  // Room is room again.
  for (std::uint64_t id = 0; id < 1000; ++id) REQUIRE(filter->remove(hash64(id)));
  for (std::uint64_t id = 0; id < 1000; ++id) REQUIRE(filter->add(hash64(id)));
}

TEST_CASE("cuckoo_filter: against a set, with keys that come and go", "[sketch][cuckoo_filter]") {
  for (const int bits : {8, 11, 13, 16, 20, 32}) {
    const auto filter = make_cuckoo_filter({512, bits});
    std::map<std::uint64_t, int> held;
    Rng rng(static_cast<std::uint64_t>(bits));
    for (int step = 0; step < 20000; ++step) {
      const std::uint64_t id = rng.below(1800);
      if (held.count(id) == 0 && held.size() < 1800) {
        if (filter->add(hash64(id))) held[id] = 1;
      } else if (held.count(id) != 0 && rng.chance(0.6)) {
        REQUIRE(filter->remove(hash64(id)));
        held.erase(id);
      }
      if (step % 1000 == 0) {
        filter->check_invariants();
        REQUIRE(filter->size() == held.size());
        for (const auto& [key, one] : held) REQUIRE(filter->contains(hash64(key)));
      }
    }
  }
}

TEST_CASE("cuckoo_filter: one key fits eight times, not nine", "[sketch][cuckoo_filter]") {
  const auto filter = make_cuckoo_filter({64, 16});
  for (int i = 0; i < 8; ++i) REQUIRE(filter->add(hash64(std::uint64_t{5})));
  REQUIRE_FALSE(filter->add(hash64(std::uint64_t{5})));
  REQUIRE(filter->size() == 8);
  for (int i = 0; i < 8; ++i) REQUIRE(filter->remove(hash64(std::uint64_t{5})));
  REQUIRE_FALSE(filter->contains(hash64(std::uint64_t{5})));
}

TEST_CASE("cuckoo_filter: the size for a capacity and a rate holds both", "[sketch][cuckoo_filter]") {
  CHECK(cuckoo_for(1, 0.5).buckets == 1);
  CHECK(cuckoo_for(1000, 0.01).buckets == 512);
  CHECK(cuckoo_for(62258, 0.01).buckets == 16384);
  CHECK(cuckoo_for(62260, 0.01).buckets == 32768);
  CHECK(cuckoo_for(100, 1e-300).fingerprint_bits == 32);
  CHECK(cuckoo_for(100, 0.99).fingerprint_bits == 4);
  for (const double rate : {0.1, 0.01, 0.001, 1e-5}) {
    const CuckooOptions o = cuckoo_for(62000, rate);
    const auto filter = make_cuckoo_filter(o);
    CHECK(filter->expected_false_positives(62000) <= rate);
    std::vector<std::uint64_t> ids;
    for (std::uint64_t id = 0; id < 62000; ++id) ids.push_back(id);
    const Accuracy a = filter->accuracy(ids);
    CHECK(a.keys == 62000);
    INFO(rate << ": measured " << a.measured << ", theory " << a.theory);
    CHECK(a.accuracy_quotient() == Approx(1).margin(rate > 1e-4 ? 0.15 : 0.5));
  }
}
