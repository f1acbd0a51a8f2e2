#include "core/id/uuid.hpp"

#include <catch2/catch.hpp>
#include <map>

#include "tests/id/registry.hpp"

using namespace syslab;

namespace {

using Monotonic = UuidOptions::Monotonic;

test::RegisteredGenerator registration(const char* name, int version, Monotonic monotonic, bool sorted) {
  return {name,
          [=] {
            return std::make_unique<Uuid>(UuidOptions{version, monotonic}, Rng(11));
          },
          sorted, sorted};
}
const test::RegisteredGenerator v4 = registration("uuid v4", 4, Monotonic::none, false);
const test::RegisteredGenerator v7_counter = registration("uuid v7 counter", 7, Monotonic::counter, true);
const test::RegisteredGenerator v7_random = registration("uuid v7 random", 7, Monotonic::random, true);
const test::RegisteredGenerator v7_fraction = registration("uuid v7 fraction", 7, Monotonic::fraction, true);
const test::RegisteredGenerator v7_none = registration("uuid v7", 7, Monotonic::none, false);

Instant ms(std::int64_t n) {
  return Instant(std::chrono::milliseconds(n));
}
Uuid v7(Monotonic monotonic, std::uint64_t seed = 1) {
  return Uuid({7, monotonic}, Rng(seed));
}

}  // namespace

TEST_CASE("uuid: the examples of RFC 9562, appendix A", "[id][uuid][golden]") {
  const Uuid ids({}, Rng(1));
  // A.6: unix_ts_ms 0x017F22E279B0, rand_a 0xCC3, rand_b 0b01 and 0x8C4DC0C0C07398F.
  const Id seven = Uuid::version_7(0x017F22E279B0, 0xCC3, 0x18C4DC0C0C07398F);
  CHECK(ids.write(seven) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
  CHECK(ids.fields(seven)["ms"].number() ==
        1645557742000);  // Tuesday, February 22, 2022 2:22:22.00 PM GMT-05:00
  CHECK(ids.fields(seven)["version"].number() == 7);
  CHECK(*ids.read("017F22E2-79B0-7CC3-98C4-DC0C0C07398F") == seven);
  // A.3: the random bits 919108F752D133205BACF847DB4148A8 with version and variant put in.
  const Id four = Uuid::version_4(0x919108F752D13320, 0x5BACF847DB4148A8);
  CHECK(ids.write(four) == "919108f7-52d1-4320-9bac-f847db4148a8");
  CHECK(ids.fields(four)["version"].number() == 4);
  CHECK(ids.fields(four)["variant"].number() == 2);
  CHECK(ids.fields(four)["ms"].is_nil());
  // A.1 and A.4 are read as the versions that they are.
  CHECK(ids.fields(*ids.read("C232AB00-9414-11EC-B3C8-9F6BDECED846"))["version"].number() == 1);
  CHECK(ids.fields(*ids.read("2ed6657d-e927-568b-95e1-2665a8aea6a2"))["version"].number() == 5);
}

TEST_CASE("uuid: what is cut off does not spill into version or variant", "[id][uuid]") {
  const Uuid ids({}, Rng(1));
  CHECK(ids.write(Uuid::version_7(~0ull, ~0ull, ~0ull)) == "ffffffff-ffff-7fff-bfff-ffffffffffff");
  CHECK(ids.write(Uuid::version_7(0, 0, 0)) == "00000000-0000-7000-8000-000000000000");
  CHECK(ids.write(Uuid::version_4(~0ull, ~0ull)) == "ffffffff-ffff-4fff-bfff-ffffffffffff");
}

TEST_CASE("uuid: a counter begins in its lower half, counts by one, and runs over into the next millisecond",
          "[id][uuid]") {
  auto ids = v7(Monotonic::counter);
  const std::uint64_t first = ids.next(ms(1000))->id.high & 0xFFF;
  REQUIRE(first < 0x800);
  Id last;
  for (std::uint64_t i = first + 1; i <= 0xFFF; ++i) {
    last = ids.next(ms(1000))->id;
    REQUIRE((last.high & 0xFFF) == i);
    REQUIRE(last.high >> 16 == 1000);
  }
  const Id over = ids.next(ms(1000))->id;
  REQUIRE(over.high >> 16 == 1001);
  REQUIRE(over > last);
  REQUIRE((ids.next(ms(1001))->id.high & 0xFFF) == (over.high & 0xFFF) + 1);  // the clock has caught up only
  REQUIRE(ids.next(ms(1002))->id.high >> 16 == 1002);
}

TEST_CASE("uuid: a random step is at least 1, at most 2^32, and carries", "[id][uuid]") {
  auto ids = v7(Monotonic::random);
  Id last = ids.next(ms(5))->id;
  for (int i = 0; i < 10000; ++i) {
    const Id id = ids.next(ms(5))->id;
    REQUIRE(id > last);
    // Both halves as one number of 74 bits; the steps are far below 2^62, so the lower ones tell.
    const std::uint64_t step = (id.low - last.low) & 0x3FFFFFFFFFFFFFFF;
    REQUIRE(step >= 1);
    REQUIRE(step <= 0x100000000);
    last = id;
  }
}

TEST_CASE("uuid: a fraction of the millisecond sorts by microseconds", "[id][uuid]") {
  auto ids = v7(Monotonic::fraction);
  const auto fraction_at = [&](std::int64_t us) {
    return ids.next(Instant(std::chrono::microseconds(us)))->id.high & 0xFFF;
  };
  CHECK(fraction_at(7000) == 0);
  CHECK(fraction_at(7001) == 4);  // 4096 / 1000
  CHECK(fraction_at(7500) == 2048);
  CHECK(fraction_at(7500) == 2049);  // no progress of the clock: one more
  CHECK(fraction_at(7100) == 2050);  // the clock is behind: still one more
  CHECK(fraction_at(7999) == 4091);
  for (std::uint64_t i = 4092; i < 4096; ++i) CHECK(fraction_at(7999) == i);
  const Id over = ids.next(Instant(std::chrono::microseconds(7999)))->id;
  CHECK(over.high >> 16 == 8);
  CHECK((over.high & 0xFFF) == 0);
}

TEST_CASE("uuid: every random bit is set half of the time", "[id][uuid]") {
  for (const auto& options : {UuidOptions{4, Monotonic::none}, UuidOptions{7, Monotonic::none}}) {
    Uuid ids(options, Rng(5));
    std::map<int, int> ones;
    constexpr int kIds = 4000;
    for (int i = 0; i < kIds; ++i) {
      const Id id = ids.next(ms(0))->id;
      for (int bit = 0; bit < 64; ++bit) {
        ones[bit] += id.low >> bit & 1;
        ones[64 + bit] += id.high >> bit & 1;
      }
    }
    int random_bits = 0;
    for (const auto& [bit, n] : ones) {
      if (n == 0 || n == kIds) continue;  // version, variant, time
      ++random_bits;
      CHECK(std::abs(n - kIds / 2) < 6 * 32);  // six standard deviations of a fair coin, sqrt(4000) / 2 = 32
    }
    CHECK(random_bits == (options.version == 4 ? 122 : 74));
  }
}
