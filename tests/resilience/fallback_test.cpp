#include "core/resilience/fallback.hpp"

#include <catch2/catch.hpp>

#include "tests/runtime/fake_env.hpp"

using namespace syslab;
using namespace syslab::test;

TEST_CASE("fallback: a fault gives the fixed value, an answer passes", "[resilience][fallback]") {
  FakeEnv env;
  Results results;
  const Filter filter = make_fallback({.value = Value("stale")});
  filter(always(make_error("timeout", "late")))->call(env, {}, results.reply(env));
  filter(always(make_error("not_found", "no such key")))->call(env, {}, results.reply(env));
  filter(always(Value("fresh")))->call(env, {}, results.reply(env));
  REQUIRE(results.size() == 3);
  CHECK(*results.entries[0].result == Value("stale"));
  CHECK(results.code(1) == "not_found");
  CHECK(*results.entries[2].result == Value("fresh"));
}
