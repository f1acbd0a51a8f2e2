#include "core/shard/bucket_map.hpp"

#include <catch2/catch.hpp>

#include "core/base/rng.hpp"
#include "core/hash/crc16.hpp"
#include "tests/shard/registry.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

const RegisteredRouter slots("slots", [] {
  return with_shards(std::make_unique<BucketMap>(BucketKind::slots, kRedisSlots));
});
const RegisteredRouter buckets("buckets", [] {
  return with_shards(std::make_unique<BucketMap>(BucketKind::buckets, kVshardBuckets));
});

std::vector<PlacedNode> shards_of(std::size_t count) {
  std::vector<PlacedNode> shards;
  for (std::size_t i = 0; i < count; ++i) shards.push_back({"s" + std::to_string(100 + i), 1});
  return shards;
}

}  // namespace

TEST_CASE("slots: those of the Redis Cluster specification, and redis-cli's first ranges", "[shard][slots]") {
  BucketMap map(BucketKind::slots, kRedisSlots);
  REQUIRE(map.reset({{"a", 1}, {"b", 1}, {"c", 1}}) == "");
  // `CLUSTER KEYSLOT somekey` is 11058 and of foo{hash_tag} 2515 in the documentation of that command; foo is
  // 12182 in that of MOVED (the tutorial: "Redirected to slot [12182]").
  REQUIRE(map.bucket("somekey") == 11058);
  REQUIRE(map.bucket("foo{hash_tag}") == 2515);
  REQUIRE(map.bucket("foo") == 12182);
  REQUIRE(map.bucket("12") == map.bucket(12));
  // The tutorial's three masters have 0-5460, 5461-10922 and 10923-16383; the middle one may have the odd
  // slot.
  REQUIRE(map.owners()[0] == 0);
  REQUIRE(map.owners()[5460] == 0);
  REQUIRE(map.owners()[5462] == 1);
  REQUIRE(map.owners()[10921] == 1);
  REQUIRE(map.owners()[10923] == 2);
  REQUIRE(map.owners()[16383] == 2);
}

TEST_CASE("buckets: a plan moves the fewest buckets that can be, and none within the threshold",
          "[shard][buckets]") {
  Rng rng(7);
  for (int round = 0; round < 200; ++round) {
    const std::size_t count = 1 + rng.below(9);
    std::vector<PlacedNode> shards = shards_of(count);
    for (PlacedNode& s : shards) s.weight = static_cast<double>(1 + rng.below(4));
    std::vector<std::uint32_t> owners(1 + rng.below(300));
    const bool homeless = rng.chance(0.2);
    for (auto& owner : owners) {
      owner = homeless && rng.chance(0.1) ? kNobody : static_cast<std::uint32_t>(rng.below(count));
    }
    std::vector<std::uint32_t> has(count, 0);
    for (const auto owner : owners) {
      if (owner != kNobody) ++has[owner];
    }
    const auto share = shares_of(static_cast<std::uint32_t>(owners.size()), shards, has);
    std::uint32_t missing = 0;  // what the poor lack must move, and no more
    for (std::size_t i = 0; i < count; ++i) missing += share[i] > has[i] ? share[i] - has[i] : 0;
    const auto plan = plan_of_buckets(owners, shards);
    REQUIRE(plan.size() == missing);
    for (const BucketMove& move : plan) {
      REQUIRE(owners[move.bucket] == move.from);
      REQUIRE(move.to != move.from);
      owners[move.bucket] = move.to;
    }
    REQUIRE(plan_of_buckets(owners, shards).empty());
    REQUIRE(disbalance_of(owners, shards) == 0);
  }
  std::vector<std::uint32_t> owners(300, 0);
  for (std::size_t i = 0; i < 147; ++i) owners[i] = 1;  // 153 and 147: two percent off
  REQUIRE(disbalance_of(owners, shards_of(2)) == Approx(2));
  REQUIRE(plan_of_buckets(owners, shards_of(2), 2).empty());
  REQUIRE(plan_of_buckets(owners, shards_of(2), 1.9).size() == 3);
}

TEST_CASE("buckets: a frozen shard neither gives nor gets", "[shard][buckets]") {
  std::vector<std::uint32_t> owners(90, 0);
  for (std::size_t i = 0; i < 10; ++i) owners[i] = 2;
  const auto plan = plan_of_buckets(owners, shards_of(3), 0, {false, false, true});
  REQUIRE(plan.size() == 40);
  for (const BucketMove& move : plan) REQUIRE((move.from == 0 && move.to == 1));
}

TEST_CASE("buckets: no more shards than buckets", "[shard][buckets]") {
  BucketMap map(BucketKind::buckets, 3);
  REQUIRE(map.reset(shards_of(4)) == "4 shards cannot share 3 buckets");
  REQUIRE(map.reset(shards_of(3)) == "");
  REQUIRE(map.add({"more", 1}) ==
          "there is no room for 'more': each of the 3 buckets has a shard of its own");
}
