#include "core/resilience/breaker.hpp"

#include <catch2/catch.hpp>

#include "tests/runtime/fake_env.hpp"

using namespace syslab;
using namespace syslab::test;
using State = Breaker::State;

namespace {

constexpr Instant at(std::int64_t seconds) {
  return Instant(sec(seconds));
}

// Admits and records one request at once; false where it was refused.
bool pass(Breaker& breaker, Instant now, bool failed, Duration took = ms(1)) {
  const auto ticket = breaker.admit(now);
  if (ticket) breaker.record(now, *ticket, failed, took);
  return ticket.has_value();
}

const BreakerOptions kSmall{.window = 4, .minimum_calls = 4, .open_time = sec(10), .trials = 3};

Breaker opened() {
  Breaker breaker(kSmall);
  for (int i = 0; i < 4; ++i) pass(breaker, at(0), true);
  REQUIRE(breaker.state() == State::open);
  return breaker;
}

}  // namespace

TEST_CASE("breaker: it opens exactly when the rate is reached over the minimum of calls",
          "[resilience][breaker]") {
  Breaker breaker({});  // window 100, minimum 100, 50 %
  for (int i = 0; i < 50; ++i) REQUIRE(pass(breaker, at(0), true));
  for (int i = 0; i < 49; ++i) REQUIRE(pass(breaker, at(0), false));
  CHECK(breaker.state() == State::closed);  // 99 results are too few
  REQUIRE(pass(breaker, at(0), false));
  CHECK(breaker.state() == State::open);  // 50 of 100
  CHECK(!pass(breaker, at(59), false));
}

TEST_CASE("breaker: below the rate it stays closed for ever", "[resilience][breaker]") {
  Breaker breaker({});
  for (int i = 0; i < 10000; ++i) REQUIRE(pass(breaker, at(i), i % 100 < 49));
  CHECK(breaker.failure_rate() == 0.49);
}

TEST_CASE("breaker: only the last results count", "[resilience][breaker]") {
  Breaker breaker(kSmall);
  for (const bool failed : {true, false, false, false, false, true, false, false, false, true})
    pass(breaker, at(0), failed);
  CHECK(breaker.state() == State::closed);
  CHECK(breaker.failure_rate() == 0.25);
  pass(breaker, at(0), true);
  CHECK(breaker.state() == State::open);
}

TEST_CASE("breaker: a minimum above the window means the window", "[resilience][breaker]") {
  Breaker breaker({.window = 2});
  pass(breaker, at(0), true);
  CHECK(breaker.state() == State::closed);
  pass(breaker, at(0), true);
  CHECK(breaker.state() == State::open);
}

TEST_CASE("breaker: when the open time is over, so many trials pass and no more", "[resilience][breaker]") {
  Breaker breaker = opened();
  CHECK(!breaker.admit(Instant(sec(10) - Duration(1))));
  CHECK(breaker.state() == State::open);
  std::vector<Breaker::Ticket> trials;
  for (int i = 0; i < 3; ++i) {
    const auto ticket = breaker.admit(at(10));
    REQUIRE(ticket);
    trials.push_back(*ticket);
    CHECK(breaker.state() == State::half_open);
  }
  CHECK(!breaker.admit(at(10)));
  breaker.record(at(11), trials[0], true, ms(1));
  CHECK(!breaker.admit(at(11)));  // a trial that has ended makes no room: there are three in all
  breaker.record(at(11), trials[1], false, ms(1));
  CHECK(breaker.state() == State::half_open);
  breaker.record(at(11), trials[2], false, ms(1));
  CHECK(breaker.state() == State::closed);  // one of three is under 50 %
  CHECK(breaker.results() == 0);
}

TEST_CASE("breaker: failed trials open it again for the whole open time", "[resilience][breaker]") {
  Breaker breaker = opened();
  for (const bool failed : {true, false, true}) REQUIRE(pass(breaker, at(20), failed));
  CHECK(breaker.state() == State::open);
  CHECK(!breaker.admit(at(29)));
  CHECK(breaker.admit(at(30)));
}

TEST_CASE("breaker: a straggler from before the change decides nothing", "[resilience][breaker]") {
  Breaker breaker(kSmall);
  const auto straggler = breaker.admit(at(0));
  for (int i = 0; i < 4; ++i) pass(breaker, at(0), true);
  REQUIRE(breaker.state() == State::open);
  breaker.record(at(1), *straggler, true, ms(1));
  CHECK(pass(breaker, at(10), false));
  CHECK(pass(breaker, at(10), false));
  breaker.record(at(10), *straggler, true, ms(1));
  CHECK(breaker.state() == State::half_open);
  CHECK(pass(breaker, at(10), false));
  CHECK(breaker.state() == State::closed);
}

TEST_CASE("breaker: slow answers open it too, if it is told what is slow", "[resilience][breaker]") {
  BreakerOptions options = kSmall;
  Breaker patient(options);
  for (int i = 0; i < 10; ++i) REQUIRE(pass(patient, at(0), false, sec(100)));
  options.slow = sec(1);
  options.slow_rate = 0.75;
  Breaker breaker(options);
  for (const std::int64_t t : {1000, 999, 1000}) REQUIRE(pass(breaker, at(0), false, ms(t)));
  CHECK(breaker.state() == State::closed);
  REQUIRE(pass(breaker, at(0), false, ms(1000)));
  CHECK(breaker.slow_rate() == 0);  // 3 of 4: it opened, and looks at nothing old
  CHECK(breaker.state() == State::open);
}

TEST_CASE("breaker: trials that never come back need a limit", "[resilience][breaker]") {
  BreakerOptions options = kSmall;
  for (const bool limited : {false, true}) {
    if (limited) options.trial_time = sec(5);
    Breaker breaker(options);
    for (int i = 0; i < 4; ++i) pass(breaker, at(0), true);
    for (int i = 0; i < 3; ++i) REQUIRE(breaker.admit(at(10)));
    CHECK(!breaker.admit(at(15)));  // limited: open again since 15 s
    CHECK(breaker.state() == (limited ? State::open : State::half_open));
    CHECK(breaker.admit(at(25)).has_value() == limited);
  }
}

TEST_CASE("breaker filter: it refuses definitely while open, spares the service, and says so in the log",
          "[resilience][breaker]") {
  FakeEnv env;
  Results results;
  bool broken = true;
  const auto inner = fake_service([&](Env&, const Request&, Reply reply) {
    reply(broken ? Result(make_error("crashed", "boom")) : Result(Value("ok")));
  });
  const auto service = make_breaker(kSmall)(inner);
  for (int i = 0; i < 10; ++i) service->call(env, {}, results.reply(env));
  CHECK(results.count("crashed") == 4);
  CHECK(results.count("unavailable") == 6);
  CHECK(results.entries[9].result.error().definite);
  CHECK(results.entries[9].result.error().message == "the circuit breaker is open");
  CHECK(service->show()["state"] == Value("open"));
  CHECK(service->show()["refused"] == Value(6));
  broken = false;
  env.run(sec(10));
  for (int i = 0; i < 5; ++i) service->call(env, {}, results.reply(env));
  CHECK(results.count("ok") == 5);
  CHECK(service->show()["state"] == Value("closed"));
  REQUIRE(env.lines.size() == 3);
  CHECK(env.lines[0].text == "the circuit breaker is open");
  CHECK(env.lines[1].text == "the circuit breaker is half open");
  CHECK(env.lines[2].text == "the circuit breaker is closed");
}

TEST_CASE("breaker filter: errors that are answers do not count", "[resilience][breaker]") {
  FakeEnv env;
  Results results;
  const auto service = make_breaker(kSmall)(always(make_error("not_found", "no such key")));
  for (int i = 0; i < 100; ++i) service->call(env, {}, results.reply(env));
  CHECK(results.count("not_found") == 100);
}
