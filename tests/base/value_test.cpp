// What Value does in a hurry must be what it would do at leisure: against plain versions of the same.
#include "core/base/value.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <string>

#include "core/base/rng.hpp"

using namespace syslab;

namespace {

// Of a string, as value.cpp defines it, one byte at a time.
std::uint64_t plain_hash(const std::string& text, std::uint64_t seed) {
  std::uint64_t h = mix64(seed ^ static_cast<std::uint64_t>(Value::Type::string)) ^ mix64(text.size());
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word = 0;
    for (std::size_t k = 8; k-- > 0;) word = word << 8 | static_cast<unsigned char>(text[i + k]);
    h = mix64(h ^ word);
  }
  std::uint64_t rest = 0;
  for (; i < text.size(); ++i) rest = rest << 8 | static_cast<unsigned char>(text[i]);
  return mix64(h ^ rest);
}

std::string random_text(Rng& rng, std::size_t length, std::uint64_t letters) {
  std::string text(length, ' ');
  for (char& c : text) c = static_cast<char>(letters == 256 ? rng.below(256) : 'a' + rng.below(letters));
  return text;
}

}  // namespace

TEST_CASE("value: the hash of a string is that of its bytes, whatever its length", "[base][value]") {
  Rng rng(1);
  for (std::size_t length = 0; length <= 40; ++length) {
    for (int i = 0; i < 20; ++i) {
      const std::string text = random_text(rng, length, 256);
      REQUIRE(Value(text).hash(7) == plain_hash(text, 7));
    }
  }
}

TEST_CASE("value: a map holds its keys sorted, of equal keys the last one, and finds them", "[base][value]") {
  Rng rng(2);
  for (int round = 0; round < 2000; ++round) {
    // Small maps are searched and sorted in other ways than large ones; few letters make keys that differ in
    // the middle.
    const std::size_t count = rng.below(round % 4 == 0 ? 60 : 12);
    std::map<std::string, double> expected;
    Value::Map entries;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string key = random_text(rng, rng.below(round % 2 == 0 ? 4 : 20), 2);
      expected[key] = static_cast<double>(i);
      entries.emplace_back(key, static_cast<double>(i));
    }
    const Value map = Value::map(entries);
    REQUIRE(map.map().size() == expected.size());
    REQUIRE(std::equal(map.map().begin(), map.map().end(), expected.begin(),
                       [](const Value::Entry& a, const auto& b) {
                         return a.first == b.first && a.second == Value(b.second);
                       }));
    for (const auto& [key, value] : expected) REQUIRE(map[key] == Value(value));
    const std::string other = random_text(rng, rng.below(20), 3);
    REQUIRE(map[other].is_nil() == !expected.contains(other));
  }
}

TEST_CASE("value: its size is what it would take on the wire, asked once or again", "[base][value]") {
  const Value list = Value::list({Value(), true, 1.5, "four"});
  const Value map = Value::map({{"ab", list}, {"c", Value::list({})}});
  for (int i = 0; i < 2; ++i) {
    CHECK(list.size_bytes() == 5 + 1 + 1 + 9 + (5 + 4));
    CHECK(map.size_bytes() == 5 + (5 + 2 + 25) + (5 + 1 + 5));
    CHECK(Value(map).size_bytes() == map.size_bytes());
  }
  CHECK(map.with("c", 1).size_bytes() == 5 + (5 + 2 + 25) + (5 + 1 + 9));
}
