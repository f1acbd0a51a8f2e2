#include "core/store/condition.hpp"

#include "tests/store/engine_test.hpp"

using namespace syslab;
using namespace syslab::test;
using Catch::Matchers::Contains;

namespace {

bool holds(const std::string& condition, const std::string& row) {
  const auto parsed = Condition::parse(json(condition));
  if (!parsed) FAIL(parsed.error().message);
  return parsed->holds(json(row));
}
std::string wrong(const std::string& condition) {
  const auto parsed = Condition::parse(json(condition));
  return parsed ? "" : parsed.error().message;
}

}  // namespace

TEST_CASE("condition: each operator holds where it says, and not beside it", "[store][condition]") {
  struct Row {
    const char* test;
    const char* yes;
    const char* no;
  };
  const Row rows[] = {
      {R"(5)", "5", "6"},
      {R"({"equals":{"b":1}})", R"({"b":1})", R"({"b":2})"},
      {R"({"not_equals":5})", "6", "5"},
      {R"({"less":5})", "4", "5"},
      {R"({"less":5})", "-1", "\"4\""},
      {R"({"at_most":5})", "5", "5.5"},
      {R"({"greater":5})", "6", "5"},
      {R"({"at_least":"b"})", "\"b\"", "\"a\""},
      {R"({"between":[2,4]})", "4", "4.1"},
      {R"({"begins_with":"ab"})", "\"abc\"", "\"ba\""},
      {R"({"contains":"bc"})", "\"abcd\"", "\"acbd\""},
      {R"({"contains":2})", "[1,2]", "[1,3]"},
      {R"({"one_of":[1,2]})", "2", "3"},
      {R"({"exists":true,"less":3})", "1", "3"},
  };
  for (const Row& row : rows) {
    const std::string condition = std::string(R"({"a":)") + row.test + "}";
    CAPTURE(condition);
    CHECK(holds(condition, std::string(R"({"a":)") + row.yes + "}"));
    CHECK_FALSE(holds(condition, std::string(R"({"a":)") + row.no + "}"));
  }
}

TEST_CASE("condition: what is absent differs from everything, and fails every other test",
          "[store][condition]") {
  CHECK(holds(R"({"a":{"not_equals":1}})", R"({"b":1})"));
  CHECK(holds(R"({"a":{"not_exists":true}})", R"({"b":1})"));
  CHECK(holds(R"({"a":{"exists":false}})", R"({"b":1})"));
  for (const char* test :
       {"1", R"({"less":1})", R"({"greater":1})", R"({"one_of":[1]})", R"({"exists":true})"}) {
    CHECK_FALSE(holds(std::string(R"({"a":)") + test + "}", R"({"b":1})"));
  }
}

TEST_CASE("condition: a map is all of it, a list one of it, and paths go through maps and lists",
          "[store][condition]") {
  CHECK(holds("{}", "{}"));
  CHECK(holds(R"({"a":1,"b":2})", R"({"a":1,"b":2})"));
  CHECK_FALSE(holds(R"({"a":1,"b":2})", R"({"a":1,"b":3})"));
  CHECK(holds(R"([{"a":1},{"b":2}])", R"({"b":2})"));
  CHECK_FALSE(holds(R"([{"a":1},{"b":2}])", R"({"b":3})"));
  CHECK(holds(R"({"c":0,"or":[{"a":1},{"b":2}],"not":{"d":1}})", R"({"a":1,"c":0})"));
  CHECK_FALSE(holds(R"({"c":0,"or":[{"a":1},{"b":2}],"not":{"d":1}})", R"({"a":1,"c":0,"d":1})"));
  CHECK(holds(R"({"a.b":1})", R"({"a":{"b":1}})"));
  CHECK(holds(R"({"lines.sku":"pen"})", R"({"lines":[{"sku":"ink"},{"sku":"pen"}]})"));
  CHECK_FALSE(holds(R"({"lines.sku":"cap"})", R"({"lines":[{"sku":"ink"},{"sku":"pen"}]})"));
}

TEST_CASE("condition: a mistake is named, with the nearest operator", "[store][condition]") {
  CHECK_THAT(wrong(R"({"a":{"greter":1}})"), Contains("did you mean 'greater'"));
  CHECK_THAT(wrong(R"({"a":{"between":[1]}})"), Contains("two values"));
  CHECK_THAT(wrong(R"({"or":{"a":1}})"), Contains("list of conditions"));
  CHECK_THAT(wrong("5"), Contains("a map of tests"));
}

TEST_CASE("condition: the tests of one table are taken out of those of a join", "[store][condition]") {
  Condition both = *Condition::parse(json(R"({"u.city":"Rome","o.total":{"less":3},"or":[{"u.a":1}]})"));
  const Condition users = both.take("u.");
  REQUIRE(users.tests().size() == 1);
  CHECK(users.tests()[0].path == "city");
  CHECK(both.tests().size() == 1);
  std::vector<std::string> paths;
  both.paths(paths);
  CHECK(paths == std::vector<std::string>{"o.total", "u.a"});
}
