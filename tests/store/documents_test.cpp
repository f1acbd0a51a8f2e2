#include "core/store/documents.hpp"

#include "tests/store/engine_test.hpp"

using namespace syslab;
using namespace syslab::test;
using Catch::Matchers::Contains;

namespace {

// Two orders with embedded lines, and users that they reference.
Documents shop() {
  Documents d;
  get(d, "insert",
      R"({"collection":"users","documents":[{"id":"ann","city":"Rome"},{"id":"bob","city":"Oslo"}]})");
  get(d, "insert", R"({"collection":"orders","documents":[
    {"id":1,"user":"ann","lines":[{"sku":"pen","n":2},{"sku":"ink","n":1}]},
    {"id":2,"user":"bob","lines":[{"sku":"pen","n":5}]},
    {"id":3,"user":"eve","lines":[]}]})");
  return d;
}

std::string found(Documents& d, const std::string& rest) {
  std::string out;
  const Value all = get(d, "find", R"({"collection":"orders")" + rest + "}");
  for (const Value& one : all.list()) out += one["id"].json() + " ";
  return out;
}

}  // namespace

TEST_CASE("documents: conditions reach into maps and lists, and need no schema", "[store][documents]") {
  Documents d = shop();
  CHECK(found(d, R"(,"where":{"lines.sku":"pen"})") == "1 2 ");
  CHECK(found(d, R"(,"where":{"lines.n":{"at_least":5}})") == "2 ");
  CHECK(found(d, R"(,"order":["-id"],"limit":2)") == "3 2 ");
  get(d, "insert", R"({"collection":"orders","document":{"id":"odd","rating":{"stars":5}}})");
  CHECK(found(d, R"(,"where":{"rating.stars":{"exists":true}})") == "\"odd\" ");
  CHECK(get(d, "find", R"({"collection":"orders","where":{"id":1},"columns":["user"]})") ==
        json(R"([{"user":"ann"}])"));
}

TEST_CASE("documents: an index through a list reads what it finds, and follows changes",
          "[store][documents]") {
  Documents d = shop();
  const char* pens = R"({"collection":"orders","where":{"lines.sku":"ink"}})";
  CHECK(get(d, "explain", pens)["rows_read"] == Value(3));
  get(d, "create_index", R"({"collection":"orders","path":"lines.sku"})");
  const Value plan = get(d, "explain", pens);
  CHECK(plan["rows_read"] == Value(1));
  CHECK(plan["plan"].list()[0]["index"] == Value("lines.sku"));
  get(d, "update", R"({"collection":"orders","where":{"id":3},"push":{"lines":{"sku":"ink","n":9}}})");
  CHECK(found(d, R"(,"where":{"lines.sku":"ink"})") == "1 3 ");
  get(d, "update", R"({"collection":"orders","where":{"id":1},"set":{"lines":[]}})");
  CHECK(found(d, R"(,"where":{"lines.sku":"ink"})") == "3 ");
  get(d, "delete", R"({"collection":"orders","where":{"id":3}})");
  CHECK(found(d, R"(,"where":{"lines.sku":"ink"})").empty());
  get(d, "drop_index", R"({"collection":"orders","path":"lines.sku"})");
  CHECK(code(d, "drop_index", R"({"collection":"orders","path":"lines.sku"})") == "IndexNotFound");
}

TEST_CASE("documents: an update sets, adds, pushes and removes at paths", "[store][documents]") {
  Documents d = shop();
  get(d, "update", R"({"collection":"users","where":{"id":"ann"},"set":{"address.zip":7,"city":"Bari"},
    "add":{"orders":2},"push":{"tags":"vip"}})");
  CHECK(get(d, "find", R"({"collection":"users","where":{"id":"ann"}})").list()[0] ==
        json(R"({"address":{"zip":7},"city":"Bari","id":"ann","orders":2,"tags":["vip"]})"));
  get(d, "update",
      R"({"collection":"users","where":{"id":"ann"},"remove":["address.zip","tags"],"add":{"orders":-1}})");
  CHECK(get(d, "find", R"({"collection":"users","where":{"id":"ann"}})").list()[0] ==
        json(R"({"address":{},"city":"Bari","id":"ann","orders":1})"));
  CHECK(code(d, "update", R"({"collection":"users","set":{"id":1}})") == "ImmutableField");
}

TEST_CASE("documents: a lookup puts referenced documents in, and a reference may lead nowhere",
          "[store][documents]") {
  Documents d = shop();
  const Value joined = get(d, "lookup", R"({"collection":"orders","from":"users","path":"user","into":"user",
    "order":["id"]})");
  CHECK(joined.list()[0]["user"]["city"] == Value("Rome"));
  CHECK(joined.list()[2]["user"].is_nil());  // nothing keeps eve from being gone
  CHECK(
      get(d, "lookup", R"({"collection":"orders","from":"users","path":"user","into":"user","where":{"id":2},
    "group":["user.city"],"compute":{"n":"count"}})") == json(R"([{"n":1,"user":{"city":"Oslo"}}])"));
}

TEST_CASE("documents: ids and unique indexes are unique, and an insert is all or nothing",
          "[store][documents]") {
  Documents d = shop();
  CHECK(code(d, "insert", R"({"collection":"users","documents":[{"id":"new"},{"id":"ann"}]})") ==
        "DuplicateKey");
  CHECK(get(d, "find", R"({"collection":"users"})").list().size() == 2);
  get(d, "create_index", R"({"collection":"users","path":"city","unique":true})");
  CHECK(code(d, "insert", R"({"collection":"users","document":{"city":"Rome"}})") == "DuplicateKey");
  CHECK(code(d, "insert", R"({"collection":"users","document":{"city":"Bonn"}})") == "");
  CHECK(code(d, "create_index", R"({"collection":"users","path":"city"})") == "IndexAlreadyExists");
  DocumentsOptions small;
  small.document_bytes = 50;
  Documents s(small);
  CHECK(code(s, "insert", R"({"collection":"x","document":{"text":")" + std::string(60, '.') + R"("}})") ==
        "BSONObjectTooLarge");
}

TEST_CASE("documents: mistakes are named", "[store][documents]") {
  Documents d;
  CHECK_THAT(ask(d, "find", R"({"colection":"x"})").error().message, Contains("did you mean 'collection'"));
  CHECK_THAT(ask(d, "find", R"({"collection":"x","where":{"a":{"lss":1}}})").error().message,
             Contains("did you mean 'less'"));
  CHECK_THAT(ask(d, "find", R"({"collection":"x","compute":{"a":["smu","b"]}})").error().message,
             Contains("did you mean 'sum'"));
}
