#include "core/resilience/retry.hpp"

#include <catch2/catch.hpp>

#include "core/resilience/timeout.hpp"
#include "tests/runtime/fake_env.hpp"

using namespace syslab;
using namespace syslab::test;
using Jitter = RetryOptions::Jitter;

namespace {

// Fails with the codes given, one a request, then succeeds.
std::shared_ptr<FakeService> failing(std::vector<std::string> codes) {
  auto left = std::make_shared<std::vector<std::string>>(codes.rbegin(), codes.rend());
  return fake_service([left](Env&, const Request&, Reply reply) {
    if (left->empty()) return reply(Value("ok"));
    const std::string code = left->back();
    left->pop_back();
    reply(make_error(code, "scripted"));
  });
}

}  // namespace

TEST_CASE("retry: a definite failure that may pass is tried again until it works", "[resilience][retry]") {
  FakeEnv env;
  Results results;
  const auto inner = failing({"connection_refused", "overloaded"});
  const auto service = make_retry()(inner);
  service->call(env, {.type = "put", .body = Value::map({{"key", "x"}})}, results.reply(env));
  env.run(sec(1));
  REQUIRE(results.size() == 1);
  CHECK(results.code(0) == "ok");
  REQUIRE(inner->requests.size() == 3);
  CHECK(inner->requests[2].type == "put");
  CHECK(inner->requests[2].key() == Value("x"));
  CHECK(service->show()["retries"] == Value(2));
}

TEST_CASE("retry: after the last attempt the last error is passed on", "[resilience][retry]") {
  FakeEnv env;
  Results results;
  const auto inner = failing({"overloaded", "overloaded", "unavailable", "overloaded"});
  const auto service = make_retry({.attempts = 3})(inner);
  service->call(env, {}, results.reply(env));
  env.run(sec(10));
  REQUIRE(results.size() == 1);
  CHECK(results.code(0) == "unavailable");
  CHECK(results.entries[0].result.error().definite);
  CHECK(inner->requests.size() == 3);
  CHECK(service->show()["exhausted"] == Value(1));
}

TEST_CASE("retry: an answer is not tried again, be it an error", "[resilience][retry]") {
  for (const char* code : {"not_found", "conflict", "closed", "cancelled"}) {
    FakeEnv env;
    Results results;
    const auto inner = failing({code});
    const auto service = make_retry({.idempotent = true})(inner);
    service->call(env, {}, results.reply(env));
    env.run(sec(10));
    CHECK(results.code(0) == code);
    CHECK(inner->requests.size() == 1);
  }
}

TEST_CASE("retry: an indefinite failure is tried again only where requests are idempotent",
          "[resilience][retry]") {
  for (const char* code : {"timeout", "connection_reset", "crashed", "io_error", "unknown"}) {
    for (const bool idempotent : {false, true}) {
      FakeEnv env;
      Results results;
      const auto inner = failing({code});
      const auto service = make_retry({.idempotent = idempotent})(inner);
      service->call(env, {}, results.reply(env));
      env.run(sec(10));
      CHECK(results.code(0) == (idempotent ? "ok" : code));
      CHECK(inner->requests.size() == (idempotent ? 2 : 1));
    }
  }
}

TEST_CASE("retry: the error is indefinite where an earlier attempt may have been executed",
          "[resilience][retry]") {
  FakeEnv env;
  Results results;
  const auto service =
      make_retry({.attempts = 2, .idempotent = true})(failing({"timeout", "connection_refused"}));
  service->call(env, {}, results.reply(env));
  env.run(sec(10));
  CHECK(results.code(0) == "connection_refused");
  CHECK(!results.entries[0].result.error().definite);
}

TEST_CASE("retry: waits double up to the cap", "[resilience][retry]") {
  FakeEnv env;
  Results results;
  const auto inner = always(make_error("overloaded", "full"));
  const auto service =
      make_retry({.attempts = 6, .base = ms(10), .max = ms(50), .jitter = Jitter::none})(inner);
  service->call(env, {}, results.reply(env));
  env.run(sec(1));
  CHECK(inner->times == std::vector<Instant>{Instant(ms(0)), Instant(ms(10)), Instant(ms(30)),
                                             Instant(ms(70)), Instant(ms(120)), Instant(ms(170))});
}

TEST_CASE("retry: jitter stays within its bounds and spreads over them", "[resilience][retry]") {
  struct Case {
    Jitter jitter;
    Duration low, high;  // of the second wait, with base 100 ms
  };
  for (const Case& c : {Case{Jitter::full, ms(0), ms(200)}, Case{Jitter::equal, ms(100), ms(200)},
                        Case{Jitter::decorrelated, ms(100), ms(900)}}) {
    FakeEnv env;
    Results results;
    const auto inner = always(make_error("overloaded", "full"));
    const auto service =
        make_retry({.attempts = 3, .base = ms(100), .max = ms(900), .jitter = c.jitter})(inner);
    Duration least = Duration::max(), most{};
    for (int i = 0; i < 1000; ++i) {
      inner->times.clear();
      service->call(env, {}, results.reply(env));
      env.run(sec(2));
      REQUIRE(inner->times.size() == 3);
      least = std::min(least, inner->times[2] - inner->times[1]);
      most = std::max(most, inner->times[2] - inner->times[1]);
    }
    CHECK(least >= c.low);
    CHECK(most <= c.high);
    CHECK(least < c.low + (c.high - c.low) / 10);
    CHECK(most > c.high - (c.high - c.low) / 5);
  }
}

TEST_CASE("retry: the budget bounds a storm", "[resilience][retry]") {
  FakeEnv env;
  Results results;
  const auto storm = [&](std::optional<double> budget) {
    const auto inner = always(make_error("overloaded", "full"));
    const auto service = make_retry({.attempts = 4, .base = ms(1), .budget = budget})(inner);
    for (int i = 0; i < 1000; ++i) {
      service->call(env, {}, results.reply(env));
      env.run(ms(1));
    }
    env.run(sec(1));
    return inner->requests.size();
  };
  CHECK(storm(std::nullopt) == 4000);
  CHECK(storm(0.1) ==
        1000 + 10 + 100 - 1);  // the reserve was full when the first request earned its tenth ...
  CHECK(storm(0.0) == 1010);
  CHECK(results.size() == 3000);
}

TEST_CASE("retry: no attempt starts after the caller has gone", "[resilience][retry]") {
  FakeEnv env;
  Results results;
  const auto inner = always(make_error("overloaded", "full"));
  const auto service = make_retry(
      {.attempts = 100, .base = ms(10), .max = ms(10), .jitter = Jitter::none, .within = ms(35)})(inner);
  service->call(env, {}, results.reply(env));
  env.run(sec(1));
  CHECK(inner->requests.size() == 4);
  REQUIRE(results.size() == 1);
  CHECK(results.entries[0].at == Instant(ms(30)));
}

TEST_CASE("retry: around a timeout, the late answer of the first attempt is not heard",
          "[resilience][retry]") {
  FakeEnv env;
  Results results;
  int n = 0;
  const auto slow_once = fake_service([&n](Env& env, const Request&, Reply reply) {
    const int number = ++n;
    env.after(number == 1 ? ms(60) : ms(20), [reply = std::move(reply), number] { reply(Value(number)); });
  });
  const auto service = make_retry({.base = ms(1), .jitter = Jitter::none, .idempotent = true})(
      make_timeout({.after = ms(50)})(slow_once));
  service->call(env, {}, results.reply(env));
  env.run(sec(1));
  REQUIRE(results.size() == 1);
  CHECK(*results.entries[0].result == Value(2));
  CHECK(results.entries[0].at == Instant(ms(71)));
}

TEST_CASE("retry: a service that answers twice is heard once", "[resilience][retry]") {
  FakeEnv env;
  Results results;
  int n = 0;
  const auto twice = fake_service([&n](Env&, const Request&, Reply reply) {
    if (++n > 1) return reply(Value("ok"));
    reply(make_error("overloaded", "full"));
    reply(make_error("overloaded", "full"));
  });
  const auto service = make_retry()(twice);
  service->call(env, {}, results.reply(env));
  env.run(sec(1));
  CHECK(results.size() == 1);
}
