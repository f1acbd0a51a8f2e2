#include "core/queue/job_queue.hpp"

#include <catch2/catch.hpp>
#include <map>

using namespace syslab;
using namespace std::chrono_literals;
using Kind = JobQueueOptions::Kind;
using Jitter = JobQueueOptions::Jitter;
using State = JobQueue::State;

namespace {

Instant at(Duration d) {
  return Instant(d);
}

std::string code(const Expected<bool>& result) {
  return result ? "ok" : result.error().code;
}

}  // namespace

TEST_CASE("jobs: priorities first, then first in, first out", "[queue][jobs]") {
  JobQueue q({});
  for (const int priority : {1, 0, -5, 0})
    REQUIRE(q.put(at(0s), {.data = Value(priority), .priority = priority}).ok());
  std::string order;
  while (auto job = q.take(at(0s))) order += std::to_string(job->id) + " ";
  CHECK(order == "3 2 4 1 ");
}

TEST_CASE("jobs: the states and the ways between them", "[queue][jobs]") {
  JobQueue q({.ttr = 10s});
  const std::uint64_t id = *q.put(at(0s), {.delay = 5s});
  CHECK(q.state(at(5s) - 1ns, id) == State::delayed);
  CHECK_FALSE(q.take(at(5s) - 1ns));
  CHECK(*q.next_take(at(1s)) == at(5s));
  const auto first = q.take(at(5s));
  REQUIRE(first);
  CHECK(q.state(at(5s), id) == State::taken);
  CHECK(q.state(at(15s) - 1ns, id) == State::taken);
  CHECK(q.state(at(15s), id) == State::ready);  // time to run is over
  const auto second = q.take(at(15s));
  REQUIRE(second);
  CHECK(code(q.ack(at(16s), id, first->take)) == "not_taken");
  CHECK(code(q.touch(at(16s), id, second->take, 100s)) == "ok");
  CHECK(q.state(at(124s), id) == State::taken);
  CHECK(code(q.release(at(124s), id, second->take, 1s)) == "ok");
  const auto third = q.take(at(125s));
  REQUIRE(third);
  CHECK(code(q.bury(at(125s), id, third->take)) == "ok");
  CHECK(q.state(at(125s), id) == State::buried);
  CHECK_FALSE(q.take(at(1000s)));
  CHECK(q.kick(at(1000s), 5) == 1);
  const auto last = q.take(at(1000s));
  REQUIRE(last);
  CHECK(code(q.ack(at(1001s), id, last->take)) == "ok");
  CHECK(q.state(at(1001s), id) == State::free);
  CHECK(code(q.ack(at(1001s), id, last->take)) == "not_found");
  CHECK(code(q.remove(at(1001s), id)) == "not_found");
}

TEST_CASE("jobs: time to live ends in any state", "[queue][jobs]") {
  JobQueue q({});
  for (int i = 0; i < 4; ++i) REQUIRE(q.put(at(0s), {.ttl = 10s, .delay = i == 0 ? 20s : 0s}).ok());
  const auto taken = q.take(at(1s));
  const auto buried = q.take(at(1s));
  REQUIRE(q.bury(at(1s), buried->id, buried->take).ok());
  CHECK(q.counts(at(10s) - 1ns).expired == 0);
  const auto counts = q.counts(at(10s));
  CHECK(counts.expired == 4);
  CHECK(counts.ready + counts.taken + counts.delayed + counts.buried == 0);
  CHECK(code(q.ack(at(10s), taken->id, taken->take)) == "not_found");
}

TEST_CASE("jobs: a utube has one job taken at a time, and others are not held up", "[queue][jobs]") {
  // tarantool/queue issue 19: taking must skip a busy tube and go on.
  JobQueue q({.kind = Kind::utube});
  for (const char* tube : {"a", "a", "a", "b"}) REQUIRE(q.put(at(0s), {.tube = tube}).ok());
  const auto a = q.take(at(0s));
  const auto b = q.take(at(0s));
  REQUIRE((a && b));
  CHECK((a->tube == "a" && b->tube == "b"));
  CHECK_FALSE(q.take(at(0s)));
  REQUIRE(q.ack(at(0s), a->id, a->take).ok());
  CHECK(q.take(at(0s))->id == 2);
  CHECK(q.put(at(0s), {.priority = 1}).error().code == "malformed");
  CHECK(q.put(at(0s), {.delay = 1s}).error().code == "malformed");
  JobQueue plain({.kind = Kind::fifo});
  CHECK(plain.put(at(0s), {.ttr = 1s}).error().code == "malformed");
  CHECK(plain.put(at(0s), {.tube = "a"}).error().code == "malformed");
}

TEST_CASE("jobs: failures back off exponentially up to a bound, and the last one buries", "[queue][jobs]") {
  JobQueue q({.attempts = 6, .backoff = 1s, .backoff_max = 5s, .jitter = Jitter::none});
  const std::uint64_t id = *q.put(at(0s), {});
  Instant now{};
  std::string waits;
  for (int i = 0; i < 6; ++i) {
    const auto job = q.take(now);
    REQUIRE(job);
    const auto wait = q.fail(now, id, job->take);
    REQUIRE(wait.ok());
    waits += *wait ? std::to_string((*wait)->count() / 1000000000) + " " : "buried";
    if (*wait) now += **wait;
  }
  CHECK(waits == "1 2 4 5 5 buried");
  CHECK(q.state(now, id) == State::buried);
}

TEST_CASE("jobs: jitter stays within its bounds and depends on the seed alone", "[queue][jobs]") {
  for (const Jitter jitter : {Jitter::full, Jitter::equal}) {
    std::map<std::int64_t, int> halves;
    std::vector<Duration> first;
    for (int run = 0; run < 2; ++run) {
      JobQueue q({.backoff = 8s, .jitter = jitter, .seed = 5});
      for (int i = 0; i < 200; ++i) {
        const std::uint64_t id = *q.put(at(0s), {});
        const auto job = q.take(at(0s));
        const Duration wait = **q.fail(at(0s), id, job->take);
        CHECK((wait >= (jitter == Jitter::equal ? 4s : 0s) && wait <= 8s));
        if (run == 0) {
          first.push_back(wait);
          ++halves[wait / 4s];
        } else {
          CHECK(wait == first[static_cast<std::size_t>(i)]);
        }
      }
    }
    CHECK((jitter == Jitter::equal) == (halves[0] == 0));
    CHECK(halves[1] > 50);
  }
}

TEST_CASE("jobs: takes are bounded by rate and by concurrency", "[queue][jobs]") {
  JobQueue q({.rate = 50, .burst = 5});
  for (int i = 0; i < 1000; ++i) REQUIRE(q.put(at(0s), {}).ok());
  int taken = 0;
  for (Instant now{}; now < at(10s);) {
    while (q.take(now)) ++taken;
    const auto next = q.next_take(now);
    REQUIRE(next);
    REQUIRE(*next > now);
    now = *next;
  }
  CHECK(taken >= 503);
  CHECK(taken <= 505);
  JobQueue few({.concurrency = 2});
  for (int i = 0; i < 3; ++i) REQUIRE(few.put(at(0s), {}).ok());
  const auto a = few.take(at(0s));
  REQUIRE(few.take(at(0s)));
  CHECK_FALSE(few.take(at(0s)));
  REQUIRE(few.ack(at(0s), a->id, a->take).ok());
  CHECK(few.take(at(0s)));
}

TEST_CASE("jobs: repetition by interval and by cron, with and without overlap", "[queue][jobs]") {
  JobQueue q({});
  q.repeat(at(0s), "tick", Schedule::every(60s), {.data = "tick"});
  CHECK(q.counts(at(60s) - 1ns).ready == 0);
  CHECK(q.counts(at(3600s)).ready == 60);
  CHECK(q.cancel_repeat("tick"));
  CHECK(q.counts(at(7200s)).ready == 60);
  JobQueue one({});
  one.repeat(at(0s), "report", *Schedule::cron("0 * * * *"), {}, false);
  CHECK(one.counts(at(10h)).ready == 1);
  CHECK(one.counts(at(10h)).skipped == 9);
}

TEST_CASE("cron: lines and the times they mean", "[queue][cron]") {
  using namespace std::chrono;
  const auto day = [](int y, unsigned m, unsigned d, int hour = 0, int minute = 0) {
    return Instant(sys_days(year(y) / m / d).time_since_epoch() + hours(hour) + minutes(minute));
  };
  const auto next = [](const char* line, Instant now) { return Schedule::cron(line)->after(now); };
  CHECK(next("* * * * *", day(1970, 1, 1)) == day(1970, 1, 1, 0, 1));
  CHECK(next("0 10 * * *", day(1970, 1, 1, 10)) == day(1970, 1, 2, 10));
  CHECK(next("*/15 9-17 * * 1-5", day(1970, 1, 2, 17, 45)) ==
        day(1970, 1, 5, 9));  // Friday evening to Monday
  CHECK(next("0 0 29 2 *", day(1970, 1, 1)) == day(1972, 2, 29));
  CHECK(next("0 0 29 2 *", day(2096, 3, 1)) == day(2104, 2, 29));  // 2100 has none
  CHECK(next("0 0 13 * 5", day(1970, 1, 1)) == day(1970, 1, 2));   // the 13th or a Friday
  CHECK(next("0 0 * * 7", day(1970, 1, 1)) == day(1970, 1, 4));
  CHECK(next("5,10 0 1 1 *", day(1970, 1, 1, 0, 5)) == day(1970, 1, 1, 0, 10));
  for (const char* bad :
       {"", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8",
        "a * * * *", "5-1 * * * *", "*/0 * * * *", "1, * * * *", "0 0 30 2 *"}) {
    INFO(bad);
    REQUIRE_FALSE(Schedule::cron(bad).ok());
    CHECK(Schedule::cron(bad).error().code == "malformed");
  }
}
