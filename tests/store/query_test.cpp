#include "core/store/query.hpp"

#include "core/store/row_index.hpp"
#include "tests/store/engine_test.hpp"

using namespace syslab;
using namespace syslab::test;
using Catch::Matchers::Contains;

namespace {

std::string run(const std::string& tail, const std::string& rows) {
  const auto parsed = QueryTail::parse(json(tail));
  if (!parsed) FAIL(parsed.error().message);
  return Value::list(parsed->run(json(rows).list())).json();
}
std::string wrong(const std::string& tail) {
  const auto parsed = QueryTail::parse(json(tail));
  return parsed ? "" : parsed.error().message;
}

constexpr char kRows[] = R"([{"a":1,"b":"x"},{"a":3,"b":"y"},{"a":2,"b":"x"},{"b":"y"}])";

}  // namespace

TEST_CASE("query: rows are ordered, cut and shown", "[store][query]") {
  CHECK(run(R"({"order":["-a"],"limit":2})", kRows) == R"([{"a":3,"b":"y"},{"a":2,"b":"x"}])");
  CHECK(run(R"({"order":["b","-a"],"columns":["a"],"offset":1})", kRows) == R"([{"a":1},{"a":3},{}])");
  CHECK(run(R"({"columns":{"z":"b"},"limit":1})", kRows) == R"([{"z":"x"}])");
  CHECK(run(R"({"limit":0})", kRows) == "[]");
}

TEST_CASE("query: groups are computed over the rows that have a value", "[store][query]") {
  CHECK(run(R"({"group":"b","compute":{"n":"count","s":["sum","a"],"c":["count","a"],"m":["average","a"]}})",
            kRows) == R"([{"b":"x","c":2,"m":1.5,"n":2,"s":3},{"b":"y","c":1,"m":3,"n":2,"s":3}])");
  CHECK(run(R"({"compute":{"d":["distinct","b"],"lo":["min","a"],"hi":["max","a"]}})", kRows) ==
        R"([{"d":2,"hi":3,"lo":1}])");
  CHECK(run(R"({"compute":{"n":"count"}})", "[]") == R"([{"n":0}])");
  CHECK(run(R"({"group":["u.c"],"compute":{"n":"count"},"having":{"n":{"greater":1}}})",
            R"([{"u":{"c":1}},{"u":{"c":2}},{"u":{"c":1}}])") == R"([{"n":2,"u":{"c":1}}])");
}

TEST_CASE("query: mistakes are named", "[store][query]") {
  CHECK_THAT(wrong(R"({"compute":{"n":["cuont"]}})"), Contains("did you mean 'count'"));
  CHECK_THAT(wrong(R"({"compute":{"n":["sum"]}})"), Contains("needs a column"));
  CHECK_THAT(wrong(R"({"having":{"n":1}})"), Contains("use 'where'"));
  CHECK_THAT(wrong(R"({"limit":-1})"), Contains("from 0"));
  CHECK_THAT(wrong(R"({"order":[1]})"), Contains("list of names"));
}

TEST_CASE("row index: a range finds what a look at every row finds", "[store][row_index]") {
  RowIndex index("i", {"a", "b"}, false);
  std::vector<Value> rows;
  for (int i = 0; i < 60; ++i) {
    Value row = Value::map({{"a", i % 4}, {"b", i % 7 == 0 ? Value("t" + std::to_string(i)) : Value(i % 5)}});
    for (const Value& key : index.keys_of(row)) index.add(key, static_cast<RowId>(i));
    rows.push_back(row);
  }
  for (const char* text :
       {R"({"a":2})", R"({"a":2,"b":3})", R"({"a":{"less":2}})", R"({"a":{"at_most":1}})",
        R"({"a":{"greater":2}})", R"({"a":{"between":[1,2]}})", R"({"a":1,"b":{"less":2}})",
        R"({"a":1,"b":{"begins_with":"t"}})", R"({"a":{"one_of":[3,1,3]},"b":{"at_least":2}})",
        R"({"a":3,"b":{"greater":1,"less":4}})", R"({"a":9})"}) {
    CAPTURE(text);
    const Condition where = *Condition::parse(json(text));
    const auto access = index.access(where);
    CHECK(access.score() > 0);
    std::vector<RowId> found = index.find(access), expected;
    std::erase_if(found, [&](RowId id) { return !where.holds(rows[id]); });
    std::sort(found.begin(), found.end());
    for (RowId id = 0; id < rows.size(); ++id) {
      if (where.holds(rows[id])) expected.push_back(id);
    }
    CHECK(found == expected);
  }
  CHECK(index.access(*Condition::parse(json(R"({"b":1})"))).score() == 0);
}
