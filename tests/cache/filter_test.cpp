#include "core/cache/filter.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <vector>

#include "core/cache/lru.hpp"
#include "tests/runtime/fake_env.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

CachePlaceFactory small_place() {
  return in_process([] { return make_lru(CacheCapacity::entries(2)); });
}

// A store that answers reads after 10 ms with how many it has served.
struct Setup {
  FakeEnv env;
  Results results;
  int reads = 0;
  ServicePtr service;

  explicit Setup(CacheFilterOptions options) {
    if (!options.place) options.place = small_place();
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
  const auto service = make_cache_filter({.place = small_place()})(inner);
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
  const auto service = make_cache_filter({.place = small_place(), .single_flight = true})(inner);
  for (int i = 0; i < 3; ++i) service->call(env, {.body = Value::map({{"key", "x"}})}, results.reply(env));
  env.run(ms(1));
  CHECK(results.count("timeout") == 3);
  CHECK(inner->requests.size() == 1);
}

namespace {

// A store with rows, which takes 10 ms for a request and remembers what it was asked.
struct Rows {
  FakeEnv env;
  Results results;
  std::map<Value, Value> rows = {};
  std::vector<Request> requests = {};
  bool fails = false;
  ServicePtr service;

  explicit Rows(CacheFilterOptions options) {
    if (!options.place) options.place = in_process([] { return make_lru(CacheCapacity::entries(100)); });
    service = make_cache_filter(options)(fake_service([this](Env& env, const Request& request, Reply reply) {
      requests.push_back(request);
      env.after(ms(10), [this, request, reply = std::move(reply)] { reply(execute(request)); });
    }));
  }
  Result execute(const Request& request) {
    if (fails) return make_error("overloaded", "full");
    if (request.type == "put_many") {
      for (const Value& entry : request.body["entries"].list()) set(entry["key"], entry["value"]);
      return Value(true);
    }
    if (request.type == "put") return set(request.key(), request.body["value"]);
    if (request.type == "delete") return set(request.key(), Value());
    if (request.type == "increment") return set(request.key(), rows[request.key()].number() + 1);
    const auto found = rows.find(request.key());
    if (found == rows.end()) return make_error("not_found", "no such row");
    return found->second;
  }
  Value set(const Value& key, Value value) {
    if (value.is_nil()) {
      rows.erase(key);
    } else {
      rows[key] = std::move(value);
    }
    return true;
  }
  void send(const char* type, Value key, Value value = {}) {
    service->call(env,
                  {.type = type, .body = Value::map({{"key", std::move(key)}, {"value", std::move(value)}})},
                  results.reply(env));
  }
  // To its end, however long it takes.
  Result ask(const char* type, Value key, Value value = {}) {
    const std::size_t before = results.size();
    send(type, std::move(key), std::move(value));
    while (results.size() == before) env.run(ms(1));
    return results.entries.back().result;
  }
  double state(const char* name) { return service->show()[name].number(); }
};

}  // namespace

TEST_CASE("cache filter: a write through the cache is in the store first, and then in the cache",
          "[cache][filter]") {
  Rows s({.write = WriteMode::through});
  s.send("put", "x", 7);
  s.env.run(ms(9));
  CHECK(s.results.size() == 0);
  s.env.run(ms(1));
  CHECK(s.results.size() == 1);
  CHECK(s.rows["x"] == Value(7));
  s.send("get", "x");
  CHECK(s.results.size() == 2);
  CHECK(*s.results.entries.back().result == Value(7));
  CHECK(s.requests.size() == 1);
}

TEST_CASE("cache filter: a write through that fails leaves nothing in the cache", "[cache][filter]") {
  Rows s({.write = WriteMode::through});
  s.rows["x"] = 1;
  CHECK(*s.ask("get", "x") == Value(1));
  s.fails = true;
  CHECK(s.ask("put", "x", 2).error().code == "overloaded");
  s.fails = false;
  s.rows["x"] = 2;  // the store had done it after all
  CHECK(*s.ask("get", "x") == Value(2));
}

TEST_CASE("cache filter: of two writes through at a time neither is kept, whatever order the store chose",
          "[cache][filter]") {
  Rows s({.write = WriteMode::through});
  s.send("put", "x", 1);
  s.env.run(ms(5));
  s.send("put", "x", 2);
  s.env.run(ms(10));
  CHECK(s.state("size") == 0);
  CHECK(*s.ask("get", "x") == Value(2));
}

TEST_CASE("cache filter: a write back is answered at once and reaches the store at the next flush",
          "[cache][filter]") {
  Rows s({.write = WriteMode::back, .flush_interval = ms(100)});
  s.send("put", "x", 1);
  CHECK(s.results.size() == 1);
  CHECK(s.rows.empty());
  CHECK(s.state("dirty") == 1);
  s.send("get", "x");
  CHECK(*s.results.entries.back().result == Value(1));
  s.env.run(ms(110));
  CHECK(s.rows["x"] == Value(1));
  CHECK(s.state("dirty") == 0);
  s.send("get", "x");  // kept since the flush
  CHECK(*s.results.entries.back().result == Value(1));
  REQUIRE(s.requests.size() == 1);
  CHECK(s.requests[0].type == "put");
}

TEST_CASE("cache filter: writes to one key become one, and a batch is one request", "[cache][filter]") {
  Rows s({.write = WriteMode::back, .flush_interval = ms(100), .flush_batch = 4});
  for (int round = 0; round < 10; ++round) {
    for (int key = 1; key <= 6; ++key) s.send("put", key, round);
  }
  CHECK(s.state("coalesced") == 54);
  s.env.run(ms(110));
  REQUIRE(s.requests.size() == 2);
  CHECK(s.requests[0].type == "put_many");
  CHECK(s.requests[0].body["entries"].list().size() == 4);
  CHECK(s.requests[1].body["entries"].list().size() == 2);
  for (int key = 1; key <= 6; ++key) CHECK(s.rows[key] == Value(9));
}

TEST_CASE("cache filter: what is written while its key is flushed is flushed again", "[cache][filter]") {
  Rows s({.write = WriteMode::back, .flush_interval = ms(100)});
  s.send("put", "x", 1);
  s.env.run(ms(105));
  s.send("put", "x", 2);
  s.env.run(ms(10));
  CHECK(s.rows["x"] == Value(1));
  CHECK(s.state("dirty") == 1);
  s.send("get", "x");
  CHECK(*s.results.entries.back().result == Value(2));
  s.env.run(ms(200));
  CHECK(s.rows["x"] == Value(2));
  CHECK(s.state("dirty") == 0);
}

TEST_CASE("cache filter: a flush that fails is tried again", "[cache][filter]") {
  Rows s({.write = WriteMode::back, .flush_interval = ms(100)});
  s.fails = true;
  s.send("put", "x", 1);
  s.env.run(ms(350));
  CHECK(s.state("flush_errors") == 3);
  CHECK(s.state("dirty") == 1);
  s.fails = false;
  s.env.run(ms(100));
  CHECK(s.rows["x"] == Value(1));
  CHECK(s.state("dirty") == 0);
}

TEST_CASE("cache filter: a removal is dirty, too", "[cache][filter]") {
  Rows s({.write = WriteMode::back, .flush_interval = ms(100)});
  s.rows["x"] = 1;
  CHECK(*s.ask("get", "x") == Value(1));
  s.send("delete", "x");
  s.send("get", "x");
  CHECK(s.results.code(s.results.size() - 1) == "not_found");
  s.send("put", "y", 1);
  s.env.run(ms(120));
  CHECK(s.rows.count("x") == 0);
  CHECK(s.rows["y"] == Value(1));
}

TEST_CASE("cache filter: a request it does not understand finds in the store what was written back before",
          "[cache][filter]") {
  Rows s({.write = WriteMode::back, .flush_interval = sec(10)});
  s.send("put", "x", 5);
  CHECK(s.ask("increment", "x").ok());
  CHECK(s.rows["x"] == Value(6));
  CHECK(*s.ask("get", "x") == Value(6));
  CHECK(s.state("dirty") == 0);
  s.send("put", "x", 8);
  s.fails = true;
  CHECK(s.ask("increment", "x").error().code == "overloaded");
  CHECK(s.state("dirty") == 1);
}

TEST_CASE("cache filter: with too much dirty, writes of other keys go around", "[cache][filter]") {
  Rows s({.write = WriteMode::back, .flush_interval = sec(10), .dirty_limit = 2});
  for (const char* key : {"a", "b", "c", "a"}) s.send("put", key, key);
  CHECK(s.results.size() == 3);
  s.env.run(ms(10));
  CHECK(s.results.size() == 4);
  CHECK(s.rows.size() == 1);
  CHECK(s.rows["c"] == Value("c"));
  CHECK(s.state("around") == 1);
}

TEST_CASE("cache filter: the next process counts what the one before it lost", "[cache][filter]") {
  FakeEnv env;
  Results results;
  const CacheFilterOptions options{.place = small_place(), .write = WriteMode::back};
  const auto inner = always(Value(true));
  ServicePtr service = make_cache_filter(options)(inner);
  service->on_start(env);
  for (int key = 0; key < 5; ++key) {
    service->call(env, {.type = "put", .body = Value::map({{"key", key}})}, results.reply(env));
  }
  CHECK(env.metrics().snapshot()["cache_dirty"] == Value(5));
  // The crash: the object is gone, its timers with it; the metrics stay.
  const auto restarted = make_cache_filter(options)(inner);
  restarted->on_start(env);
  CHECK(env.metrics().snapshot()["cache_dirty"] == Value(0));
  CHECK(env.metrics().snapshot()["cache_lost_total"] == Value(5));
  REQUIRE(env.lines.size() == 1);
  CHECK(env.lines[0].text == "the cache lost 5 writes that were not flushed");
}

TEST_CASE("cache filter: nothing there is kept for its own ttl, if one is given", "[cache][filter]") {
  Rows without({});
  CHECK(without.ask("get", "x").error().code == "not_found");
  CHECK(without.ask("get", "x").error().code == "not_found");
  CHECK(without.requests.size() == 2);

  Rows s({.ttl = sec(100), .negative_ttl = ms(50)});
  CHECK(s.ask("get", "x").error().message == "no such row");
  CHECK(s.ask("get", "x").error().message == "no such row");
  CHECK(s.requests.size() == 1);
  CHECK(s.state("negative_hits") == 1);
  s.rows["x"] = 1;
  CHECK_FALSE(s.ask("get", "x").ok());
  s.env.run(ms(50));
  CHECK(*s.ask("get", "x") == Value(1));
  s.ask("delete", "x");
  CHECK_FALSE(s.ask("get", "x").ok());
  s.ask("put", "x", 2);  // a write forgets that there was nothing
  CHECK(*s.ask("get", "x") == Value(2));
}

TEST_CASE("cache filter: jitter shortens ttls, each by another share, never beyond its bound",
          "[cache][filter]") {
  Rows s({.ttl = ms(1000), .jitter = 0.5});
  for (int key = 0; key < 100; ++key) {
    s.rows[key] = key;
    s.send("get", key);
  }
  s.env.run(ms(10));
  const auto misses_now = [&] {
    const std::size_t before = s.requests.size();
    for (int key = 0; key < 100; ++key) s.send("get", key);
    return s.requests.size() - before;
  };
  s.env.run(ms(490));
  CHECK(misses_now() == 0);  // half of the ttl is sure
  s.env.run(ms(250));
  const std::size_t expired = misses_now();  // a ttl of 750 ms or less: half of them
  CHECK(expired > 35);
  CHECK(expired < 65);
}

TEST_CASE("cache filter: a hit is taken for a miss as often as the paper says", "[cache][filter]") {
  // The store takes 10 ms; 15 ms before the end, P(10 ms * beta * Exp(1) >= 15 ms) = exp(-1.5 / beta).
  for (const double beta : {1.0, 3.0}) {
    constexpr int kRounds = 4000;
    Rows s({.ttl = ms(100), .early = beta});
    for (int key = 0; key < kRounds; ++key) {
      s.rows[key] = key;
      s.send("get", key);
    }
    s.env.run(ms(95));
    // Room for 100 entries: the last 100 keys are there.
    for (int round = 0; round < 40; ++round) {
      for (int key = kRounds - 100; key < kRounds; ++key) s.send("get", key);
    }
    const double share = s.state("early") / kRounds;
    CHECK(share == Approx(beta == 1.0 ? 0.2231 : 0.6065).margin(0.03));
  }
}

TEST_CASE("cache filter: ahead of its end a hit is answered and renewed in the background, once",
          "[cache][filter]") {
  Rows s({.ttl = ms(100), .ahead = 0.5});
  s.rows["x"] = 1;
  CHECK(*s.ask("get", "x") == Value(1));
  s.rows["x"] = 2;
  s.env.run(ms(40));
  s.send("get", "x");
  CHECK(s.requests.size() == 1);
  s.env.run(ms(11));
  for (int i = 0; i < 3; ++i) {
    s.send("get", "x");
    CHECK(*s.results.entries.back().result == Value(1));
  }
  CHECK(s.requests.size() == 2);
  s.env.run(ms(10));
  s.send("get", "x");
  CHECK(*s.results.entries.back().result == Value(2));
  s.env.run(ms(49));  // the old one is over 100 ms old, the new one is 49 ms old
  s.send("get", "x");
  CHECK(*s.results.entries.back().result == Value(2));
  CHECK(s.state("renewed") == 1);
  CHECK(s.state("misses") == 1);
}

TEST_CASE("cache filter: with single flight a reader joins the renewal that is under way",
          "[cache][filter]") {
  Rows s({.ttl = ms(100), .ahead = 0.95, .single_flight = true});
  s.rows["x"] = 1;
  s.ask("get", "x");
  s.env.run(ms(96));
  s.send("get", "x");  // answered; renews
  s.env.run(ms(5));
  s.send("get", "x");  // expired: waits for the renewal
  CHECK(s.results.size() == 2);
  s.env.run(ms(5));
  CHECK(s.results.size() == 3);
  CHECK(s.requests.size() == 2);
  CHECK(s.state("joined") == 1);
}

TEST_CASE("cache filter: a reader does not join a read that began before a write has ended",
          "[cache][filter]") {
  FakeEnv env;
  Results results;
  int value = 1;
  // Reads take 50 ms and see what was there when they came; writes take 10 ms.
  const auto inner = fake_service([&](Env& e, const Request& request, Reply reply) {
    if (request.type == "put") value = 2;
    e.after(ms(request.type == "put" ? 10 : 50),
            [reply = std::move(reply), seen = value] { reply(Value(seen)); });
  });
  const auto service = make_cache_filter({.place = small_place(), .single_flight = true})(inner);
  const auto send = [&](const char* type) {
    service->call(env, {.type = type, .body = Value::map({{"key", "x"}})}, results.reply(env));
  };
  send("get");
  send("get");  // joins
  env.run(ms(5));
  send("put");
  env.run(ms(10));
  REQUIRE(results.size() == 1);
  send("get");  // after the write was answered: a read of its own
  send("get");  // joins that one
  env.run(ms(100));
  REQUIRE(results.size() == 5);
  CHECK(inner->requests.size() == 3);
  CHECK(*results.entries[1].result == Value(1));
  CHECK(*results.entries[2].result == Value(1));
  CHECK(*results.entries[3].result == Value(2));
  CHECK(*results.entries[4].result == Value(2));
  CHECK(service->show()["joined"] == Value(2));
}
