#include "core/stream/shards.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "core/base/rng.hpp"

using namespace syslab;
using namespace std::chrono_literals;

namespace {

Instant at(Duration d) {
  return Instant(d);
}
using From = ShardStream::From;

ShardOptions with(std::size_t shards) {
  ShardOptions o;
  o.shards = shards;
  return o;
}

template <class T>
std::string code(const Expected<T>& result) {
  return result ? "ok" : result.error().code;
}

Value bytes(std::size_t n) {
  return Value(std::string(n, 'x'));
}

const std::string k0 = "shardId-000000000000";

}  // namespace

TEST_CASE("shards: keys go by their MD5 as a 128-bit number", "[stream][shards]") {
  // RFC 1321: md5("a") = 0cc175b9c0f1b6a831c399e269772661, which is below 2^127; md5("abc") = 900150983cd2...
  // above.
  CHECK(to_decimal(hash_key_of("a")) == "16955237001963240173058271559858726497");
  ShardStream s(with(2));
  s.check_invariants();
  CHECK(s.put(at(0s), "a", Value("x"))->shard == k0);
  CHECK(s.put(at(0s), "abc", Value("x"))->shard == "shardId-000000000001");
  CHECK(s.put(at(0s), "a", Value("x"), ~HashKey{0})->shard == "shardId-000000000001");
  CHECK(*parse_hash_key("340282366920938463463374607431768211455") == ~HashKey{0});
  CHECK(code(parse_hash_key("340282366920938463463374607431768211456")) == "InvalidArgumentException");
  CHECK(code(parse_hash_key("12a")) == "InvalidArgumentException");
}

TEST_CASE("shards: a second takes 1000 records and no more, and the next second again", "[stream][shards]") {
  ShardStream s(with(1));
  for (int i = 0; i < 1000; ++i) REQUIRE(s.put(at(1s), "k", Value("x")).ok());
  CHECK(code(s.put(at(2s) - 1ns, "k", Value("x"))) == "ProvisionedThroughputExceededException");
  CHECK(code(s.put(at(2s), "k", Value("x"))) == "ok");
  CHECK(s.totals().write_throttled == 1);
}

TEST_CASE("shards: a second takes 1 MiB, partition keys included", "[stream][shards]") {
  ShardStream s(with(1));
  REQUIRE(s.put(at(0s), std::string(256, 'k'), bytes((1u << 20) - 512)).ok());
  CHECK(code(s.put(at(0s), std::string(256, 'k'), bytes(1))) == "ProvisionedThroughputExceededException");
  CHECK(code(s.put(at(0s), std::string(256, 'k'), bytes(0))) == "ok");
  // The other limits are of one record.
  CHECK(code(s.put(at(1s), "k", bytes((1u << 20) + 1))) == "ValidationException");
  CHECK(code(s.put(at(1s), "", bytes(1))) == "ValidationException");
  CHECK(code(s.put(at(1s), std::string(257, 'k'), bytes(1))) == "ValidationException");
}

TEST_CASE("shards: five reads a second, shared by all who poll", "[stream][shards]") {
  ShardStream s(with(1));
  const std::string from = *s.iterator(at(0s), k0, From::trim_horizon);
  for (int i = 0; i < 5; ++i) REQUIRE(s.read(at(500ms), from).ok());
  CHECK(code(s.read(at(1499ms), from)) == "ProvisionedThroughputExceededException");
  CHECK(code(s.read(at(1500ms), from)) == "ok");
}

TEST_CASE("shards: after an answer of 10 MB the next call succeeds 5 s later", "[stream][shards]") {
  ShardStream s(with(1));
  for (int i = 0; i < 12; ++i) REQUIRE(s.put(at(i * 1s), "k", bytes((1u << 20) - 1)).ok());
  const std::string from = *s.iterator(at(20s), k0, From::trim_horizon);
  const auto first = s.read(at(20s), from);
  REQUIRE(first.ok());
  CHECK(first->records.size() == 10);
  CHECK(first->behind == 10s);
  CHECK(code(s.read(at(25s) - 1ns, *first->next)) == "ProvisionedThroughputExceededException");
  CHECK(s.read(at(25s), *first->next)->records.size() == 2);
}

TEST_CASE("shards: a consumer with enhanced fan-out has 2 MB a second of its own", "[stream][shards]") {
  ShardStream s(with(1));
  for (int i = 0; i < 6; ++i) REQUIRE(s.put(at(i * 1s), "k", bytes((1u << 20) - 1)).ok());
  REQUIRE(s.register_consumer("fast").ok());
  CHECK(code(s.register_consumer("fast")) == "ResourceInUseException");
  const std::string from = *s.iterator(at(10s), k0, From::trim_horizon);
  REQUIRE(s.read(at(10s), from)->records.size() == 6);  // somebody polls all of it
  CHECK(code(s.read(at(10s), from)) == "ProvisionedThroughputExceededException");
  const auto mine = s.read(at(10s), from, {}, "fast");
  CHECK(mine->records.size() == 2);
  CHECK(code(s.read(at(10s), *mine->next, {}, "fast")) == "ProvisionedThroughputExceededException");
  CHECK(s.read(at(11s), *mine->next, {}, "fast")->records.size() == 2);
  CHECK(code(s.read(at(11s), from, {}, "slow")) == "ResourceNotFoundException");
}

TEST_CASE("shards: a split closes the parent, which is read to its end before the children",
          "[stream][shards]") {
  ShardStream s(with(1));
  REQUIRE(s.put(at(0s), "a", Value("before")).ok());
  const auto children = s.split(at(1s), k0);
  REQUIRE(children.ok());
  s.check_invariants();
  CHECK(code(s.split(at(2s), (*children)[0])) == "ResourceInUseException");  // UPDATING
  CHECK(s.put(at(2s), "a", Value("after"))->shard == (*children)[0]);
  const auto parent = s.read(at(3s), *s.iterator(at(3s), k0, From::trim_horizon));
  CHECK(parent->records.size() == 1);
  CHECK_FALSE(parent->next);
  CHECK(parent->children == *children);
  const auto child = s.read(at(3s), *s.iterator(at(3s), (*children)[0], From::trim_horizon));
  CHECK(child->records[0].data == Value("after"));
  CHECK(child->next.has_value());
  CHECK(code(s.split(at(31s), k0)) == "InvalidArgumentException");  // closed
  CHECK(code(s.split(at(31s), (*children)[0], HashKey{0})) == "InvalidArgumentException");
  CHECK(code(s.split(at(31s), "shardId-9")) == "ResourceNotFoundException");
}

TEST_CASE("shards: neighbours are merged and others are not", "[stream][shards]") {
  ShardStream s(with(3));
  const std::string k1 = "shardId-000000000001", k2 = "shardId-000000000002";
  CHECK(code(s.merge(at(0s), k0, k2)) == "InvalidArgumentException");
  CHECK(code(s.merge(at(0s), k0, k0)) == "InvalidArgumentException");
  const auto child = s.merge(at(0s), k2, k1);
  REQUIRE(child.ok());
  s.check_invariants();
  for (const std::string& parent : {k1, k2}) {
    CHECK(s.read(at(0s), *s.iterator(at(0s), parent, From::trim_horizon))->children == std::vector{*child});
  }
  // A closed shard is gone when its last record could be gone.
  CHECK(s.shards(at(24h) - 1ns).size() == 4);
  CHECK(s.shards(at(24h)).size() == 4);  // shard 0 was made first and is open
}

TEST_CASE("shards: iterators expire, positions are checked, and time or sequence replay",
          "[stream][shards]") {
  ShardStream s(with(1));
  for (int i = 0; i < 5; ++i) REQUIRE(s.put(at(i * 10s), "k", Value(i)).ok());
  const auto first = [&](From from, std::uint64_t sequence, Instant time) {
    const auto got = s.read(at(100s), *s.iterator(at(100s), k0, from, sequence, time), 1, {});
    return got && !got->records.empty() ? got->records[0].data.number() : -1;
  };
  CHECK(first(From::at_sequence, 3, {}) == 2);
  CHECK(first(From::after_sequence, 3, {}) == 3);
  CHECK(first(From::at_timestamp, 0, at(15s)) == 2);
  CHECK(first(From::latest, 0, {}) == -1);
  CHECK(code(s.iterator(at(100s), k0, From::at_sequence, 99)) == "InvalidArgumentException");
  CHECK(code(s.iterator(at(100s), k0, From::at_timestamp, 0, at(101s))) == "InvalidArgumentException");
  CHECK(code(s.iterator(at(100s), "shardId-1", From::latest)) == "ResourceNotFoundException");
  const std::string it = *s.iterator(at(200s), k0, From::trim_horizon);
  CHECK(code(s.read(at(500s), it)) == "ok");
  CHECK(code(s.read(at(500s) + 1ns, it)) == "ExpiredIteratorException");
  CHECK(code(s.read(at(500s), "nonsense")) == "InvalidArgumentException");
  CHECK(code(s.read(at(500s), it, 0)) == "InvalidArgumentException");
  CHECK(code(s.read(at(500s), it, 10001)) == "InvalidArgumentException");
}

TEST_CASE("shards: records are gone at the end of the retention, which can be 1 to 365 days",
          "[stream][shards]") {
  ShardStream s(with(1));
  REQUIRE(s.put(at(0s), "k", Value("x")).ok());
  CHECK(code(s.set_retention(at(0s), 23h)) == "InvalidArgumentException");
  CHECK(code(s.set_retention(at(0s), 24h * 365 + 1s)) == "InvalidArgumentException");
  const auto size = [&](Duration now) {
    return s.read(at(now), *s.iterator(at(now), k0, From::trim_horizon))->records.size();
  };
  CHECK(size(24h - 1ns) == 1);
  REQUIRE(s.set_retention(at(24h - 1ns), 24h * 365).ok());
  CHECK(size(24h * 365 - 1ns) == 1);
  CHECK(size(24h * 365) == 0);
  CHECK(s.totals().expired == 1);
}

TEST_CASE("shards: through splits and merges every record is read once, each key in order",
          "[stream][shards]") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Rng rng(seed);
    ShardOptions o = with(1 + seed % 3);
    o.reshard_time = 0s;
    ShardStream s(o);
    Instant now{};
    std::map<std::string, int> sent;
    for (int step = 0; step < 300; ++step) {
      now += rng.below(300) * 1ms;
      const auto all = s.shards(now);
      if (rng.chance(0.05)) {
        (void)s.split(now, all[rng.below(all.size())].id);
      } else if (rng.chance(0.05)) {
        (void)s.merge(now, all[rng.below(all.size())].id, all[rng.below(all.size())].id);
      } else {
        const std::string key = std::to_string(rng.below(20));
        REQUIRE(s.put(now, key, Value(sent[key]++)).ok());
      }
      s.check_invariants();
    }
    // Parents first: a shard is read when all its parents were.
    std::map<std::string, int> got;
    std::set<std::string> done;
    const auto all = s.shards(now);
    while (done.size() < all.size()) {
      for (const ShardInfo& shard : all) {
        const bool ready = std::all_of(shard.parents.begin(), shard.parents.end(),
                                       [&](auto& p) { return done.contains(p); });
        if (done.contains(shard.id) || !ready) continue;
        now += 10s;
        const auto records = s.read(now, *s.iterator(now, shard.id, From::trim_horizon));
        for (const ShardRecord& r : records->records) {
          REQUIRE(r.data == Value(got[r.key]++));
        }
        done.insert(shard.id);
      }
    }
    REQUIRE(got == sent);
  }
}
