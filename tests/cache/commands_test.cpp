#include "core/cache/commands.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "core/cache/lru.hpp"

using namespace syslab;

namespace {

struct Server {
  CacheCommands commands;
  Instant now;

  explicit Server(std::uint64_t capacity = 1000, CacheCommandOptions options = {})
      : commands(make_lru(CacheCapacity::bytes(capacity)), options) {}
  Result ask(const char* type, Value::Map body) {
    Request request;
    request.type = type;
    request.body = Value::map(std::move(body));
    return commands.execute(now, request);
  }
  void wait(double seconds) { now = now + from_seconds(seconds); }
};

}  // namespace

TEST_CASE("cache commands: set, get, add, delete", "[cache][servers]") {
  Server s;
  CHECK(*s.ask("get", {{"key", "x"}}) == Value());
  CHECK(*s.ask("set", {{"key", "x"}, {"value", 1}}) == Value(true));
  CHECK(*s.ask("read", {{"key", "x"}}) == Value(1));
  CHECK(*s.ask("add", {{"key", "x"}, {"value", 2}}) == Value(false));
  CHECK(*s.ask("add", {{"key", "y"}, {"payload", "abc"}}) == Value(true));
  CHECK(*s.ask("get", {{"key", "y"}}) == Value("abc"));
  CHECK(*s.ask("delete", {{"key", "x"}}) == Value(true));
  CHECK(*s.ask("delete", {{"key", "x"}}) == Value(false));
  CHECK(*s.ask("flush", {}) == Value(true));
  CHECK(*s.ask("get", {{"key", "y"}}) == Value());
  CHECK(s.commands.show()["hits"] == Value(2));
  CHECK(s.commands.show()["misses"] == Value(2));
}

TEST_CASE("cache commands: an entry lives for its ttl, and one that has expired can be added anew",
          "[cache][servers]") {
  Server s;
  s.ask("set", {{"key", "x"}, {"value", 1}, {"ttl", 10}});
  s.wait(9.999);
  CHECK(*s.ask("get", {{"key", "x"}}) == Value(1));
  CHECK(*s.ask("add", {{"key", "x"}, {"value", 2}}) == Value(false));
  s.wait(0.001);
  CHECK(*s.ask("add", {{"key", "x"}, {"value", 2}}) == Value(true));
  s.wait(1000);
  CHECK(*s.ask("get", {{"key", "x"}}) == Value(2));
  CHECK(s.commands.show()["expired"] == Value(1));
}

TEST_CASE("cache commands: incr counts, and keeps the ttl of what it counts up", "[cache][servers]") {
  Server s;
  CHECK(*s.ask("incr", {{"key", "n"}, {"ttl", 10}}) == Value(1));
  s.wait(6);
  CHECK(*s.ask("incr", {{"key", "n"}, {"by", 5}}) == Value(6));
  s.wait(3.5);
  CHECK(*s.ask("get", {{"key", "n"}}) == Value(6));
  s.wait(0.6);
  CHECK(*s.ask("get", {{"key", "n"}}) == Value());
  s.ask("set", {{"key", "n"}, {"value", "text"}});
  CHECK(s.ask("incr", {{"key", "n"}}).error().code == "conflict");
}

TEST_CASE("cache commands: bad requests are refused and change nothing", "[cache][servers]") {
  Server s;
  s.ask("set", {{"key", "x"}, {"value", 1}});
  CHECK(s.ask("get", {}).error().code == "malformed");
  CHECK(s.ask("get", {{"key", std::nan("")}}).error().code == "malformed");
  CHECK(s.ask("get", {{"key", Value::list({})}}).error().code == "malformed");
  for (const Value& ttl : {Value(0), Value(-1), Value("soon"), Value(std::nan(""))}) {
    CHECK(s.ask("set", {{"key", "x"}, {"value", 2}, {"ttl", ttl}}).error().code == "malformed");
  }
  CHECK(s.ask("incr", {{"key", "x"}, {"by", "one"}}).error().code == "malformed");
  CHECK(s.ask("cas", {{"key", "x"}}).error().code == "not_found");
  CHECK(*s.ask("get", {{"key", "x"}}) == Value(1));
}

TEST_CASE("cache commands: where nothing is evicted, what does not fit is refused", "[cache][servers]") {
  // A number weighs 9 and its key 8, so an entry 27.
  Server s(60, {.overhead_bytes = 10, .evicts = false});
  CHECK(s.ask("set", {{"key", 1}, {"value", 1}}).ok());
  CHECK(s.ask("set", {{"key", 2}, {"value", 1}}).ok());
  CHECK(s.ask("set", {{"key", 3}, {"value", 1}}).error().code == "out_of_memory");
  CHECK(s.ask("set", {{"key", 2}, {"value", 5}}).ok());  // takes the place of the old one
  CHECK(s.ask("set", {{"key", 2}, {"value", std::string(50, 'x')}}).error().code == "out_of_memory");
  CHECK(*s.ask("get", {{"key", 2}}) == Value(5));
  CHECK(*s.ask("get", {{"key", 1}}) == Value(1));
  s.ask("delete", {{"key", 1}});
  CHECK(s.ask("set", {{"key", 3}, {"value", 1}}).ok());

  Server evicts(60, {.overhead_bytes = 10, .evicts = true});
  for (int key = 1; key <= 3; ++key) CHECK(evicts.ask("set", {{"key", key}, {"value", 1}}).ok());
  CHECK(*evicts.ask("get", {{"key", 1}}) == Value());
  CHECK(evicts.ask("set", {{"key", 1}, {"value", std::string(100, 'x')}}).error().code == "out_of_memory");
}

TEST_CASE("cache commands: a snapshot carries values, order and what is left of the ttls",
          "[cache][servers]") {
  Server s;
  s.ask("set", {{"key", "a"}, {"value", 1}, {"ttl", 10}});
  s.ask("set", {{"key", "b"}, {"value", 2}});
  s.ask("set", {{"key", "c"}, {"value", 3}, {"ttl", 4}});
  s.wait(5);
  Server other;
  other.wait(100);
  other.ask("set", {{"key", "z"}, {"value", 1}});
  other.commands.restore(other.now, s.commands.snapshot(s.now));
  CHECK(other.commands.cache().keys() == std::vector<Value>{"b", "a"});
  other.wait(4.9);
  CHECK(*other.ask("get", {{"key", "a"}}) == Value(1));
  other.wait(0.2);
  CHECK(*other.ask("get", {{"key", "a"}}) == Value());
}

TEST_CASE("cache commands: a lease is for one reader, for its time, and a write makes it void",
          "[cache][servers]") {
  Server s;
  const auto get = [&] { return *s.ask("get", {{"key", "x"}, {"lease", 10}}); };
  CHECK(get() == Value::map({{"lease", 1}}));
  CHECK(get() == Value::map({{"lease", 0}}));
  CHECK(*s.ask("set", {{"key", "x"}, {"value", "other"}, {"lease", 7}}) == Value(false));
  CHECK(*s.ask("set", {{"key", "x"}, {"value", "read"}, {"lease", 1}}) == Value(true));
  CHECK(get() == Value::map({{"value", "read"}}));
  CHECK(*s.ask("set", {{"key", "x"}, {"value", "again"}, {"lease", 1}}) == Value(false));

  s.ask("delete", {{"key", "x"}});
  CHECK(get() == Value::map({{"lease", 2}}));
  s.ask("delete", {{"key", "x"}});  // somebody writes the row
  CHECK(*s.ask("set", {{"key", "x"}, {"value", "old"}, {"lease", 2}}) == Value(false));
  CHECK(get() == Value::map({{"lease", 3}}));
  s.ask("set", {{"key", "x"}, {"value", "written"}});
  CHECK(*s.ask("set", {{"key", "x"}, {"value", "old"}, {"lease", 3}}) == Value(false));
  CHECK(get() == Value::map({{"value", "written"}}));

  s.ask("flush", {});
  CHECK(get() == Value::map({{"lease", 4}}));
  s.wait(10);  // its reader has died
  CHECK(get() == Value::map({{"lease", 5}}));
  CHECK(*s.ask("set", {{"key", "x"}, {"value", "late"}, {"lease", 4}}) == Value(false));
  CHECK(*s.ask("set", {{"key", "x"}, {"value", "read"}, {"lease", 5}}) == Value(true));
  CHECK(s.ask("get", {{"key", "x"}, {"lease", 0}}).error().code == "malformed");
}
