#include "core/store/database.hpp"

#include "core/store/documents.hpp"
#include "core/store/relational.hpp"
#include "core/store/table.hpp"
#include "tests/runtime/fake_env.hpp"
#include "tests/store/engine_test.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

// A database with one engine of each kind.
struct Setup {
  FakeEnv env;
  Results results;
  std::shared_ptr<FakeService> inner = always_after(ms(10), Value("inner"));
  DatabaseOptions options;
  ServicePtr db;

  explicit Setup(DatabaseOptions given = {}) : options(std::move(given)) {
    TableOptions small;
    small.write_units = 30;
    small.limits.burst_seconds = 1;
    options.holds = {{"carts", std::make_shared<Table>(small)},
                     {"shop", std::make_shared<Relational>()},
                     {"notes", std::make_shared<Documents>()}};
    restart();
    ask("create_table",
        R"({"in":"shop","name":"t","columns":{"id":"integer","v":"integer"},"primary_key":"id"})");
  }
  void restart() {
    db = make_database(options)(inner);
    db->on_start(env);
  }
  void send(const char* type, const std::string& body) {
    db->call(env, {.type = type, .body = json(body)}, results.reply(env));
  }
  Result ask(const char* type, const std::string& body) {
    send(type, body);
    env.run(sec(1));
    return results.entries.back().result;
  }
};

}  // namespace

TEST_CASE("database: each engine answers its verbs, and the service inside says what a request costs",
          "[store][database]") {
  Setup s;
  const std::size_t before = s.inner->requests.size();
  CHECK(s.ask("put", R"({"in":"carts","item":{"id":1}})").ok());
  CHECK((*s.ask("find", R"({"in":"notes","collection":"none"})")).list().empty());
  CHECK((*s.ask("insert", R"({"in":"shop","table":"t","row":{"id":1}})"))["inserted"] == Value(1));
  CHECK(s.inner->requests.size() == before + 3);
  CHECK(*s.ask("dance", R"({"in":"shop"})") == Value("inner"));
  CHECK(*s.ask("select", R"({"table":"t"})") == Value("inner"));  // of three engines, which?
  CHECK(s.ask("select", R"({"in":"shpo","table":"t"})").error().code == "not_found");
  CHECK(s.ask("select", R"({"in":"shop","tabel":"t"})").error().code == "malformed");
}

TEST_CASE("database: rows cost a worker its time, and the next request waits for it", "[store][database]") {
  Setup s({.row_time = ms(2)});
  for (int i = 1; i <= 10; ++i)
    s.ask("insert", R"({"in":"shop","table":"t","row":{"id":)" + std::to_string(i) + "}}");
  const Instant began = s.env.now();
  s.send("select", R"({"in":"shop","table":"t"})");
  s.send("select", R"({"in":"shop","table":"t","where":{"id":3}})");
  s.env.run(sec(1));
  const auto& entries = s.results.entries;
  CHECK(entries[entries.size() - 2].at - began == ms(10 + 20));
  CHECK(entries.back().at - began == ms(10 + 20 + 2));
}

TEST_CASE("database: what was answered is there after a crash, and what was not committed is not",
          "[store][database]") {
  Setup s;
  s.ask("put", R"({"in":"carts","item":{"id":1,"n":5}})");
  s.ask("insert", R"({"in":"notes","collection":"c","document":{"text":"x"}})");
  s.ask("insert", R"({"in":"shop","table":"t","row":{"id":1,"v":1}})");
  const std::string kept = (*s.ask("begin", R"({"in":"shop"})"))["tx"].json();
  s.ask("update", R"({"in":"shop","table":"t","set":{"v":2},"tx":)" + kept + "}");
  s.ask("commit", R"({"in":"shop","tx":)" + kept + "}");
  const std::string open = (*s.ask("begin", R"({"in":"shop"})"))["tx"].json();
  s.ask("update", R"({"in":"shop","table":"t","set":{"v":3},"tx":)" + open + "}");
  s.restart();
  CHECK((*s.ask("get", R"({"in":"carts","key":{"id":1}})"))["item"]["n"] == Value(5));
  CHECK((*s.ask("find", R"({"in":"notes","collection":"c"})")).list().size() == 1);
  CHECK((*s.ask("select", R"({"in":"shop","table":"t"})")).list()[0]["v"] == Value(2));
  CHECK(s.ask("commit", R"({"in":"shop","tx":)" + open + "}").error().code == "no_active_sql_transaction");
  // A row that the lost transaction had locked is free, and numbers are not given twice.
  CHECK(s.ask("update", R"({"in":"shop","table":"t","set":{"v":4}})").ok());
  CHECK((*s.ask("begin", R"({"in":"shop"})"))["tx"].json() != open);
}

TEST_CASE("database: the log has the order in which things happened, not that in which they were answered",
          "[store][database]") {
  Setup s({.row_time = ms(10), .workers = 2});
  for (int i = 1; i <= 9; ++i)
    s.ask("insert", R"({"in":"shop","table":"t","row":{"id":)" + std::to_string(i) + "}}");
  // All rows take the first one long; the second is answered before it.
  s.send("update", R"({"in":"shop","table":"t","set":{"v":1}})");
  s.send("update", R"({"in":"shop","table":"t","where":{"id":5},"set":{"v":2}})");
  s.env.run(sec(1));
  const std::string rows = R"({"in":"shop","table":"t","where":{"v":2}})";
  CHECK((*s.ask("select", rows)).list().size() == 1);
  s.restart();
  CHECK((*s.ask("select", rows)).list().size() == 1);
}

TEST_CASE("database: what one crash ended stays ended at the next one", "[store][database]") {
  Setup s;
  s.ask("insert", R"({"in":"shop","table":"t","row":{"id":1,"v":1}})");
  const std::string open = (*s.ask("begin", R"({"in":"shop"})"))["tx"].json();
  s.ask("update", R"({"in":"shop","table":"t","set":{"v":2},"tx":)" + open + "}");
  s.restart();
  CHECK(s.ask("update", R"({"in":"shop","table":"t","set":{"v":3}})").ok());
  s.restart();
  CHECK((*s.ask("select", R"({"in":"shop","table":"t"})")).list()[0]["v"] == Value(3));
}

TEST_CASE("database: what a batch was refused is not done when the log is carried out", "[store][database]") {
  Setup s;
  s.ask("put", R"({"in":"carts","item":{"id":0}})");
  // The bucket has 30 units; those that fail cost theirs, and are not in the log.
  for (int i = 0; i < 25; ++i)
    s.send("update", R"({"in":"carts","key":{"id":0},"condition":{"x":1},"set":{"x":1}})");
  std::string puts;
  for (int i = 1; i <= 25; ++i)
    puts += (i > 1 ? "," : "") + std::string(R"({"id":)") + std::to_string(i) + "}";
  const Value batch = *s.ask("batch_write", R"({"in":"carts","puts":[)" + puts + "]}");
  const std::size_t refused = batch["unprocessed_puts"].list().size();
  CHECK(refused > 0);
  s.restart();
  CHECK((*s.ask("scan", R"({"in":"carts","strong":true})"))["items"].list().size() == 26 - refused);
}

TEST_CASE("database: who closed a circle of waits fails again when the log is carried out",
          "[store][database]") {
  Setup s;
  s.ask("insert", R"({"in":"shop","table":"t","rows":[{"id":1,"v":0},{"id":2,"v":0}]})");
  const std::string one = (*s.ask("begin", R"({"in":"shop"})"))["tx"].json();
  const std::string two = (*s.ask("begin", R"({"in":"shop"})"))["tx"].json();
  const auto add = [&](const std::string& tx, int id) {
    return R"({"in":"shop","table":"t","add":{"v":1},"where":{"id":)" + std::to_string(id) + R"(},"tx":)" +
           tx + "}";
  };
  s.ask("update", add(one, 1));
  s.ask("update", add(two, 2));
  s.send("update", add(one, 2));
  s.env.run(sec(1));
  s.send("update", add(two, 1));
  s.env.run(sec(1));
  CHECK(s.results.count("deadlock_detected") == 1);
  CHECK(s.ask("commit", R"({"in":"shop","tx":)" + one + "}").ok());
  s.restart();
  const Value rows = *s.ask("select", R"({"in":"shop","table":"t"})");
  CHECK(rows == json(R"([{"id":1,"v":1},{"id":2,"v":1}])"));
}

TEST_CASE("database: a failed statement ends its transaction in the log, too", "[store][database]") {
  Setup s;
  s.ask("insert", R"({"in":"shop","table":"t","row":{"id":1,"v":1}})");
  const std::string failed = (*s.ask("begin", R"({"in":"shop"})"))["tx"].json();
  s.ask("update", R"({"in":"shop","table":"t","set":{"v":2},"tx":)" + failed + "}");
  CHECK(s.ask("insert", R"({"in":"shop","table":"t","row":{"id":1},"tx":)" + failed + "}").error().code ==
        "unique_violation");
  s.ask("update", R"({"in":"shop","table":"t","add":{"v":10}})");
  s.restart();
  CHECK((*s.ask("select", R"({"in":"shop","table":"t"})")).list()[0]["v"] == Value(11));
}

TEST_CASE("database: a request that waits for a lock is answered when it is free", "[store][database]") {
  Setup s;
  s.ask("insert", R"({"in":"shop","table":"t","row":{"id":1,"v":1}})");
  const std::string tx = (*s.ask("begin", R"({"in":"shop"})"))["tx"].json();
  s.ask("update", R"({"in":"shop","table":"t","set":{"v":2},"tx":)" + tx + "}");
  const std::size_t before = s.results.entries.size();
  s.send("update", R"({"in":"shop","table":"t","add":{"v":10}})");
  s.env.run(sec(5));
  CHECK(s.results.entries.size() == before);
  s.send("commit", R"({"in":"shop","tx":)" + tx + "}");
  s.env.run(sec(1));
  CHECK(s.results.entries.size() == before + 2);
  CHECK((*s.ask("select", R"({"in":"shop","table":"t"})")).list()[0]["v"] == Value(12));
}

TEST_CASE("database: what is not durable is gone with the process", "[store][database]") {
  Setup s({.durable = false});
  s.ask("put", R"({"in":"carts","item":{"id":1}})");
  s.restart();
  CHECK((*s.ask("get", R"({"in":"carts","key":{"id":1}})"))["item"].is_nil());
}
