#include "core/id/snowflake.hpp"

#include <catch2/catch.hpp>

#include "tests/id/registry.hpp"

using namespace syslab;

namespace {

Instant ms(std::int64_t n) {
  return Instant(std::chrono::milliseconds(n));
}

const SnowflakeOptions kDiscord{.epoch = ms(1420070400000),
                                .tick = std::chrono::milliseconds(1),
                                .time_bits = 42,
                                .worker_bits = 5,
                                .process_bits = 5,
                                .sequence_bits = 12,
                                .worker = 1,
                                .process = 0,
                                .tolerance = {}};

const test::RegisteredGenerator registered(
    "snowflake", [] { return std::make_unique<Snowflake>(kDiscord); }, true, true);

}  // namespace

TEST_CASE("snowflake: Discord's documented id is read as documented", "[id][snowflake][golden]") {
  // From Discord's API reference, "Snowflakes": 175928847299117063 is 1462015105796 ms, worker 1, process 0,
  // increment 7.
  Snowflake ids(kDiscord);
  const Value fields = ids.fields(*ids.read("175928847299117063"));
  CHECK(fields["ms"].number() == 1462015105796);
  CHECK(fields["time"].number() == 1462015105.796);
  CHECK(fields["worker"].number() == 1);
  CHECK(fields["process"].number() == 0);
  CHECK(fields["sequence"].number() == 7);
  // And made: the eighth id of that worker in that millisecond.
  for (int i = 0; i < 7; ++i) ids.next(ms(1462015105796));
  CHECK(ids.write(ids.next(ms(1462015105796))->id) == "175928847299117063");
}

TEST_CASE("snowflake: Twitter's form reads an id whose time is public", "[id][snowflake][golden]") {
  // 1541815603606036480 is the example of Wikipedia's article "Snowflake ID": sequence 0, machine 378, and
  // 367597485448 ms after Twitter's epoch, 1288834974657.
  SnowflakeOptions twitter;
  twitter.epoch = ms(1288834974657);
  const Snowflake ids(twitter);
  const Value fields = ids.fields(*ids.read("1541815603606036480"));
  CHECK(fields["ms"].number() == 1288834974657.0 + 367597485448.0);
  CHECK(fields["worker"].number() == 378);
  CHECK(fields["sequence"].number() == 0);
  CHECK(fields["process"].is_nil());
}

TEST_CASE("snowflake: a used-up sequence says exactly how long its tick still lasts", "[id][snowflake]") {
  SnowflakeOptions o;
  o.sequence_bits = 2;
  Snowflake ids(o);
  const Instant now = ms(5) + std::chrono::microseconds(300);
  for (std::uint64_t i = 0; i < 4; ++i) {
    const auto issued = ids.next(now);
    REQUIRE(issued->ready());
    REQUIRE((issued->id.low & 3) == i);
  }
  const auto none = ids.next(now);
  REQUIRE(none.ok());
  REQUIRE_FALSE(none->ready());
  REQUIRE(none->wait == std::chrono::microseconds(700));
  REQUIRE_FALSE(ids.next(now + none->wait - Duration(1))->ready());
  const auto first = ids.next(now + none->wait);
  REQUIRE(first->ready());
  REQUIRE((first->id.low & 3) == 0);
}

TEST_CASE("snowflake: no sequence bits means one id a tick", "[id][snowflake]") {
  SnowflakeOptions o;
  o.sequence_bits = 0;
  Snowflake ids(o);
  REQUIRE(ids.next(ms(1))->ready());
  REQUIRE(ids.next(ms(1))->wait == std::chrono::milliseconds(1));
  REQUIRE(ids.next(ms(2))->ready());
}

TEST_CASE("snowflake: a clock that went back refuses, says by how much, and changes nothing",
          "[id][snowflake]") {
  Snowflake ids(SnowflakeOptions{});
  REQUIRE(ids.next(ms(100))->ready());
  const auto refused = ids.next(ms(70));
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == "clock_backwards");
  CHECK(refused.error().definite);
  CHECK(refused.error().message == "the clock went back by 0.03 s; the last id is of 0.1 s");
  REQUIRE(ids.next(ms(100))->ready());
  CHECK((ids.next(ms(100))->id.low & 0xFFF) == 2);
}

TEST_CASE("snowflake: within the tolerance a clock that went back is waited for", "[id][snowflake]") {
  SnowflakeOptions o;
  o.tolerance = std::chrono::milliseconds(10);
  Snowflake ids(o);
  REQUIRE(ids.next(ms(100) + std::chrono::microseconds(900))->ready());
  const auto wait = ids.next(ms(92));
  REQUIRE(wait.ok());
  REQUIRE(wait->wait == std::chrono::milliseconds(8));
  REQUIRE(ids.next(ms(92) + wait->wait)->ready());
  REQUIRE(ids.next(ms(89)).error().code == "clock_backwards");
}

TEST_CASE("snowflake: before the epoch and after the last tick there are no ids", "[id][snowflake]") {
  SnowflakeOptions o;
  o.epoch = ms(1000);
  o.time_bits = 4;
  Snowflake ids(o);
  CHECK(ids.next(ms(999)).error().code == "clock_backwards");
  CHECK(ids.next(ms(999)).error().message == "the clock says 0.999 s, which is before the epoch, 1 s");
  CHECK(ids.next(ms(1000))->id.low == 0);
  CHECK(ids.next(ms(1015))->ready());
  CHECK(ids.next(ms(1016)).error().code == "exhausted");
}

TEST_CASE("snowflake: workers and processes of different numbers never meet", "[id][snowflake]") {
  SnowflakeOptions o = kDiscord;
  std::vector<std::uint64_t> ids;
  for (o.worker = 0; o.worker < 32; ++o.worker) {
    for (o.process = 0; o.process < 32; ++o.process) {
      Snowflake one(o);
      for (int i = 0; i < 3; ++i) ids.push_back(one.next(ms(1500000000000))->id.low);
    }
  }
  std::sort(ids.begin(), ids.end());
  REQUIRE(std::unique(ids.begin(), ids.end()) == ids.end());
  REQUIRE(ids.size() == 32 * 32 * 3);
}

TEST_CASE("snowflake: all 64 bits can be used, and the text is exact", "[id][snowflake]") {
  SnowflakeOptions o;
  o.time_bits = 42;
  o.worker_bits = 10;
  o.sequence_bits = 12;
  const Snowflake ids(o);
  REQUIRE(ids.write(*ids.read("18446744073709551615")) == "18446744073709551615");
  REQUIRE(ids.read("18446744073709551616").error().code == "malformed");
  SnowflakeOptions small;
  small.time_bits = 10;
  small.worker_bits = small.sequence_bits = 3;
  REQUIRE(Snowflake(small).read("65536").error().code == "malformed");
  REQUIRE(Snowflake(small).read("65535").ok());
}

TEST_CASE("snowflake: options that make no sense are named", "[id][snowflake]") {
  const auto wrong = [](auto change) {
    SnowflakeOptions o;
    change(o);
    return Snowflake::valid(o);
  };
  CHECK(Snowflake::valid({}).empty());
  CHECK(wrong([](auto& o) { o.time_bits = 43; }) == "time_bits: all bits together are 65, and an id has 64");
  CHECK(wrong([](auto& o) { o.time_bits = 0; }) == "time_bits: expected 1 to 62, got 0");
  CHECK(wrong([](auto& o) { o.worker = 1024; }) == "worker: 1024 does not fit into 10 bits");
  CHECK(wrong([](auto& o) { o.process = 1; }) == "process: 1 does not fit into 0 bits");
  CHECK(wrong([](auto& o) { o.sequence_bits = -1; }) == "sequence_bits: expected 0 to 32, got -1");
  CHECK(wrong([](auto& o) { o.tick = Duration::zero(); }) == "tick: expected 1 us to 1 h");
  CHECK(wrong([](auto& o) { o.epoch = ms(-1); }) == "epoch: expected seconds after 1970, within 200 years");
  CHECK(wrong([](auto& o) { o.tolerance = Duration(-1); }) == "tolerance: expected 0 to 1 h");
}
