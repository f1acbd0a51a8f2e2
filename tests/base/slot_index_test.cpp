#include "core/base/slot_index.hpp"

#include <catch2/catch.hpp>
#include <map>

#include "core/base/rng.hpp"

using namespace syslab;

TEST_CASE("slot_index: agrees with a map under random inserts, finds and erases, also when hashes crowd",
          "[base][slot_index]") {
  // Few distinct upper bits make long probe chains that wrap around the end, where deletion is hard to get
  // right.
  const std::uint64_t spread = GENERATE(0xFFFFFFFFFFFFFFFFull, 0xF000000F00000000ull, 0x0000000300000000ull);
  Rng rng(1);
  SlotIndex index;
  std::map<std::uint64_t, Slot> model;  // key -> slot
  std::map<Slot, std::uint64_t> keys;   // slot -> key
  const auto hash = [&](std::uint64_t key) {
    return (mix64(key) & spread) | (~spread & 0xFFFFFFF000000000ull);
  };
  Slot fresh = 1;
  for (int step = 0; step < 4000; ++step) {
    const std::uint64_t key = rng.below(200);
    const auto known = model.find(key);
    const Slot found = index.find(hash(key), [&](Slot slot) { return keys.at(slot) == key; });
    REQUIRE(found == (known == model.end() ? kNoSlot : known->second));
    if (found == kNoSlot) {
      index.insert(hash(key), fresh);
      model[key] = fresh;
      keys[fresh++] = key;
    } else if (rng.chance(0.7)) {
      index.erase(hash(key), found);
      keys.erase(found);
      model.erase(known);
    }
    REQUIRE(index.size() == model.size());
  }
  index.clear();
  REQUIRE(index.size() == 0);
}

TEST_CASE("slot_index: growth keeps every entry", "[base][slot_index]") {
  SlotIndex index;
  for (Slot slot = 1; slot <= 10000; ++slot) index.insert(mix64(slot), slot);
  for (Slot slot = 1; slot <= 10000; ++slot) {
    REQUIRE(index.find(mix64(slot), [&](Slot s) { return s == slot; }) == slot);
  }
}
