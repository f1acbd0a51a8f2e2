#include "core/topic/filter_policy.hpp"

#include <catch2/catch.hpp>

using namespace syslab;
using Dialect = FilterPolicy::Dialect;

namespace {

Value json(std::string_view text) {
  const auto value = Value::parse_json(text);
  REQUIRE(value.ok());
  return *value;
}

bool matches(std::string_view policy, std::string_view document, Dialect dialect = Dialect::event,
             bool nested = true) {
  const auto parsed = FilterPolicy::parse(json(policy), dialect, nested);
  INFO(policy);
  if (!parsed.ok()) UNSCOPED_INFO(parsed.error().message);
  REQUIRE(parsed.ok());
  return parsed->matches(json(document));
}

std::string refusal(std::string_view policy, bool nested = false) {
  const auto parsed = FilterPolicy::parse(json(policy), Dialect::subscription, nested);
  return parsed.ok() ? "ok" : parsed.error().code;
}

}  // namespace

TEST_CASE("filter policy: every operator matches what it should and nothing else", "[topic][filter_policy]") {
  const struct {
    const char* policy;
    const char* yes;
    const char* no;
  } cases[] = {
      {R"({"a":["x"]})", R"({"a":"x","b":1})", R"({"a":"X"})"},
      {R"({"a":["x",5,true,null]})", R"({"a":5})", R"({"a":"5"})"},
      {R"({"a":["x","y"],"b":["z"]})", R"({"a":"y","b":"z"})", R"({"a":"y"})"},
      {R"({"a":[{"prefix":"ab"}]})", R"({"a":"abc"})", R"({"a":"ba"})"},
      {R"({"a":[{"suffix":".png"}]})", R"({"a":"x.png"})", R"({"a":"png"})"},
      {R"({"a":[{"equals-ignore-case":"aBc"}]})", R"({"a":"AbC"})", R"({"a":"abcd"})"},
      {R"({"a":[{"wildcard":"a*b*c"}]})", R"({"a":"axxbyybc"})", R"({"a":"axxb"})"},
      {R"({"a":[{"wildcard":"*"}]})", R"({"a":""})", R"({"a":1})"},
      {R"({"a":[{"anything-but":"x"}]})", R"({"a":"y"})", R"({"a":"x"})"},
      {R"({"a":[{"anything-but":["x",5]}]})", R"({"a":"5"})", R"({"a":5})"},
      {R"({"a":[{"anything-but":{"prefix":"x"}}]})", R"({"a":"y"})", R"({"a":"xy"})"},
      {R"({"a":[{"anything-but":{"suffix":"x"}}]})", R"({"a":"xy"})", R"({"a":"yx"})"},
      {R"({"a":[{"anything-but":"x"}]})", R"({"a":1})", R"({"b":"y"})"},
      {R"({"a":[{"numeric":["=",5]}]})", R"({"a":5.0})", R"({"a":5.1})"},
      {R"({"a":[{"numeric":[">",5]}]})", R"({"a":5.00001})", R"({"a":5})"},
      {R"({"a":[{"numeric":[">=",0,"<",100]}]})", R"({"a":0})", R"({"a":100})"},
      {R"({"a":[{"numeric":["<=",0]}]})", R"({"a":0})", R"({"a":"0"})"},
      {R"({"a":[{"exists":true}]})", R"({"a":false})", R"({"b":1})"},
      {R"({"a":[{"exists":false}]})", R"({"b":1})", R"({"a":1})"},
      {R"({"a":["x",{"exists":false}]})", R"({})", R"({"a":"y"})"},
      {R"({"a":[{"cidr":"10.0.0.0/24"}]})", R"({"a":"10.0.0.255"})", R"({"a":"10.0.1.0"})"},
      {R"({"a":[{"cidr":"10.1.2.3/32"}]})", R"({"a":"10.1.2.3"})", R"({"a":"10.1.2.3.4"})"},
      {R"({"a":[{"cidr":"0.0.0.0/0"}]})", R"({"a":"255.1.2.3"})", R"({"a":"256.1.2.3"})"},
      {R"({"$or":[{"a":["x"]},{"b":["y"]}]})", R"({"b":"y"})", R"({"a":"y"})"},
      {R"({"c":[1],"$or":[{"a":["x"]},{"b":["y"]}]})", R"({"a":"x","c":1})", R"({"a":"x"})"},
      {R"({"a":{"b":{"c":[1]}}})", R"({"a":{"b":{"c":1}}})", R"({"a":{"c":1}})"},
      {R"({"a":["x"]})", R"({"a":["y","x"]})", R"({"a":["y"]})"},
      {R"({"a":[{"anything-but":"x"}]})", R"({"a":["x","y"]})", R"({"a":["x"]})"},
      {R"({"a":{"b":[1]}})", R"({"a":[{"b":2},{"b":1}]})", R"({"a":[{"b":2}]})"},
  };
  // A bus's pattern, a subscription's policy of bodies, and one of attributes, which have nothing below them.
  const struct {
    Dialect dialect;
    bool nested;
  } uses[] = {{Dialect::event, true}, {Dialect::subscription, true}, {Dialect::subscription, false}};
  for (const auto& c : cases) {
    for (const auto& use : uses) {
      if (!use.nested && std::string_view(c.policy).starts_with(R"({"a":{)")) continue;
      INFO(c.policy << (use.dialect == Dialect::event ? ", a pattern"
                        : use.nested                  ? ", a body"
                                                      : ", attributes"));
      CHECK(matches(c.policy, c.yes, use.dialect, use.nested));
      CHECK_FALSE(matches(c.policy, c.no, use.dialect, use.nested));
    }
  }
  CHECK(matches("{}", R"({"a":1})"));
}

TEST_CASE("filter policy: a malformed one has the published error and a reason", "[topic][filter_policy]") {
  for (const char* bad : {R"({"a":"x"})",
                          R"({"a":[]})",
                          R"({"a":[["x"]]})",
                          R"({"a":{"b":["x"]}})",
                          R"({"a":[{"prefix":5}]})",
                          R"({"a":[{"prefix":""}]})",
                          R"({"a":[{"begins":"x"}]})",
                          R"({"a":[{"prefix":"x","suffix":"y"}]})",
                          R"({"a":[{"exists":"yes"}]})",
                          R"({"a":[{"numeric":[]}]})",
                          R"({"a":[{"numeric":["=","5"]}]})",
                          R"({"a":[{"numeric":[">",1,">",2]}]})",
                          R"({"a":[{"numeric":[">",5,"<",2]}]})",
                          R"({"a":[{"cidr":"10.0.0.0"}]})",
                          R"({"a":[{"cidr":"10.0.0/8"}]})",
                          R"({"a":[{"cidr":"10.0.0.0/33"}]})",
                          R"({"a":[{"anything-but":[]}]})",
                          R"({"a":[{"anything-but":[["x"]]}]})",
                          R"({"a":[{"anything-but":{"numeric":["=",1]}}]})",
                          R"({"$or":[{"a":["x"]}]})",
                          R"({"$or":{"a":["x"]}})",
                          R"({"a":[1000000001]})",
                          R"({"a":[{"numeric":["<",-1000000001]}]})",
                          "[]",
                          "5"}) {
    INFO(bad);
    CHECK(refusal(bad) == "InvalidParameter");
  }
  CHECK(refusal(R"({"a":[1000000000,-1000000000]})") == "ok");
  const auto event = FilterPolicy::parse(json(R"({"a":"x"})"), Dialect::event, true);
  REQUIRE_FALSE(event.ok());
  CHECK(event.error().code == "InvalidEventPatternException");
  CHECK(event.error().definite);
}

TEST_CASE("filter policy: at most five keys and 150 combinations; only leaves count",
          "[topic][filter_policy]") {
  CHECK(refusal(R"({"a":[1],"b":[1],"c":[1],"d":[1],"e":[1]})") == "ok");
  CHECK(refusal(R"({"a":[1],"b":[1],"c":[1],"d":[1],"e":[1],"f":[1]})") == "FilterPolicyLimitExceeded");
  CHECK(refusal(R"({"x":{"a":[1],"b":[1],"y":{"c":[1],"d":[1]}},"e":[1]})", true) == "ok");
  CHECK(refusal(R"({"a":[1,2,3,4,5],"b":[1,2,3,4,5],"c":[1,2,3,4,5,6]})") == "ok");  // 150
  CHECK(refusal(R"({"a":[1,2,3,4,5],"b":[1,2,3,4,5],"c":[1,2,3,4,5,6,7]})") == "FilterPolicyLimitExceeded");
  std::string deep, close;
  for (int i = 0; i < 60; ++i) deep += R"({"a":)", close += "}";
  CHECK(refusal(deep + "[1]" + close, true) == "InvalidParameter");
}

TEST_CASE("filter policy: a wildcard with many stars is quick", "[topic][filter_policy]") {
  std::string stars;
  for (int i = 0; i < 200; ++i) stars += "*a";
  const auto policy = FilterPolicy::parse(
      Value::map({{"a", Value::list({Value::map({{"wildcard", stars + "b"}})})}}), Dialect::event, true);
  REQUIRE(policy.ok());
  CHECK_FALSE(policy->matches(Value::map({{"a", std::string(20000, 'a')}})));
}

TEST_CASE("filter policy: a subscription compares numbers with five decimals, a bus exactly",
          "[topic][filter_policy]") {
  const auto matches_in = [](Dialect dialect, std::string_view policy, double n) {
    const auto parsed = FilterPolicy::parse(json(policy), dialect, false);
    REQUIRE(parsed.ok());
    return parsed->matches(Value::map({{"a", n}}));
  };
  CHECK(matches_in(Dialect::subscription, R"({"a":[0.3]})", 0.1 + 0.2));
  CHECK_FALSE(matches_in(Dialect::event, R"({"a":[0.3]})", 0.1 + 0.2));
  CHECK(matches_in(Dialect::subscription, R"({"a":[1.000001]})", 1));
  CHECK_FALSE(matches_in(Dialect::subscription, R"({"a":[1.00001]})", 1));
  CHECK(matches_in(Dialect::subscription, R"({"a":[-1.00001]})", -1.00001));
  CHECK(matches_in(Dialect::subscription, R"({"a":[{"numeric":[">",5]}]})", 5.00001));
  CHECK_FALSE(matches_in(Dialect::subscription, R"({"a":[{"numeric":[">",5]}]})", 5.000001));
  CHECK(matches_in(Dialect::subscription, R"({"a":[{"numeric":[">=",999999999.99999,"<=",1000000000]}]})",
                   1e9));
  CHECK(matches_in(Dialect::subscription, R"({"a":[{"anything-but":0.3}]})", 0.30001));
  CHECK_FALSE(matches_in(Dialect::subscription, R"({"a":[{"anything-but":0.3}]})", 0.1 + 0.2));
}
