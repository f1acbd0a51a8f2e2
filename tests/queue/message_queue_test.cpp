#include "core/queue/message_queue.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "core/queue/sha256.hpp"

using namespace syslab;
using namespace std::chrono_literals;

namespace {

Instant at(Duration d) {
  return Instant(d);
}

std::vector<Received> take(MessageQueue& q, Instant now, std::size_t max = 1,
                           std::optional<Duration> visibility = {}) {
  std::vector<Received> got;
  REQUIRE(q.receive(now, max, visibility, got).ok());
  q.check_invariants();
  return got;
}

std::string bodies(const std::vector<Received>& got) {
  std::string text;
  for (const Received& m : got) text += std::string(m.body.string());
  return text;
}

std::string code(const Expected<bool>& result) {
  return result ? "ok" : result.error().code;
}

}  // namespace

TEST_CASE("sha256: the vectors of FIPS 180-4, and lengths around a block", "[queue][sha256]") {
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(sha256_hex(std::string(1000000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("queue: a message is hidden for its timeout, to the nanosecond, and then comes back", "[queue]") {
  MessageQueue q({});
  REQUIRE(q.send(at(0s), {.body = "a"}).ok());
  const auto first = take(q, at(1s));
  REQUIRE(first.size() == 1);
  CHECK(take(q, at(31s) - 1ns).empty());
  const auto second = take(q, at(31s));
  REQUIRE(second.size() == 1);
  CHECK(second[0].receives == 2);
  CHECK(second[0].first_received_at == at(1s));
  CHECK(second[0].receipt.text() != first[0].receipt.text());
  CHECK(q.totals().timed_out == 1);
  // The stale receipt deletes nothing, the new one does.
  CHECK_FALSE(*q.remove(at(32s), first[0].receipt));
  CHECK(*q.remove(at(32s), second[0].receipt));
  CHECK_FALSE(*q.remove(at(32s), second[0].receipt));
  CHECK(q.size() == 0);
}

TEST_CASE("queue: standard: a receipt whose timeout is over still deletes if nobody else has the message",
          "[queue]") {
  MessageQueue q({});
  REQUIRE(q.send(at(0s), {.body = "a"}).ok());
  const auto got = take(q, at(0s));
  CHECK(*q.remove(at(100s), got[0].receipt));
  q.check_invariants();
}

TEST_CASE("queue: visibility can be changed, given back, and not beyond twelve hours in all", "[queue]") {
  MessageQueue q({});
  REQUIRE(q.send(at(0s), {.body = "a"}).ok());
  auto got = take(q, at(0s));
  CHECK(code(q.change_visibility(at(10s), got[0].receipt, 60s)) == "ok");
  CHECK(take(q, at(70s) - 1ns).empty());
  CHECK(code(q.change_visibility(at(60s), got[0].receipt, 12h)) == "InvalidParameterValue");
  CHECK(code(q.change_visibility(at(60s), got[0].receipt, 12h - 60s)) == "ok");
  CHECK(code(q.change_visibility(at(61s), got[0].receipt, 0s)) == "ok");
  CHECK(code(q.change_visibility(at(61s), got[0].receipt, 10s)) == "MessageNotInflight");
  got = take(q, at(61s));
  REQUIRE(got.size() == 1);
  CHECK(q.counts(at(61s)).in_flight == 1);
  CHECK(code(q.change_visibility(at(61s), got[0].receipt, 12h + 1ns)) == "InvalidParameterValue");
}

TEST_CASE("queue: delay, retention and counts", "[queue]") {
  MessageQueue q({.retention = 100s, .delay = 5s});
  REQUIRE(q.send(at(0s), {.body = "a"}).ok());
  REQUIRE(q.send(at(0s), {.body = "b", .delay = Duration(0s)}).ok());
  QueueCounts c = q.counts(at(1s));
  CHECK((c.visible == 1 && c.delayed == 1 && c.in_flight == 0));
  CHECK(*q.next_change() == at(5s));
  CHECK(bodies(take(q, at(5s) - 1ns, 10)) == "b");
  CHECK(bodies(take(q, at(5s), 10)) == "a");
  c = q.counts(at(100s) - 1ns);
  CHECK(c.visible == 2);
  c = q.counts(at(100s));
  CHECK(c.visible + c.in_flight + c.delayed == 0);
  CHECK(q.totals().expired == 2);
  q.check_invariants();
}

TEST_CASE("queue: what the limits refuse changes nothing and has the published code", "[queue]") {
  MessageQueue q({.in_flight_max = 2});
  const auto refuses = [&](Outgoing m) {
    const auto sent = q.send(at(0s), std::move(m));
    REQUIRE_FALSE(sent.ok());
    CHECK(sent.error().definite);
    CHECK(q.size() == 0);
    return sent.error().code;
  };
  CHECK(refuses({.body = std::string(262145, 'x')}) == "InvalidParameterValue");
  CHECK(refuses({.body = std::string(262140, 'x'), .attributes = Value::map({{"abc", "def"}})}) ==
        "InvalidParameterValue");
  CHECK(refuses({}) == "MissingParameter");
  CHECK(refuses({.body = ""}) == "MissingParameter");
  CHECK(refuses({.body = "a\x01"}) == "InvalidMessageContents");
  CHECK(refuses({.body = "a", .group = "g"}) == "InvalidParameterValue");
  CHECK(refuses({.body = "a", .dedup = "d"}) == "InvalidParameterValue");
  CHECK(refuses({.body = "a", .delay = 901s}) == "InvalidParameterValue");
  CHECK(refuses({.body = "a", .priority = 1}) == "InvalidParameterValue");
  Value::Map many;
  for (int i = 0; i < 11; ++i) many.emplace_back(std::string(static_cast<std::size_t>(i + 1), 'n'), Value(i));
  CHECK(refuses({.body = "a", .attributes = Value::map(std::move(many))}) == "InvalidParameterValue");
  CHECK(q.send(at(0s), {.body = std::string(262144, 'x')}).ok());
  for (int i = 0; i < 3; ++i) REQUIRE(q.send(at(0s), {.body = "a"}).ok());
  CHECK(take(q, at(0s), 10).size() == 2);
  std::vector<Received> got;
  auto over = q.receive(at(0s), 1, std::nullopt, got);
  REQUIRE_FALSE(over.ok());
  CHECK(over.error().code == "OverLimit");
  CHECK(q.receive(at(0s), 11, std::nullopt, got).error().code == "InvalidParameterValue");
  CHECK(q.receive(at(0s), 0, std::nullopt, got).error().code == "InvalidParameterValue");
  CHECK(Receipt::parse("").error().code == "ReceiptHandleIsInvalid");
  CHECK(Receipt::parse("1-2").error().code == "ReceiptHandleIsInvalid");
  CHECK(Receipt::parse("1-2-3x").error().code == "ReceiptHandleIsInvalid");
  CHECK(Receipt::parse("1-2-3").ok());
  CHECK_FALSE(*q.remove(at(0s), *Receipt::parse("ffff-1-1")));
}

TEST_CASE("queue: a poison message is received exactly N times and then lies in the dead-letter queue",
          "[queue]") {
  for (const Ordering ordering : {Ordering::standard, Ordering::fifo, Ordering::priority, Ordering::fair}) {
    for (const std::uint32_t n : {1u, 3u}) {
      auto dead = std::make_shared<MessageQueue>(QueueOptions{.name = "dead", .ordering = ordering});
      MessageQueue q({.name = "q", .ordering = ordering, .max_receives = n, .content_dedup = true});
      q.set_dead_letters(dead);
      const std::string group = ordering == Ordering::fifo ? "g" : "";
      REQUIRE(q.send(at(0s), {.body = "poison", .group = group}).ok());
      REQUIRE(q.send(at(0s), {.body = "good", .group = group}).ok());
      int poisoned = 0;
      bool good = false;
      for (int i = 0; i < 20; ++i) {
        for (const Received& m : take(q, at(40s * i))) {
          if (m.body == Value("poison")) {
            ++poisoned;
          } else {
            good = *q.remove(at(40s * i), m.receipt);
          }
        }
      }
      CHECK(poisoned == static_cast<int>(n));
      CHECK(good);
      CHECK(q.size() == 0);
      CHECK(q.totals().dead == 1);
      const auto letters = take(*dead, at(1000s));
      REQUIRE(letters.size() == 1);
      CHECK(dead->id_text(letters[0].number, letters[0].origin) == "q-1");
      CHECK(letters[0].receives == 1);
      // Standard: its age counts from the first send; fifo: from the move.
      CHECK((letters[0].sent_at == at(0s)) == (ordering != Ordering::fifo));
      // And back, as a new message.
      REQUIRE(*dead->change_visibility(at(1000s), letters[0].receipt, 0s));
      CHECK(dead->redrive(at(1000s), 10, q) == 1);
      const auto back = take(q, at(1000s));
      REQUIRE(back.size() == 1);
      CHECK(back[0].receives == 1);
      CHECK(back[0].origin.is_nil());
    }
  }
}

TEST_CASE("queue: a dead letter keeps its age, so a dead-letter queue of the same retention loses it early",
          "[queue]") {
  auto dead = std::make_shared<MessageQueue>(QueueOptions{.retention = 100s});
  MessageQueue q({.retention = 100s, .max_receives = 1});
  q.set_dead_letters(dead);
  REQUIRE(q.send(at(0s), {.body = "a"}).ok());
  take(q, at(50s));
  take(q, at(90s));
  CHECK(dead->counts(at(99s)).visible == 1);
  CHECK(dead->counts(at(100s)).visible == 0);
}

TEST_CASE("queue: fifo: a group is given to one at a time, in order, and others are not held up",
          "[queue][fifo]") {
  MessageQueue q({.ordering = Ordering::fifo, .content_dedup = true});
  for (const char* body : {"a1", "a2", "b1", "a3", "b2"}) {
    REQUIRE(q.send(at(0s), {.body = body, .group = std::string(body, 1)}).ok());
  }
  const auto a = take(q, at(0s), 2);
  CHECK(bodies(a) == "a1a2");
  const auto b = take(q, at(0s), 10);
  CHECK(bodies(b) == "b1b2");
  CHECK(take(q, at(0s), 10).empty());
  REQUIRE(*q.remove(at(1s), a[1].receipt));
  CHECK(take(q, at(1s), 10).empty());  // a1 is still in flight
  // a1 comes back before a3 is given.
  CHECK(bodies(take(q, at(30s), 10)) == "a1a3b1b2");
  const auto late = q.remove(at(30s), b[0].receipt);
  REQUIRE_FALSE(late.ok());
  CHECK(late.error().code == "InvalidParameterValue");
  q.check_invariants();
  CHECK(q.size() == 4);
}

TEST_CASE("queue: fifo: the dedup window ends after exactly five minutes and outlives the message",
          "[queue][fifo]") {
  MessageQueue q({.ordering = Ordering::fifo});
  const auto send = [&](Instant now, std::string dedup) {
    return *q.send(now, {.body = "x", .group = "g", .dedup = std::move(dedup)});
  };
  const Sent first = send(at(10s), "d");
  const auto got = take(q, at(10s));
  REQUIRE(*q.remove(at(10s), got[0].receipt));
  CHECK(q.size() == 0);
  const Sent again = send(at(310s) - 1ns, "d");
  CHECK((again.duplicate && again.number == first.number));
  CHECK(q.size() == 0);
  CHECK_FALSE(send(at(310s), "d").duplicate);
  CHECK(q.size() == 1);
  CHECK(q.send(at(310s), {.body = "x", .group = "g"}).error().code == "InvalidParameterValue");
  CHECK(q.send(at(310s), {.body = "x", .dedup = "e"}).error().code == "MissingParameter");
  CHECK(q.send(at(310s), {.body = "x", .group = "g", .dedup = "e", .delay = 1s}).error().code ==
        "InvalidParameterValue");
  MessageQueue by_content({.ordering = Ordering::fifo, .content_dedup = true});
  REQUIRE(by_content.send(at(0s), {.body = "x", .attributes = Value::map({{"n", 1}}), .group = "g"}).ok());
  CHECK(
      by_content.send(at(0s), {.body = "x", .attributes = Value::map({{"n", 2}}), .group = "h"})->duplicate);
  CHECK_FALSE(by_content.send(at(0s), {.body = "x", .group = "g", .dedup = "own"})->duplicate);
}

TEST_CASE("queue: priority gives the highest first, fair takes turns", "[queue]") {
  MessageQueue p({.ordering = Ordering::priority, .levels = 3});
  for (const std::uint32_t level : {0u, 2u, 1u, 2u}) {
    REQUIRE(p.send(at(0s), {.body = std::to_string(level), .priority = level}).ok());
  }
  CHECK(p.send(at(0s), {.body = "x", .priority = 3}).error().code == "InvalidParameterValue");
  CHECK(bodies(take(p, at(0s), 10)) == "2210");
  MessageQueue f({.ordering = Ordering::fair});
  for (const char* body : {"a", "a", "a", "b", "c"})
    REQUIRE(f.send(at(0s), {.body = body, .group = body}).ok());
  CHECK(bodies(take(f, at(0s), 10)) == "abcaa");
}

TEST_CASE("queue: duplicates and reordering are switches, and lose nothing", "[queue]") {
  MessageQueue q({.duplicates = 0.2, .reorder = 0.5, .seed = 7});
  for (int i = 0; i < 500; ++i) REQUIRE(q.send(at(0s), {.body = std::to_string(i)}).ok());
  std::set<std::uint64_t> seen;
  int twice = 0, disorder = 0;
  std::uint64_t last = 0;
  for (;;) {
    const auto got = take(q, at(1s), 10);
    if (got.empty()) break;
    for (const Received& m : got) {
      if (!seen.insert(m.number).second) ++twice;
      disorder += m.number < last;
      last = m.number;
    }
  }
  CHECK(seen.size() == 500);
  CHECK(twice > 50);
  CHECK(disorder > 50);
}

TEST_CASE("queue: a purge takes everything, and dead receipts do no harm", "[queue]") {
  for (const Ordering ordering : {Ordering::standard, Ordering::fifo}) {
    MessageQueue q({.ordering = ordering, .content_dedup = true});
    const std::string group = ordering == Ordering::fifo ? "g" : "";
    for (const char* body : {"a", "b"}) REQUIRE(q.send(at(0s), {.body = body, .group = group}).ok());
    const auto got = take(q, at(0s));
    q.purge();
    q.check_invariants();
    CHECK(q.size() == 0);
    CHECK_FALSE(*q.remove(at(0s), got[0].receipt));
    REQUIRE(q.send(at(0s), {.body = "c", .group = group}).ok());
    CHECK_FALSE(*q.remove(at(0s), got[0].receipt));
    CHECK(q.size() == 1);
  }
}

TEST_CASE("queue: access: the owner may, others need a permission, and a denial beats it",
          "[queue][access]") {
  AccessPolicy p{"111", {}};
  CHECK(p.permits("111/alice", "SendMessage"));
  CHECK_FALSE(p.permits("1112/alice", "SendMessage"));
  CHECK_FALSE(p.permits("", "SendMessage"));
  p.statements = {{true, {"222/*"}, {"SendMessage"}}, {false, {"*"}, {"PurgeQueue"}}};
  CHECK(p.permits("222/bob", "SendMessage"));
  CHECK_FALSE(p.permits("222/bob", "ReceiveMessage"));
  CHECK_FALSE(p.permits("111/alice", "PurgeQueue"));
  CHECK(AccessPolicy().permits("", "PurgeQueue"));
}

TEST_CASE("queue: the profiles are within their own limits and sorted", "[queue][profile]") {
  std::string_view last;
  for (const QueueProfile& p : queue_profiles()) {
    CHECK(last < p.name);
    last = p.name;
    CHECK(find_queue_profile(p.name) == &p);
    CHECK(p.retention_min <= p.retention_max);
  }
  CHECK(find_queue_profile("sqs-2024")->message_bytes_max == 262144);
  CHECK(find_queue_profile("sqs-1999") == nullptr);
}
