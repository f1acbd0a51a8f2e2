#include "core/store/table.hpp"

#include "core/base/rng.hpp"
#include "tests/store/engine_test.hpp"

using namespace syslab;
using namespace syslab::test;
using Catch::Matchers::Contains;

namespace {

TableIndexOptions index(const std::string& name, bool global, const std::string& description,
                        const TableOptions& table) {
  auto made = table_index(name, global, json(description), table);
  if (!made) FAIL(made.error().message);
  return *made;
}

// One partition, lots of capacity.
TableOptions ample() {
  TableOptions o;
  o.partition_key = "p";
  o.sort_key = "s";
  o.read_units = 2000;
  o.write_units = 400;
  return o;
}

std::string items(const Value& answer, const char* attribute = "s") {
  std::string out;
  for (const Value& item : answer["items"].list()) out += item[attribute].json() + " ";
  return out;
}

}  // namespace

TEST_CASE("table: an item counts as its names and values, numbers as half a byte a digit and one",
          "[store][table]") {
  // DynamoDB developer guide, "Item sizes and formats".
  CHECK(item_bytes(json(R"({"ab":"xyz"})")) == 5);
  CHECK(item_bytes(json(R"({"n":12345})")) == 1 + 4);
  CHECK(item_bytes(json(R"({"b":true})")) == 2);
  CHECK(item_bytes(json(R"({"l":["x","y"]})")) == 1 + 3 + 2 + 2);
  CHECK(item_bytes(json(R"({"m":{"k":"v"}})")) == 1 + 3 + 1 + 1 + 1);
}

TEST_CASE(
    "table: units are a write for each KiB, a read for each 4 KiB, half of it if eventual, twice in a "
    "transaction",
    "[store][table]") {
  TableOptions o = ample();
  o.sort_key = "";
  Table t(o);
  // "p" and "x" are 2 bytes, the key 1: 3 KiB and one byte are 4 units.
  const std::string body(3 * 1024 - 2, '.');
  CHECK(get(t, "put", R"({"item":{"p":"a","x":")" + body + R"("}})")["units"] == Value(4));
  CHECK(get(t, "get", R"({"key":{"p":"a"},"strong":true})")["units"] == Value(1));
  CHECK(get(t, "get", R"({"key":{"p":"a"}})", 1)["units"] == Value(0.5));
  CHECK(get(t, "get", R"({"key":{"p":"none"}})", 1)["units"] == Value(0.5));
  CHECK(get(t, "transact_get", R"({"keys":[{"p":"a"}]})", 1)["units"] == Value(2));
  CHECK(get(t, "transact_write", R"({"writes":[{"put":{"p":"b"}},{"delete":{"p":"a"}}]})", 1)["units"] ==
        Value(2 * (1 + 4)));
  // A small item in place of a large one still pays for the large one.
  get(t, "put", R"({"item":{"p":"c","x":")" + body + R"("}})", 2);
  CHECK(get(t, "put", R"({"item":{"p":"c"}})", 2)["units"] == Value(4));
  t.check_invariants(at(3));
}

TEST_CASE("table: an eventual read is as old as the replica's lag, a strong one is not", "[store][table]") {
  Table t(ample());
  get(t, "put", R"({"item":{"p":"a","s":1,"v":"old"}})", 0);
  CHECK(get(t, "get", R"({"key":{"p":"a","s":1}})", 0.019)["item"].is_nil());
  CHECK(get(t, "get", R"({"key":{"p":"a","s":1},"strong":true})", 0.019)["item"]["v"] == Value("old"));
  CHECK(get(t, "get", R"({"key":{"p":"a","s":1}})", 0.02)["item"]["v"] == Value("old"));
  get(t, "update", R"({"key":{"p":"a","s":1},"set":{"v":"new"}})", 1);
  CHECK(get(t, "query", R"({"partition":"a"})", 1.01)["items"].list()[0]["v"] == Value("old"));
  CHECK(get(t, "query", R"({"partition":"a","strong":true})", 1.01)["items"].list()[0]["v"] == Value("new"));
}

TEST_CASE("table: a condition that fails changes nothing, and costs what the write would have",
          "[store][table]") {
  Table t(ample());
  const char* create = R"({"item":{"p":"a","s":1,"n":5},"condition":{"p":{"not_exists":true}}})";
  CHECK(code(t, "put", create) == "");
  CHECK(code(t, "put", create) == "ConditionalCheckFailedException");
  CHECK(t.show()["write_units"] == Value(2));
  CHECK(code(t, "update", R"({"key":{"p":"a","s":1},"add":{"n":-6},"condition":{"n":{"at_least":6}}})") ==
        "ConditionalCheckFailedException");
  CHECK(get(t, "update",
            R"({"key":{"p":"a","s":1},"add":{"n":-5},"condition":{"n":{"at_least":5}}})")["item"]["n"] ==
        Value(0));
  CHECK(code(t, "delete", R"({"key":{"p":"a","s":1},"condition":{"n":1}})") ==
        "ConditionalCheckFailedException");
  CHECK(get(t, "delete", R"({"key":{"p":"a","s":1},"returns":"old"})")["old"]["n"] == Value(0));
  CHECK(t.show()["conditions_failed"] == Value(3));
  CHECK(t.show()["write_units"] == Value(6));
}

TEST_CASE("table: a transaction writes all items or none, at most 100, each once", "[store][table]") {
  Table t(ample());
  get(t, "put", R"({"item":{"p":"ann","s":0,"money":10}})");
  get(t, "put", R"({"item":{"p":"bob","s":0,"money":0}})");
  const auto move = [&](int amount) {
    const std::string n = std::to_string(amount);
    return ask(t, "transact_write",
               R"({"writes":[{"update":{"p":"ann","s":0},"add":{"money":-)" + n +
                   R"(},"condition":{"money":{"at_least":)" + n +
                   R"(}}},{"update":{"p":"bob","s":0},"add":{"money":)" + n + R"(}}]})",
               1);
  };
  CHECK(move(7).ok());
  const auto failed = move(7);
  REQUIRE_FALSE(failed.ok());
  CHECK(failed.error().code == "TransactionCanceledException");
  CHECK_THAT(failed.error().message, Contains("[ConditionalCheckFailed, None]"));
  CHECK(get(t, "get", R"({"key":{"p":"bob","s":0},"strong":true})", 1)["item"]["money"] == Value(7));
  CHECK(code(t, "transact_write", R"({"writes":[{"put":{"p":"a","s":1}},{"check":{"p":"a","s":1}}]})", 1) ==
        "ValidationException");
  std::string many;
  for (int i = 0; i < 101; ++i)
    many += (i ? "," : "") + std::string(R"({"put":{"p":"x","s":)") + std::to_string(i) + "}}";
  CHECK(code(t, "transact_write", R"({"writes":[)" + many + "]}", 1) == "ValidationException");
  t.check_invariants(at(2));
}

TEST_CASE("table: a transaction with a token is done once in ten minutes", "[store][table]") {
  Table t(ample());
  const char* pay = R"({"token":"t1","writes":[{"update":{"p":"a","s":0},"add":{"n":5}}]})";
  const Value first = get(t, "transact_write", pay, 0);
  CHECK(get(t, "transact_write", pay, 599) == first);
  CHECK(get(t, "get", R"({"key":{"p":"a","s":0},"strong":true})", 599)["item"]["n"] == Value(5));
  CHECK(code(t, "transact_write", R"({"token":"t1","writes":[{"put":{"p":"a","s":0}}]})", 599) ==
        "IdempotentParameterMismatchException");
  get(t, "transact_write", pay, 600);
  CHECK(get(t, "get", R"({"key":{"p":"a","s":0},"strong":true})", 600)["item"]["n"] == Value(10));
  // One that failed was not done, and may be tried again.
  const char* check =
      R"({"token":"t2","writes":[{"check":{"p":"b","s":0},"condition":{"p":{"exists":true}}}]})";
  CHECK(code(t, "transact_write", check, 601) == "TransactionCanceledException");
  get(t, "put", R"({"item":{"p":"b","s":0}})", 601);
  CHECK(code(t, "transact_write", check, 602) == "");
}

TEST_CASE("table: a query walks the sort key in either direction, page by page", "[store][table]") {
  Table t(ample());
  for (int i = 1; i <= 9; ++i) {
    get(t, "put",
        R"({"item":{"p":"a","s":)" + std::to_string(i) + R"(,"odd":)" + (i % 2 ? "true" : "false") + "}}");
  }
  get(t, "put", R"({"item":{"p":"t","s":"2026-01"}})");
  get(t, "put", R"({"item":{"p":"t","s":"2026-02"}})");
  get(t, "put", R"({"item":{"p":"t","s":"2027-01"}})");
  const auto query = [&](const std::string& rest) {
    return get(t, "query", R"({"partition":"a")" + rest + "}", 1);
  };
  CHECK(items(query("")) == "1 2 3 4 5 6 7 8 9 ");
  CHECK(items(query(R"(,"sort":4)")) == "4 ");
  CHECK(items(query(R"(,"sort":{"between":[3,5]})")) == "3 4 5 ");
  CHECK(items(query(R"(,"sort":{"less":3})")) == "1 2 ");
  CHECK(items(query(R"(,"sort":{"at_least":8})")) == "8 9 ");
  CHECK(items(query(R"(,"sort":{"greater":3},"reverse":true,"limit":2)")) == "9 8 ");
  const Value first = query(R"(,"limit":4,"filter":{"odd":true})");
  CHECK(items(first) == "1 3 ");  // the filter looks at what was read: four
  CHECK(first["scanned"] == Value(4));
  CHECK(items(query(R"(,"after":)" + first["last"].json())) == "5 6 7 8 9 ");
  CHECK(items(query(R"(,"reverse":true,"after":)" + first["last"].json())) == "3 2 1 ");
  CHECK(query(R"(,"limit":9)")["last"].is_nil());
  CHECK(items(get(t, "query", R"({"partition":"t","sort":{"begins_with":"2026-"}})", 1)) ==
        "\"2026-01\" \"2026-02\" ");
  CHECK(code(t, "query", R"({"partition":"a","sort":{"contains":"x"}})", 1) == "ValidationException");
  // A scan goes on where it stopped, until all were seen once.
  std::size_t seen = 0;
  for (Value after;;) {
    const Value page =
        get(t, "scan", R"({"limit":5)" + (after.is_nil() ? "" : R"(,"after":)" + after.json()) + "}", 1);
    seen += page["items"].list().size();
    after = page["last"];
    if (after.is_nil()) break;
  }
  CHECK(seen == 12);
}

TEST_CASE("table: unused capacity is kept for 300 seconds, and no longer", "[store][table]") {
  // Golden: 10 units a second, so 3000 at most after any time, and 10 at the very beginning.
  TableOptions o;
  o.write_units = 10;
  o.limits.partition_write_units = 100000;
  const auto burst = [&](double when) {
    Table t(o);
    int taken = 0;
    while (taken < 5000 && code(t, "put", R"({"item":{"id":1}})", when) == "") ++taken;
    return taken;
  };
  CHECK(burst(0) == 10);
  CHECK(burst(1) == 20);
  CHECK(burst(299) == 3000);
  CHECK(burst(1000) == 3000);
  o.limits.partition_write_units = 1000;
  CHECK(burst(1000) == 1000);  // a partition's ceiling is of a second
}

TEST_CASE("table: throttling is typed and definite, and says nothing about when to come again",
          "[store][table]") {
  TableOptions o;
  o.write_units = 1;
  Table t(o);
  get(t, "put", R"({"item":{"id":1}})");
  const auto refused = ask(t, "put", R"({"item":{"id":2}})");
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == "ProvisionedThroughputExceededException");
  CHECK(refused.error().definite);
  CHECK_THAT(refused.error().message, Contains("the table"));
  CHECK(code(t, "put", R"({"item":{"id":2}})", 1) == "");
  CHECK(t.show()["throttled"] == Value(1));
}

TEST_CASE("table: a partition has a ceiling, whatever the table has", "[store][table]") {
  // Golden: 4000 write units are 4 partitions and a part of one for reads, so 5; one key gets 1000 a second.
  TableOptions o;
  o.write_units = 4000;
  o.read_units = 300;
  Table t(o);
  CHECK(t.options().partitions == 5);
  const auto second = [&](auto key_of, double when) {
    int taken = 0;
    for (int i = 0; i < 3000; ++i) {
      taken += code(t, "put", R"({"item":{"id":)" + std::to_string(key_of(i)) + "}}", when) == "" ? 1 : 0;
    }
    return taken;
  };
  CHECK(second([](int) { return 7; }, 1) == 1000);
  CHECK(second([](int i) { return i; }, 2) > 2900);
  double refused = 0;
  const Value heat = get(t, "heat", "{}", 3);
  for (const Value& p : heat.list()) refused += p["refused"].number();
  CHECK(refused >= 2000);
}

TEST_CASE("table: without adaptive capacity a partition has its share only", "[store][table]") {
  TableOptions o;
  o.write_units = 100;
  o.partitions = 10;
  o.limits.burst_seconds = 1;
  const auto hot = [&](bool adaptive) {
    o.adaptive = adaptive;
    Table t(o);
    int taken = 0;
    for (int i = 0; i < 200; ++i) taken += code(t, "put", R"({"item":{"id":7}})", 5) == "" ? 1 : 0;
    return taken;
  };
  CHECK(hot(true) == 100);
  CHECK(hot(false) == 10);
}

TEST_CASE("table: on demand there is no capacity to run out of, but partitions have ceilings",
          "[store][table]") {
  TableOptions o;
  o.on_demand = true;
  Table t(o);
  CHECK(t.options().partitions == 4);
  int taken = 0;
  for (int i = 0; i < 1500; ++i) taken += code(t, "put", R"({"item":{"id":7}})", 1) == "" ? 1 : 0;
  CHECK(taken == 1000);
  CHECK(code(t, "set_capacity", R"({"write_units":7})", 1) == "ValidationException");
}

TEST_CASE("table: a query is charged when it has read, and may leave a debt", "[store][table]") {
  TableOptions o;
  o.partition_key = "p";
  o.sort_key = "s";
  o.read_units = 10;
  o.write_units = 1000;
  Table t(o);
  const std::string filler(4000, '.');
  for (int i = 0; i < 40; ++i) {
    get(t, "put", R"({"item":{"p":1,"s":)" + std::to_string(i) + R"(,"x":")" + filler + R"("}})", i);
  }
  // 40 items of 4007 bytes (s below 10: one less of the same): 160 KB are 40 strong reads of 4 KiB.
  CHECK(get(t, "query", R"({"partition":1,"strong":true})", 0.1 + 39)["units"] == Value(40));
  TableOptions small = o;
  small.limits.burst_seconds = 1;
  Table s(small);
  for (int i = 0; i < 40; ++i) {
    get(s, "put", R"({"item":{"p":1,"s":)" + std::to_string(i) + R"(,"x":")" + filler + R"("}})", i);
  }
  get(s, "query", R"({"partition":1,"strong":true})", 50);
  CHECK(code(s, "get", R"({"key":{"p":1,"s":1}})", 52.9) == "ProvisionedThroughputExceededException");
  CHECK(code(s, "get", R"({"key":{"p":1,"s":1}})", 53.1) == "");
}

TEST_CASE("table: a batch gives back what was throttled, and fails only if all was", "[store][table]") {
  TableOptions o;
  o.write_units = 3;
  Table t(o);
  const Value written =
      get(t, "batch_write", R"({"puts":[{"id":1},{"id":2},{"id":3},{"id":4}],"deletes":[{"id":9}]})");
  CHECK(written["units"] == Value(3));
  CHECK(written["unprocessed_puts"] == json(R"([{"id":4}])"));
  CHECK(written["unprocessed_deletes"] == json(R"([{"id":9}])"));
  CHECK(code(t, "batch_write", R"({"puts":[{"id":4}]})") == "ProvisionedThroughputExceededException");
  CHECK(code(t, "batch_write", R"({"puts":[{"id":4},{"id":4}]})", 9) == "ValidationException");
  CHECK(get(t, "batch_get", R"({"keys":[{"id":1},{"id":4}]})", 9)["items"] == json(R"([{"id":1}])"));
}

TEST_CASE("table: a local index has another order of the same partition key, read strongly if asked",
          "[store][table]") {
  TableOptions o = ample();
  o.indexes = {index("by_date", false, R"({"sort":"date","projection":"keys_only"})", o)};
  Table t(o);
  // The entry is written with the item, from the table's units.
  CHECK(get(t, "put", R"({"item":{"p":"a","s":1,"date":"2026-03","text":"x"}})")["units"] == Value(2));
  get(t, "put", R"({"item":{"p":"a","s":2,"date":"2026-01"}})");
  CHECK(get(t, "put", R"({"item":{"p":"a","s":3}})")["units"] == Value(1));  // sparse: it has no date
  CHECK(items(get(t, "query", R"({"partition":"a","index":"by_date","strong":true})")) == "2 1 ");
  CHECK(items(get(t, "query", R"({"partition":"a","index":"by_date"})")).empty());
  CHECK(items(get(t, "query", R"({"partition":"a","index":"by_date"})", 1)) == "2 1 ");
  CHECK(get(t, "query", R"({"partition":"a","index":"by_date"})", 1)["items"].list()[1]["text"].is_nil());
  // What it lacks can be fetched, each for a read of its own.
  const Value whole =
      get(t, "query", R"({"partition":"a","index":"by_date","strong":true,"whole_items":true})", 1);
  CHECK(whole["items"].list()[1]["text"] == Value("x"));
  CHECK(whole["units"] == Value(1 + 2));
  // Nothing that the index has is changed: it costs nothing. Its sort key is: one entry out, one in.
  CHECK(get(t, "update", R"({"key":{"p":"a","s":1},"set":{"text":"y"}})", 2)["units"] == Value(1));
  CHECK(get(t, "update", R"({"key":{"p":"a","s":1},"set":{"date":"2025-01"}})", 2)["units"] == Value(3));
  CHECK(items(get(t, "query", R"({"partition":"a","index":"by_date","strong":true,"sort":{"less":"2026"}})",
                  2)) == "1 ");
  t.check_invariants(at(3));
}

TEST_CASE("table: local indexes are five at most, and one partition key's items have a limit with them",
          "[store][table]") {
  TableOptions o = ample();
  for (int i = 0; i < 6; ++i)
    o.indexes.push_back(index("i" + std::to_string(i), false, R"({"sort":"date"})", o));
  CHECK_FALSE(Table::valid(o).ok());
  o.indexes.resize(5);
  CHECK(Table::valid(o).ok());
  o.indexes.resize(1);
  o.limits.collection_bytes = 200;
  Table t(o);
  const std::string x(40, '.');
  // 54 bytes the item and 54 its entry.
  CHECK(code(t, "put", R"({"item":{"p":"a","s":1,"date":1,"x":")" + x + R"("}})") == "");
  CHECK(code(t, "put", R"({"item":{"p":"a","s":2,"date":1,"x":")" + x + R"("}})") ==
        "ItemCollectionSizeLimitExceededException");
  CHECK(code(t, "put", R"({"item":{"p":"b","s":2,"date":1,"x":")" + x + R"("}})") == "");
  CHECK(code(t, "delete", R"({"key":{"p":"a","s":1}})") == "");
  CHECK(code(t, "put", R"({"item":{"p":"a","s":2,"date":1,"x":")" + x + R"("}})") == "");
}

TEST_CASE("table: a global index hears later, has any key, and is never read strongly", "[store][table]") {
  TableOptions o = ample();
  o.indexes = {index("by_city", true, R"({"partition":"city","sort":"s","include":["age"]})", o)};
  Table t(o);
  const Value put = get(t, "put", R"({"item":{"p":"ann","s":1,"city":"Rome","age":30,"text":"x"}})");
  CHECK(put["units"] == Value(1));
  CHECK(put["index_units"]["by_city"] == Value(1));
  CHECK(get(t, "put", R"({"item":{"p":"eve","s":1}})")["index_units"].is_nil());  // sparse
  const char* rome = R"({"partition":"Rome","index":"by_city"})";
  CHECK(items(get(t, "query", rome, 0.09)).empty());
  CHECK(get(t, "query", rome, 0.1)["items"] == json(R"([{"age":30,"city":"Rome","p":"ann","s":1}])"));
  const auto strong = ask(t, "query", R"({"partition":"Rome","index":"by_city","strong":true})", 1);
  REQUIRE_FALSE(strong.ok());
  CHECK(code(t, "query", R"({"partition":"Rome","index":"by_city","whole_items":true})", 1) ==
        "ValidationException");
  CHECK(strong.error().message == "Consistent reads are not supported on global secondary indexes");
  // She moves: two writes of the index.
  CHECK(get(t, "update", R"({"key":{"p":"ann","s":1},"set":{"city":"Oslo"}})", 1)["index_units"]["by_city"] ==
        Value(2));
  CHECK(items(get(t, "query", rome, 1.05), "p") == "\"ann\" ");  // the index does not know yet
  CHECK(items(get(t, "query", rome, 1.1)).empty());
  CHECK(get(t, "update", R"({"key":{"p":"ann","s":1},"set":{"text":"y"}})", 2)["index_units"].is_nil());
  t.check_invariants(at(3));
}

TEST_CASE("table: a global index that lacks write capacity throttles the table", "[store][table]") {
  TableOptions o;
  o.write_units = 1000;
  o.indexes = {index("by_city", true, R"({"partition":"city","write_units":10})", o)};
  Table t(o);
  int taken = 0;
  std::string why;
  for (int i = 0; i < 100; ++i) {
    const auto put = ask(t, "put", R"({"item":{"id":)" + std::to_string(i) + R"(,"city":"Rome"}})", 0);
    taken += put.ok() ? 1 : 0;
    if (!put.ok()) why = put.error().code + ": " + put.error().message;
  }
  CHECK(taken == 10);
  CHECK_THAT(why,
             Contains("ProvisionedThroughputExceededException") && Contains("the global index 'by_city'"));
  CHECK(t.show()["throttled_by_index"] == Value(90));
  // What was refused took nothing of the table's units.
  CHECK(t.show()["write_units"] == Value(10));
  CHECK(code(t, "put", R"({"item":{"id":200}})") == "");  // not in the index
  get(t, "set_capacity", R"({"index":"by_city","write_units":1000})");
  CHECK(code(t, "put", R"({"item":{"id":50,"city":"Rome"}})") == "");
}

TEST_CASE("table: a global index is added later, filled first, and dropped", "[store][table]") {
  TableOptions o = ample();
  o.backfill_rate = 10;
  Table t(o);
  for (int i = 0; i < 20; ++i)
    get(t, "put", R"({"item":{"p":1,"s":)" + std::to_string(i) + R"(,"city":"Rome"}})");
  get(t, "add_index", R"({"name":"by_city","partition":"city"})", 5);
  const char* rome = R"({"partition":"Rome","index":"by_city"})";
  CHECK_THAT(ask(t, "query", rome, 6.9).error().message, Contains("backfilling"));
  CHECK(get(t, "describe", "{}", 6.9)["indexes"]["by_city"]["status"] == Value("CREATING"));
  CHECK(get(t, "query", rome, 7)["items"].list().size() == 20);
  CHECK(code(t, "add_index", R"({"name":"by_city","partition":"city"})", 8) == "ValidationException");
  t.check_invariants(at(8));
  get(t, "drop_index", R"({"name":"by_city"})", 9);
  CHECK_THAT(ask(t, "query", rome, 9).error().message, Contains("does not have the specified index"));
}

TEST_CASE("table: what is wrong with a request is said", "[store][table]") {
  TableOptions o = ample();
  o.limits.item_bytes = 100;
  Table t(o);
  CHECK(code(t, "put", R"({"item":{"p":"a"}})") == "ValidationException");
  CHECK(code(t, "put", R"({"item":{"p":"a","s":true}})") == "ValidationException");
  CHECK_THAT(
      ask(t, "put", R"({"item":{"p":"a","s":1,"x":")" + std::string(100, '.') + R"("}})").error().message,
      Contains("Item size has exceeded"));
  CHECK(code(t, "get", R"({"key":{"p":"a"}})") == "ValidationException");
  CHECK(code(t, "get", R"({"key":{"p":"a","s":1,"x":1}})") == "ValidationException");
  CHECK(code(t, "update", R"({"key":{"p":"a","s":1},"set":{"s":2}})") == "ValidationException");
  CHECK_THAT(ask(t, "put", R"({"itme":{}})").error().message, Contains("did you mean 'item'"));
  CHECK_THAT(ask(t, "query", R"({"partition":1,"index":"by_ctiy"})").error().message, Contains("by_ctiy"));
  CHECK(code(t, "set_capacity", R"({"write_units":50000})") == "LimitExceededException");
}

TEST_CASE("table: the published limits are the profile's, and what is ours says so", "[store][table]") {
  Table t(ample());
  const Value d = get(t, "describe", "{}");
  CHECK(d["limits"]["item_bytes"] == Value(409600));
  CHECK(d["limits"]["partition_write_units"] == Value(1000));
  CHECK(d["limits"]["burst_seconds"] == Value(300));
  const Value::List& ours = d["ours"].list();
  CHECK(std::find(ours.begin(), ours.end(), Value("transaction_items")) != ours.end());
  CHECK(std::find(ours.begin(), ours.end(), Value("item_bytes")) == ours.end());
}

TEST_CASE("table: after any requests, indexes and replica are what the items say", "[store][table]") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    Rng rng = Rng(seed).split("table");
    TableOptions o = ample();
    o.write_units = 20 + static_cast<double>(rng.below(100));
    o.indexes = {
        index("local", false, R"({"sort":"a","projection":"keys_only"})", o),
        index("global", true, R"({"partition":"b","sort":"a","include":["c"],"write_units":40})", o)};
    Table t(o);
    double now = 0;
    for (int step = 0; step < 200; ++step) {
      now += rng.unit() * 0.05;
      const auto n = [&](std::uint64_t bound) { return std::to_string(rng.below(bound)); };
      const std::string key = R"({"p":)" + n(3) + R"(,"s":)" + n(5);
      std::string item = key;
      for (const char* name : {"a", "b", "c"}) {
        if (rng.chance(0.6)) item += std::string(R"(,")") + name + R"(":)" + n(4);
      }
      switch (rng.below(4)) {
        case 0:
          ask(t, "delete", R"({"key":)" + key + "}}", now);
          break;
        case 1:
          ask(t, "update", R"({"key":)" + key + R"(},"set":{"a":)" + n(4) + R"(},"remove":["b"]})", now);
          break;
        case 2:
          ask(t, "transact_write",
              R"({"writes":[{"put":)" + item + R"(},"condition":{"c":{"not_equals":1}}}]})", now);
          break;
        default:
          ask(t, "put", R"({"item":)" + item + "}}", now);
      }
    }
    t.check_invariants(at(now));
  }
}
