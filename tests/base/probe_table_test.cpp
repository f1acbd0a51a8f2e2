#include "core/base/probe_table.hpp"

#include <catch2/catch.hpp>
#include <map>

#include "core/base/rng.hpp"

using namespace syslab;

namespace {

// Few distinct hashes make long chains that wrap around the end, where deletion is hard to get right.
std::uint64_t crowd = ~0ull;

struct Item {
  std::uint64_t key;
  std::uint64_t content;
  std::uint64_t hash() const { return (mix64(key) & crowd) | (~crowd & 0xFFFFFFF000000000ull); }
};

}  // namespace

TEST_CASE("probe_table: agrees with a map under random inserts, finds and erases, also when hashes crowd",
          "[base][probe_table]") {
  crowd = GENERATE(~0ull, 0xF000000F00000000ull, 0x0000000300000000ull);
  Rng rng(1);
  ProbeTable<Item> table;
  std::map<std::uint64_t, std::uint64_t> model;
  for (std::uint64_t step = 0; step < 6000; ++step) {
    const Item item{rng.below(200), step};
    const auto same = [&](const Item& other) { return other.key == item.key; };
    const auto known = model.find(item.key);
    Item* found = table.find(item.hash(), same);
    REQUIRE((found != nullptr) == (known != model.end()));
    if (found == nullptr) {
      REQUIRE(table.insert(item.hash(), item)->content == step);
      model[item.key] = step;
    } else {
      REQUIRE(found->content == known->second);
      if (rng.chance(0.7)) {
        table.erase(found);
        model.erase(known);
      }
    }
    REQUIRE(table.size() == model.size());
  }
  std::size_t held = 0;
  for (std::size_t i = 0; i < table.buckets(); ++i) {
    if (const Item* item = table.at(i)) {
      REQUIRE(model.at(item->key) == item->content);
      ++held;
    }
  }
  REQUIRE(held == model.size());
  table.clear();
  REQUIRE(table.size() == 0);
  crowd = ~0ull;
}

TEST_CASE("probe_table: growth, by steps or at once, keeps every entry", "[base][probe_table]") {
  for (const bool reserve : {false, true}) {
    ProbeTable<Item> table;
    if (reserve) table.reserve(10000);
    const std::size_t buckets = table.buckets();
    for (std::uint64_t key = 0; key < 10000; ++key) table.insert(mix64(key), {key, key + 1});
    if (reserve) REQUIRE(table.buckets() == buckets);
    for (std::uint64_t key = 0; key < 10000; ++key) {
      const Item* item = table.find(mix64(key), [&](const Item& i) { return i.key == key; });
      REQUIRE(item != nullptr);
      REQUIRE(item->content == key + 1);
    }
  }
}
