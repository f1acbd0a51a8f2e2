#include "core/resilience/timeout.hpp"

#include <catch2/catch.hpp>

#include "tests/runtime/fake_env.hpp"

using namespace syslab;
using namespace syslab::test;

TEST_CASE("timeout: an answer in time passes and leaves no timer behind", "[resilience][timeout]") {
  FakeEnv env;
  Results results;
  const auto service = make_timeout({.after = ms(50)})(always_after(ms(49), Value(1)));
  service->call(env, {}, results.reply(env));
  env.run(sec(1));
  REQUIRE(results.size() == 1);
  CHECK(results.code(0) == "ok");
  CHECK(results.entries[0].at == Instant(ms(49)));
  CHECK(service->show()["timeouts"] == Value(0));
}

TEST_CASE("timeout: an answer that is late is dropped, and the caller has had an indefinite error",
          "[resilience][timeout]") {
  FakeEnv env;
  Results results;
  const auto service = make_timeout({.after = ms(50)})(always_after(ms(51), Value(1)));
  service->call(env, {}, results.reply(env));
  env.run(sec(1));
  REQUIRE(results.size() == 1);
  CHECK(results.code(0) == "timeout");
  CHECK(!results.entries[0].result.error().definite);
  CHECK(results.entries[0].result.error().message == "no answer within 0.05 s");
  CHECK(results.entries[0].at == Instant(ms(50)));
  CHECK(service->show()["late"] == Value(1));
}

TEST_CASE("timeout: a service that answers twice is heard once", "[resilience][timeout]") {
  FakeEnv env;
  Results results;
  const auto twice = fake_service([](Env&, const Request&, Reply reply) {
    reply(Value(1));
    reply(Value(2));
  });
  const auto service = make_timeout({.after = ms(50)})(twice);
  service->call(env, {}, results.reply(env));
  env.run(sec(1));
  REQUIRE(results.size() == 1);
  CHECK(*results.entries[0].result == Value(1));
}

TEST_CASE("timeout: an error passes as it is", "[resilience][timeout]") {
  FakeEnv env;
  Results results;
  const auto service = make_timeout({.after = ms(50)})(always(make_error("not_found", "no such key")));
  service->call(env, {}, results.reply(env));
  CHECK(results.code(0) == "not_found");
}

TEST_CASE("filters pass the start on and show what is inside them", "[resilience]") {
  FakeEnv env;
  const auto inner = always(Value(1));
  const auto service = make_timeout({.after = ms(50)})(make_timeout({.after = ms(20)})(inner));
  service->on_start(env);
  CHECK(inner->starts == 1);
  CHECK(service->show()["filter"] == Value("timeout"));
  CHECK(service->show()["inner"]["after"] == Value(0.02));
}
