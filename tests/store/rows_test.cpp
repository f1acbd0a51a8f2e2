#include "core/store/rows.hpp"

#include <catch2/catch.hpp>

#include "tests/runtime/fake_env.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

struct Setup {
  FakeEnv env;
  Results results;
  std::shared_ptr<FakeService> inner = always_after(ms(10), Value("inner"));
  ServicePtr rows;

  explicit Setup(RowsOptions options = {}) : rows(make_rows_filter(options)(inner)) {}
  Result ask(const char* type, Value::Map body) {
    rows->call(env, {.type = type, .body = Value::map(std::move(body))}, results.reply(env));
    env.run(sec(1));
    return results.entries.back().result;
  }
};

}  // namespace

TEST_CASE("rows: a row is what was written last, and each request costs what the service inside costs",
          "[store][rows]") {
  Setup s;
  CHECK(s.ask("get", {{"key", "x"}}).error().code == "not_found");
  CHECK(s.results.entries.back().at == Instant(ms(10)));
  CHECK(*s.ask("put", {{"key", "x"}, {"value", 1}}) == Value(true));
  CHECK(*s.ask("write", {{"key", "x"}, {"payload", "abc"}}) == Value(true));
  CHECK(*s.ask("read", {{"key", "x"}}) == Value("abc"));
  CHECK(*s.ask("set", {{"key", 5}}) == Value(true));
  CHECK(*s.ask("get", {{"key", 5}}) == Value(true));
  CHECK(s.ask("get", {{"key", "6"}}).error().code == "not_found");
  CHECK(*s.ask("delete", {{"key", "x"}}) == Value(true));
  CHECK_FALSE(s.ask("get", {{"key", "x"}}).ok());
  CHECK(s.inner->requests.size() == 9);
}

TEST_CASE("rows: rows are on the disk, so the next process finds them", "[store][rows]") {
  Setup s;
  s.ask("put", {{"key", "x"}, {"value", 1}});
  s.rows = make_rows_filter({})(s.inner);
  CHECK(*s.ask("get", {{"key", "x"}}) == Value(1));
}

TEST_CASE("rows: the first rows are there from the beginning, and stay deleted", "[store][rows]") {
  Setup s({.rows = 3});
  CHECK(*s.ask("get", {{"key", 3}}) == Value(3));
  for (const Value& none : {Value(0), Value(4), Value(2.5), Value("3")})
    CHECK_FALSE(s.ask("get", {{"key", none}}).ok());
  s.ask("delete", {{"key", 3}});
  CHECK_FALSE(s.ask("get", {{"key", 3}}).ok());
  s.ask("put", {{"key", 3}, {"value", false}});
  CHECK(*s.ask("get", {{"key", 3}}) == Value(false));
  Setup wide({.rows = 1, .row_bytes = 100});
  CHECK(wide.ask("get", {{"key", 1}})->string().size() == 100);
}

TEST_CASE("rows: cas stores where the row is as expected, and of two at once one loses", "[store][rows]") {
  Setup s;
  CHECK(s.ask("cas", {{"key", "x"}, {"expected", 1}, {"value", 2}}).error().code == "conflict");
  CHECK(s.ask("cas", {{"key", "x"}, {"value", 1}}).ok());
  const auto cas = [&](int value) {
    const Value body = Value::map({{"key", "x"}, {"expected", 1}, {"value", value}});
    s.rows->call(s.env, {.type = "cas", .body = body}, s.results.reply(s.env));
  };
  cas(2);
  cas(3);
  s.env.run(sec(1));
  CHECK(s.results.count("conflict") == 2);
  CHECK(*s.ask("get", {{"key", "x"}}) == Value(2));
}

TEST_CASE("rows: put_many is one request, and each further row costs its time", "[store][rows]") {
  Setup s({.row_time = ms(3)});
  s.ask("put", {{"key", "b"}, {"value", 9}});
  const auto entry = [](const char* key, Value value) {
    return Value::map({{"key", key}, {"value", std::move(value)}});
  };
  const Instant began = s.env.now();
  CHECK(*s.ask("put_many", {{"entries", Value::list({entry("a", 1), entry("b", Value()), entry("c", 3)})}}) ==
        Value(3));
  CHECK(s.results.entries.back().at == began + ms(16));
  CHECK(*s.ask("get", {{"key", "a"}}) == Value(1));
  CHECK_FALSE(s.ask("get", {{"key", "b"}}).ok());
  CHECK(s.rows->show()["writes"] == Value(4));
}

TEST_CASE("rows: what it does not know, and what the service refuses, is answered by the service",
          "[store][rows]") {
  Setup s;
  CHECK(*s.ask("dance", {{"key", "x"}}) == Value("inner"));
  CHECK(*s.ask("get", {}) == Value("inner"));
  CHECK(*s.ask("put_many", {{"entries", Value::list({Value(1)})}}) == Value("inner"));
  FakeEnv env;
  Results results;
  const ServicePtr full = make_rows_filter({})(always(make_error("overloaded", "full")));
  full->call(env, {.type = "put", .body = Value::map({{"key", "x"}})}, results.reply(env));
  CHECK(results.code(0) == "overloaded");
  CHECK_FALSE(env.disk().peek("x").ok());
}

TEST_CASE("rows: a number and a text that looks like it are two rows", "[store][rows]") {
  Setup s({.rows = 9});
  s.ask("put", {{"key", "5"}, {"value", "text"}});
  CHECK(*s.ask("get", {{"key", 5}}) == Value(5));
  s.ask("put", {{"key", 5}, {"value", "number"}});
  s.ask("put", {{"key", "\"5\""}, {"value", "quoted"}});
  CHECK(*s.ask("get", {{"key", "5"}}) == Value("text"));
  CHECK(*s.ask("get", {{"key", 5}}) == Value("number"));
  CHECK(*s.ask("get", {{"key", "\"5\""}}) == Value("quoted"));
}
