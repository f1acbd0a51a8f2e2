#include "core/id/ulid.hpp"

#include <catch2/catch.hpp>

#include "tests/id/registry.hpp"

using namespace syslab;

namespace {

const test::RegisteredGenerator monotonic(
    "ulid", [] { return std::make_unique<Ulid>(UlidOptions{}, Rng(21)); }, true, true);
const test::RegisteredGenerator random(
    "ulid not monotonic",
    [] { return std::make_unique<Ulid>(UlidOptions{.monotonic = false, .after = std::nullopt}, Rng(21)); },
    false, false);

Instant ms(std::int64_t n) {
  return Instant(std::chrono::milliseconds(n));
}

}  // namespace

TEST_CASE("ulid: times and texts of the specification", "[id][ulid][golden]") {
  // github.com/ulid/spec and its reference implementation: ulid(1469918176385) begins with 01ARYZ6S41.
  Ulid ids({}, Rng(1));
  const Id id = ids.next(ms(1469918176385))->id;
  CHECK(ids.write(id).substr(0, 10) == "01ARYZ6S41");
  const Id example = *Ulid::parse("01ARYZ6S41TSV4RRFFQ69G5FAV");
  CHECK(ids.fields(example)["ms"].number() == 1469918176385);
  CHECK(Ulid::text(example) == "01ARYZ6S41TSV4RRFFQ69G5FAV");
  CHECK(*Ulid::parse("01aryz6s41tsv4rrffq69g5fav") == example);
  // 01ARZ3NDEKTSV4RRFFQ69G5FAV, the specification's first example; its fields by Python: int of the digits,
  // base 32.
  const Id first = *Ulid::parse("01ARZ3NDEKTSV4RRFFQ69G5FAV");
  CHECK(ids.fields(first)["ms"].number() == 1469922850259);
  CHECK(first.low == 0x4c61efb99302bd5b);
  CHECK((first.high & 0xFFFF) == 0xd676);
  CHECK(ids.fields(first)["randomness"].string() == "d6764c61efb99302bd5b");
}

TEST_CASE("ulid: the largest one is 7 and Z's; beyond it texts overflow", "[id][ulid][golden]") {
  const Id largest = *Ulid::parse("7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
  CHECK(largest == Id{~0ull, ~0ull});
  CHECK(Ulid::text(largest) == "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
  CHECK(Ulid::text(Id{}) == "00000000000000000000000000");
  CHECK(Ulid::parse("80000000000000000000000000").error().code == "malformed");
  CHECK(Ulid::parse("ZZZZZZZZZZZZZZZZZZZZZZZZZZ").error().code == "malformed");
}

TEST_CASE("ulid: letters that look like digits are not in the alphabet", "[id][ulid]") {
  for (const char letter : {'I', 'L', 'O', 'U', 'i', 'u', '-', ' '}) {
    std::string text = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    text[12] = letter;
    CHECK(Ulid::parse(text).error().message.find("place 13") != std::string::npos);
  }
  CHECK(Ulid::parse("01ARZ3NDEKTSV4RRFFQ69G5FA").error().message ==
        "a ULID has 26 characters, and this has 25");
}

TEST_CASE("ulid: monotonic ones count by one in a millisecond, and while the clock is behind",
          "[id][ulid][golden]") {
  // The pattern of the specification: ...VMMVR8, VR9, VRA, VRB, VRC at 150000 ms, and VRD at 100000 ms.
  // (Its texts begin with 000XAL6S41, which is no text of that time: L is not in the alphabet. 0000004JFG
  // is.)
  Ulid ids({.monotonic = true, .after = *Ulid::parse("0000004JFGACTAV9WEVGEMMVR8")}, Rng(1));
  for (const char* expected : {"0000004JFGACTAV9WEVGEMMVR9", "0000004JFGACTAV9WEVGEMMVRA",
                               "0000004JFGACTAV9WEVGEMMVRB", "0000004JFGACTAV9WEVGEMMVRC"}) {
    CHECK(ids.write(ids.next(ms(150000))->id) == expected);
  }
  CHECK(ids.write(ids.next(ms(100000))->id) == "0000004JFGACTAV9WEVGEMMVRD");
  CHECK(ids.fields(*ids.read("0000004JFGACTAV9WEVGEMMVRD"))["ms"].number() == 150000);
}

TEST_CASE("ulid: a millisecond whose randomness is used up fails, and the next one works",
          "[id][ulid][golden]") {
  // The specification's example: ...ZZZZX, then Y, then Z, then an error.
  const Id nearly = *Ulid::parse("01BX5ZZKBKZZZZZZZZZZZZZZZX");
  const auto time = static_cast<std::int64_t>(nearly.high >> 16);
  Ulid ids({.monotonic = true, .after = nearly}, Rng(1));
  CHECK(ids.write(ids.next(ms(time))->id) == "01BX5ZZKBKZZZZZZZZZZZZZZZY");
  CHECK(ids.write(ids.next(ms(time))->id) == "01BX5ZZKBKZZZZZZZZZZZZZZZZ");
  const auto over = ids.next(ms(time));
  REQUIRE_FALSE(over.ok());
  CHECK(over.error().code == "exhausted");
  CHECK(ids.next(ms(time - 5)).error().code == "exhausted");
  CHECK(ids.next(ms(time + 1))->id.high >> 16 == static_cast<std::uint64_t>(time) + 1);
}

TEST_CASE("ulid: the count carries from the lower half to the upper", "[id][ulid]") {
  CHECK(Ulid::successor({5, ~0ull}) == std::optional<Id>({6, 0}));
  CHECK(Ulid::successor({0xFFFE, ~0ull}) == std::optional<Id>({0xFFFF, 0}));
  CHECK(Ulid::successor({0xFFFF, ~0ull}) == std::nullopt);
  CHECK(Ulid::successor({0x1FFFF, ~0ull}) == std::nullopt);  // never into the time
}
