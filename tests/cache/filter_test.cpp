#include "core/cache/filter.hpp"

#include <catch2/catch.hpp>

#include "core/cache/lru.hpp"
#include "tests/runtime/fake_env.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

// A store that answers reads after 10 ms with how many it has served.
struct Setup {
  FakeEnv env;
  Results results;
  int reads = 0;
  ServicePtr service;

  explicit Setup(CacheFilterOptions options) {
    if (!options.cache) options.cache = [] { return make_lru(CacheCapacity::entries(2)); };
    service = make_cache_filter(options)(fake_service([this](Env& env, const Request& request, Reply reply) {
      const Result result = request.type == "get" ? Result(Value(++reads)) : Result(Value("written"));
      env.after(ms(10), [reply = std::move(reply), result] { reply(result); });
    }));
  }
  void call(const char* type, Value key) {
    service->call(env, {.type = type, .body = Value::map({{"key", std::move(key)}})}, results.reply(env));
  }
  // Reads to the end.
  Value get(Value key) {
    call("get", std::move(key));
    env.run(ms(10));
    return *results.entries.back().result;
  }
};

}  // namespace

TEST_CASE("cache filter: the second read of a key is answered at once", "[cache][filter]") {
  Setup s({});
  CHECK(s.get("x") == Value(1));
  s.call("get", "x");
  CHECK(s.results.size() == 2);
  CHECK(s.get(5) == Value(2));
  CHECK(s.get(5) == Value(2));
  CHECK(s.service->show()["hits"] == Value(2));
  CHECK(s.service->show()["misses"] == Value(2));
}

TEST_CASE("cache filter: the policy decides what is kept", "[cache][filter]") {
  Setup s({});
  for (const char* key : {"a", "b", "c"}) s.get(key);
  CHECK(s.get("a") == Value(4));
}

TEST_CASE("cache filter: a value is good for its ttl, exactly", "[cache][filter]") {
  Setup s({.ttl = ms(100)});
  CHECK(s.get("x") == Value(1));  // kept at 10 ms
  s.env.run(ms(89));
  CHECK(s.get("x") == Value(1));  // 89 ms old; the read ends at 109 ms
  s.call("get", "x");
  CHECK(*s.results.entries.back().result == Value(1));  // 99 ms old
  s.env.run(ms(1));
  CHECK(s.get("x") == Value(2));
  CHECK(s.service->show()["expired"] == Value(1));
}

TEST_CASE("cache filter: a write forgets the key, and what was read around it is not kept",
          "[cache][filter]") {
  Setup s({});
  s.get("x");
  s.call("put", "x");
  s.env.run(ms(5));
  s.call("get", "x");  // under way when the write ends: it may be the old value
  s.env.run(ms(10));
  CHECK(s.get("x") == Value(3));
  CHECK(s.get("x") == Value(3));
}

TEST_CASE("cache filter: requests without a key and errors are not kept", "[cache][filter]") {
  Setup s({});
  s.get(Value());
  s.get(Value());
  CHECK(s.reads == 2);
  FakeEnv env;
  Results results;
  const auto inner = always(make_error("overloaded", "full"));
  const auto service =
      make_cache_filter({.cache = [] { return make_lru(CacheCapacity::entries(2)); }})(inner);
  for (int i = 0; i < 3; ++i) service->call(env, {.body = Value::map({{"key", "x"}})}, results.reply(env));
  CHECK(inner->requests.size() == 3);
}

TEST_CASE("cache filter: a stampede makes one read with single flight, and all without", "[cache][filter]") {
  for (const bool single_flight : {false, true}) {
    Setup s({.single_flight = single_flight});
    for (int i = 0; i < 100; ++i) s.call("get", "hot");
    s.env.run(ms(10));
    CHECK(s.results.count("ok") == 100);
    CHECK(s.reads == (single_flight ? 1 : 100));
    CHECK(s.service->show()["joined"] == Value(single_flight ? 99 : 0));
  }
}

TEST_CASE("cache filter: who waits for another's read gets its error, too", "[cache][filter]") {
  FakeEnv env;
  Results results;
  const auto inner = always_after(ms(1), make_error("timeout", "late"));
  const auto service = make_cache_filter(
      {.cache = [] { return make_lru(CacheCapacity::entries(2)); }, .single_flight = true})(inner);
  for (int i = 0; i < 3; ++i) service->call(env, {.body = Value::map({{"key", "x"}})}, results.reply(env));
  env.run(ms(1));
  CHECK(results.count("timeout") == 3);
  CHECK(inner->requests.size() == 1);
}
