#include "core/hash/slots.hpp"

#include <catch2/catch.hpp>

#include "core/hash/spread.hpp"
#include "tests/hash/registry.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

const RegisteredPlacement registered("slots", make_slots, 1.03, 0);

std::vector<std::uint32_t> counts_of(const Slots& slots) {
  std::vector<std::uint32_t> counts(slots.nodes().size());
  for (std::uint32_t slot = 0; slot < kRedisSlots; ++slot) ++counts[slots.owner(slot)];
  return counts;
}

}  // namespace

TEST_CASE("slots: the first nodes get ranges, in the order in which they came", "[hash][slots]") {
  Slots slots;
  REQUIRE(slots.reset({{"c", 1}, {"a", 1}, {"b", 1}}) == "");
  const std::size_t a = slots.index_of("a"), b = slots.index_of("b"), c = slots.index_of("c");
  REQUIRE(slots.owner(0) == c);
  REQUIRE(slots.owner(kRedisSlots - 1) == b);
  std::size_t changes = 0;
  for (std::uint32_t slot = 1; slot < kRedisSlots; ++slot)
    changes += slots.owner(slot) != slots.owner(slot - 1);
  REQUIRE(changes == 2);
  REQUIRE(slots.owner(8000) == a);
}

TEST_CASE("slots: a key is in its slot, and a tag keeps keys together", "[hash][slots]") {
  Slots slots;
  REQUIRE(slots.reset(numbered(5)) == "");
  for (int i = 0; i < 100; ++i) {
    const std::string key = "key:" + std::to_string(i);
    REQUIRE(slots.place(slots.hash_of(key)) == slots.owner(redis_slot(key)));
    REQUIRE(slots.place(slots.hash_of("{" + key + "}.a")) == slots.place(slots.hash_of("{" + key + "}.b")));
  }
  REQUIRE(slots.hash_of(std::uint64_t{12}) == slots.hash_of(std::string_view("12")));
}

TEST_CASE("slots: nobody has a slot too many, and no slot moves that need not", "[hash][slots]") {
  Slots slots;
  REQUIRE(slots.reset(numbered(3)) == "");
  for (int count = 4; count <= 250; ++count) {
    const Slots before = slots;
    REQUIRE(slots.add({"new-" + std::to_string(count), 1}));
    slots.check_invariants();
    const auto counts = counts_of(slots);
    const auto [low, high] = std::minmax_element(counts.begin(), counts.end());
    REQUIRE(*high - *low <= 1);
    const std::string came = "new-" + std::to_string(count);
    for (std::uint32_t slot = 0; slot < kRedisSlots; ++slot) {
      const std::string& now = slots.nodes()[slots.owner(slot)].name;
      if (now != before.nodes()[before.owner(slot)].name) REQUIRE(now == came);
    }
  }
  const Slots before = slots;
  REQUIRE(slots.remove("node-1"));
  for (std::uint32_t slot = 0; slot < kRedisSlots; ++slot) {
    const std::string& then = before.nodes()[before.owner(slot)].name;
    if (slots.nodes()[slots.owner(slot)].name != then) REQUIRE(then == "node-1");
  }
}

TEST_CASE("slots: weights are met to a slot", "[hash][slots]") {
  Slots slots;
  REQUIRE(slots.reset({{"a", 1}, {"b", 2}, {"c", 5}}) == "");
  REQUIRE(counts_of(slots) == std::vector<std::uint32_t>{2048, 4096, 10240});
  REQUIRE(slots.add({"d", 8}));
  REQUIRE(counts_of(slots) == std::vector<std::uint32_t>{1024, 2048, 5120, 8192});
}

TEST_CASE("slots: at most as many nodes as slots", "[hash][slots]") {
  Slots slots;
  REQUIRE(slots.reset(numbered(static_cast<int>(kRedisSlots))) == "");
  slots.check_invariants();
  REQUIRE(slots.refusal({"more", 1}) == "there is no room for 'more': at most 16384 nodes");
}
