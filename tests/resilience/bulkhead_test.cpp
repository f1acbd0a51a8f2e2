#include "core/resilience/bulkhead.hpp"

#include <catch2/catch.hpp>

#include "tests/runtime/fake_env.hpp"

using namespace syslab;
using namespace syslab::test;

TEST_CASE("bulkhead: what does not fit is refused definitely and never goes in", "[resilience][bulkhead]") {
  FakeEnv env;
  Results results;
  const auto inner = always_after(ms(10), Value("ok"));
  const auto service = make_bulkhead({.concurrent = 2})(inner);
  for (int i = 0; i < 5; ++i) service->call(env, {}, results.reply(env));
  CHECK(results.count("overloaded") == 3);
  CHECK(results.entries[0].result.error().definite);
  CHECK(inner->requests.size() == 2);
  env.run(ms(10));
  service->call(env, {}, results.reply(env));
  env.run(ms(10));
  CHECK(results.count("ok") == 3);
}

TEST_CASE("bulkhead: those in line go in as others come out, first come first served",
          "[resilience][bulkhead]") {
  FakeEnv env;
  Results results;
  const auto inner = always_after(ms(10), Value("ok"));
  const auto service = make_bulkhead({.concurrent = 1, .queue = 2})(inner);
  for (int i = 0; i < 4; ++i) service->call(env, {.type = std::to_string(i)}, results.reply(env));
  CHECK(results.count("overloaded") == 1);
  CHECK(service->show()["waiting"] == Value(2));
  env.run(ms(30));
  CHECK(results.count("ok") == 3);
  REQUIRE(inner->requests.size() == 3);
  for (int i = 0; i < 3; ++i) {
    CHECK(inner->requests[i].type == std::to_string(i));
    CHECK(inner->times[i] == Instant(ms(10 * i)));
  }
}

TEST_CASE("bulkhead: patience in line is limited, and who went in is not thrown out",
          "[resilience][bulkhead]") {
  FakeEnv env;
  Results results;
  const auto inner = always_after(ms(10), Value("ok"));
  const auto service = make_bulkhead({.concurrent = 1, .queue = 10, .wait = ms(15)})(inner);
  for (int i = 0; i < 4; ++i) service->call(env, {}, results.reply(env));
  env.run(ms(100));
  CHECK(results.size() == 4);
  CHECK(results.count("ok") == 2);  // in at 0 and 10 ms; the others would have had to wait 20 and 30 ms
  CHECK(results.count("overloaded") == 2);
  CHECK(service->show()["expired"] == Value(2));
  CHECK(service->show()["inside"] == Value(0));
}

TEST_CASE("bulkhead: a long line before a service that answers at once does not recurse",
          "[resilience][bulkhead]") {
  FakeEnv env;
  Results results;
  Reply first;
  const auto inner = fake_service([&first](Env&, const Request&, Reply reply) {
    if (!first) {
      first = std::move(reply);
    } else {
      reply(Value("ok"));
    }
  });
  const auto service = make_bulkhead({.concurrent = 1, .queue = 200000})(inner);
  for (int i = 0; i < 200000; ++i) service->call(env, {}, results.reply(env));
  CHECK(results.size() == 0);
  first(Value("ok"));
  CHECK(results.count("ok") == 200000);
}

TEST_CASE("bulkhead: a caller that asks again when it gets its answer stands behind those who wait",
          "[resilience][bulkhead]") {
  FakeEnv env;
  std::string order;
  const auto inner = always_after(ms(10), Value("ok"));
  const auto service = make_bulkhead({.concurrent = 1, .queue = 1})(inner);
  service->call(env, {}, [&](Result) {
    order += "a";
    service->call(env, {}, [&](Result result) { order += result.ok() ? "c" : "refused"; });
  });
  service->call(env, {}, [&](Result) { order += "b"; });
  env.run(sec(1));
  CHECK(order == "abc");
}
