#include "core/limit/filter.hpp"

#include <catch2/catch.hpp>

#include "core/limit/token_bucket.hpp"
#include "tests/runtime/fake_env.hpp"

using namespace syslab;
using namespace syslab::test;

TEST_CASE("limit filter: what the limiter refuses never reaches the service", "[limit][filter]") {
  FakeEnv env;
  Results results;
  const auto inner = always(Value("ok"));
  const auto service =
      make_limit_filter({.limiter = [] { return make_token_bucket({.rate = 10, .burst = 2}); }})(inner);
  for (int i = 0; i < 5; ++i) service->call(env, {}, results.reply(env));
  CHECK(results.count("ok") == 2);
  REQUIRE(results.count("rate_limited") == 3);
  CHECK(results.entries[4].result.error().definite);
  CHECK(results.entries[4].result.error().message == "again in 0.1 s");
  CHECK(inner->requests.size() == 2);
  env.run(ms(100));
  service->call(env, {}, results.reply(env));
  CHECK(results.count("ok") == 3);
  CHECK(service->show()["refused"] == Value(3));
}

TEST_CASE("limit filter: a keyed limiter has a budget for every key, or for every caller",
          "[limit][filter]") {
  const auto admitted = [](LimitFilterOptions::By by) {
    FakeEnv env;
    Results results;
    const auto service = make_limit_filter(
        {.keyed_limiter = [] { return make_keyed_token_bucket({.rate = 1, .burst = 1}, 100); }, .by = by})(
        always(Value("ok")));
    for (const char* key : {"a", "b", "a"}) {
      service->call(env, {.body = Value::map({{"key", key}}), .from = NodeId{7}}, results.reply(env));
    }
    return results.count("ok");
  };
  CHECK(admitted(LimitFilterOptions::By::key) == 2);
  CHECK(admitted(LimitFilterOptions::By::caller) == 1);
}

TEST_CASE("limit filter: every process starts with a budget of its own", "[limit][filter]") {
  FakeEnv env;
  Results results;
  const auto like = make_token_bucket({.rate = 1, .burst = 1});
  like->admit(env.now(), 1);
  const Filter filter = make_limit_filter({.limiter = [&] { return like->fresh(); }});
  const auto first = filter(always(Value("ok")));
  const auto second = filter(always(Value("ok")));
  first->call(env, {}, results.reply(env));
  second->call(env, {}, results.reply(env));
  CHECK(results.count("ok") == 2);
}
