#include "core/queue/exchange.hpp"

#include <catch2/catch.hpp>

using namespace syslab;
using Names = std::vector<std::string>;

TEST_CASE("exchange: direct needs equal keys, fanout none", "[queue][exchange]") {
  Exchange direct(Exchange::Kind::direct), fanout(Exchange::Kind::fanout);
  for (Exchange* e : {&direct, &fanout}) {
    REQUIRE(*e->bind("a", "red"));
    REQUIRE(*e->bind("b", "blue"));
    REQUIRE(*e->bind("c", "red"));
    CHECK_FALSE(*e->bind("c", "red"));
  }
  CHECK(direct.route("red") == Names{"a", "c"});
  CHECK(direct.route("green").empty());
  CHECK(fanout.route("green") == Names{"a", "b", "c"});
  CHECK(direct.unbind("a", "red"));
  CHECK_FALSE(direct.unbind("a", "red"));
  CHECK(direct.route("red") == Names{"c"});
}

TEST_CASE("exchange: topic: a star is one word, a hash is any number", "[queue][exchange]") {
  const struct {
    const char* pattern;
    const char* key;
    bool match;
  } cases[] = {{"#", "", true},           {"#", "a.b.c", true},
               {"*", "a", true},          {"*", "a.b", false},
               {"*.b", "a.b", true},      {"a.*", "a", false},
               {"a.#", "a", true},        {"a.#", "a.b.c", true},
               {"a.#", "b", false},       {"#.z", "z", true},
               {"#.z", "a.b.z", true},    {"#.z", "a.b.y", false},
               {"a.#.z", "a.z", true},    {"a.#.z", "a.b.c.z", true},
               {"a.*.z", "a.z", false},   {"#.#", "a", true},
               {"a.#.b.#", "a.b", true},  {"a.#.b.#", "a.c.b", true},
               {"a.#.b.#", "a.c", false}, {"*.#", "", true},
               {"*.#", "a.b", true},      {"*.stock.#", "us.stock.x.y", true},
               {"a", "*", false},         {"a..b", "a..b", true}};
  for (const auto& c : cases) {
    Exchange e(Exchange::Kind::topic);
    REQUIRE(e.bind("q", c.pattern).ok());
    INFO(c.pattern << " and " << c.key);
    CHECK((e.route(c.key) == Names{"q"}) == c.match);
    REQUIRE(e.unbind("q", c.pattern));
    CHECK(e.route(c.key).empty());
  }
}

TEST_CASE("exchange: topic: many hashes cost no more than the key is long", "[queue][exchange]") {
  Exchange e(Exchange::Kind::topic);
  std::string pattern, key;
  for (int i = 0; i < 60; ++i) pattern += "#.a.";
  for (int i = 0; i < 5000; ++i) key += "a.";
  REQUIRE(e.bind("q", pattern + "z").ok());
  CHECK(e.route(key + "y").empty());
  CHECK(e.route(key + "z") == Names{"q"});
  CHECK(e.bind("q", std::string(256, 'x')).error().code == "precondition_failed");
}

TEST_CASE("exchange: a queue gets a message once, in the order of its oldest binding that matches",
          "[queue][exchange]") {
  Exchange e(Exchange::Kind::topic);
  REQUIRE(e.bind("late", "nothing").ok());
  REQUIRE(e.bind("b", "a.*").ok());
  REQUIRE(e.bind("c", "#").ok());
  REQUIRE(e.bind("late", "a.b").ok());
  REQUIRE(e.bind("b", "#").ok());
  CHECK(e.route("a.b") == Names{"b", "c", "late"});
}

TEST_CASE("exchange: headers match all or any, and x- arguments do not count", "[queue][exchange]") {
  Exchange e(Exchange::Kind::headers);
  REQUIRE(e.bind("all", "", Value::map({{"type", "report"}, {"format", "pdf"}, {"x-owner", "me"}})).ok());
  REQUIRE(e.bind("any", "", Value::map({{"x-match", "any"}, {"type", "report"}, {"format", "pdf"}})).ok());
  REQUIRE(e.bind("empty", "", Value::map({})).ok());
  CHECK(e.route("", Value::map({{"type", "report"}, {"format", "pdf"}, {"more", 1}})) ==
        Names{"all", "any", "empty"});
  CHECK(e.route("", Value::map({{"type", "report"}, {"format", "zip"}})) == Names{"any", "empty"});
  CHECK(e.route("", Value()) == Names{"empty"});
  CHECK_FALSE(e.bind("bad", "", Value::map({{"x-match", "some"}})).ok());
  CHECK_FALSE(e.bind("bad", "", Value("text")).ok());
}
