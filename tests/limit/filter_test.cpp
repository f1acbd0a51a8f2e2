#include "core/limit/filter.hpp"

#include <catch2/catch.hpp>

#include "core/limit/aimd.hpp"
#include "core/limit/concurrency.hpp"
#include "core/limit/leaky_bucket.hpp"
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

TEST_CASE("limit filter: what a queue admits goes on when it is its turn", "[limit][filter]") {
  FakeEnv env;
  Results results;
  const auto inner = always(Value("ok"));
  const auto service = make_limit_filter({.limiter = [] {
    return make_leaky_bucket({.rate = 10, .burst = 3, .form = LeakyBucketOptions::Form::queue});
  }})(inner);
  for (int i = 0; i < 5; ++i) service->call(env, {}, results.reply(env));
  CHECK(results.count("rate_limited") == 2);
  CHECK(inner->requests.size() == 1);
  env.run(sec(1));
  REQUIRE(inner->times.size() == 3);
  CHECK(inner->times[1] == Instant(ms(100)));
  CHECK(inner->times[2] == Instant(ms(200)));
  CHECK(service->show()["delayed"] == Value(2));
}

TEST_CASE("limit filter: a limit of what is inside counts requests out again, whatever became of them",
          "[limit][filter]") {
  for (const bool keyed : {false, true}) {
    FakeEnv env;
    Results results;
    LimitFilterOptions options;
    if (keyed) {
      options.keyed_concurrency = [] { return make_keyed_concurrency({.limit = 2}, 10); };
    } else {
      options.concurrency = [] { return make_concurrency({.limit = 2}); };
    }
    bool fails = false;
    const auto service = make_limit_filter(options)(fake_service([&](Env& e, const Request&, Reply reply) {
      e.after(ms(10),
              [reply, fails] { reply(fails ? Result(make_error("io_error", "no")) : Result(Value("ok"))); });
    }));
    for (int i = 0; i < 3; ++i) service->call(env, {}, results.reply(env));
    CHECK(results.count("overloaded") == 1);
    CHECK(results.entries[0].result.error().message == "2 requests are inside");
    env.run(ms(20));
    CHECK(results.count("ok") == 2);
    fails = true;
    for (int i = 0; i < 2; ++i) service->call(env, {}, results.reply(env));
    env.run(ms(20));
    CHECK(results.count("io_error") == 2);
    service->call(env, {}, results.reply(env));
    CHECK(results.count("overloaded") == 1);
  }
}

TEST_CASE("limit filter: a limit that learns sees the latency, and faults as drops", "[limit][filter]") {
  FakeEnv env;
  Results results;
  const char* code = "overloaded";
  const auto service = make_limit_filter({.concurrency = [] {
    return make_aimd({.initial = 8, .min = 1, .max = 100, .backoff = 0.5, .timeout = ms(50)});
  }})(fake_service([&](Env& e, const Request&, Reply reply) {
    e.after(ms(10),
            [reply, code] { reply(*code == 'o' ? Result(make_error(code, "")) : Result(Value("ok"))); });
  }));
  service->call(env, {}, results.reply(env));
  env.run(ms(20));
  CHECK(service->show()["limit"] == Value(4));
  code = "fine";
  for (int i = 0; i < 4; ++i) service->call(env, {}, results.reply(env));
  env.run(ms(20));
  CHECK(service->show()["limit"] == Value(6));  // four left while 4, 3, 2 and 1 were inside, of 4, 5, 6, 6
}

TEST_CASE("limit filter: a dry run lets everything pass and counts", "[limit][filter]") {
  FakeEnv env;
  Results results;
  const auto inner = always(Value("ok"));
  const auto service = make_limit_filter(
      {.limiter = [] { return make_token_bucket({.rate = 10, .burst = 2}); }, .dry_run = true})(inner);
  for (int i = 0; i < 5; ++i) service->call(env, {}, results.reply(env));
  CHECK(results.count("ok") == 5);
  CHECK(service->show()["refused"] == Value(3));
  CHECK(service->show()["admitted"] == Value(2));
  CHECK(service->show()["dry_run"] == Value(true));
}
