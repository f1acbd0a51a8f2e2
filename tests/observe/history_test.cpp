#include "core/observe/history.hpp"

#include <catch2/catch.hpp>
#include <sstream>

#include "core/base/rng.hpp"

using namespace syslab;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

Instant at(Duration d) {
  return Instant(d);
}

Expected<History> parse(const std::string& text) {
  std::istringstream in(text);
  return History::read(in);
}

std::string error_of(const std::string& text) {
  const auto history = parse(text);
  REQUIRE_FALSE(history.ok());
  return history.error().message;
}

std::string written(const History& history) {
  std::ostringstream out;
  history.write_jsonl(out);
  return out.str();
}

}  // namespace

TEST_CASE("history: recording pairs invocations with completions", "[observe][history]") {
  History h;
  const auto write = h.invoke(0, "write", {}, 4, at(100ns));
  const auto read = h.invoke(1, "read", {}, {}, at(150ns));
  CHECK(h.busy(0));
  CHECK_FALSE(h.busy(2));
  h.complete(write, Event::Type::ok, {}, at(200ns));
  CHECK_FALSE(h.under_way(write));
  CHECK(h.under_way(read));
  h.complete(read, Event::Type::ok, 4, at(250ns));
  REQUIRE(h.size() == 4);
  CHECK(h.completion(read)->value == Value(4));
  CHECK(h.invocation(read).f == "read");
  const auto open = h.invoke(0, "cas", "x", Value::list({4, 5}), at(300ns), "kv-1");
  CHECK(h.completion(open) == nullptr);
  CHECK(written(h) ==
        R"({"process":0,"type":"invoke","f":"write","key":null,"value":4,"time":100})"
        "\n"
        R"({"process":1,"type":"invoke","f":"read","key":null,"value":null,"time":150})"
        "\n"
        R"({"process":0,"type":"ok","f":"write","key":null,"value":null,"time":200})"
        "\n"
        R"({"process":1,"type":"ok","f":"read","key":null,"value":4,"time":250})"
        "\n"
        R"({"process":0,"type":"invoke","f":"cas","key":"x","value":[4,5],"time":300,"node":"kv-1"})"
        "\n");
}

TEST_CASE("history: an error completes as fail where it is definite and as info where it is not",
          "[observe][history]") {
  History h;
  h.complete(h.invoke(0, "write", {}, 1, at(1ns)), make_error("timeout", "no answer in 1 s"), at(2ns));
  h.complete(h.invoke(0, "write", {}, 2, at(3ns)), make_error("not_leader", "ask kv-2"), at(4ns));
  h.complete(h.invoke(0, "read", {}, {}, at(5ns)), Expected<Value>(Value(2)), at(6ns));
  CHECK(h.events()[1].type == Event::Type::info);
  CHECK(h.events()[1].error == Value("timeout"));
  CHECK(h.events()[3].type == Event::Type::fail);
  CHECK(h.events()[5].type == Event::Type::ok);
  CHECK(h.events()[5].value == Value(2));
}

TEST_CASE("history: JSON lines come back as they were written", "[observe][history]") {
  Rng rng(11);
  History h;
  std::vector<History::OpId> open(5, History::kNever);
  std::int64_t now = 0;
  const Value values[] = {
      {}, true, 4, -2.5, "a \"quoted\"\nline", Value::list({1, "x", {}}), Value::map({{"k", 1}})};
  for (int i = 0; i < 2000; ++i) {
    const auto process = rng.below(open.size());
    now +=
        static_cast<std::int64_t>(rng.below(std::uint64_t{1} << 50));  // beyond what a double holds exactly
    const Value& value = values[rng.below(std::size(values))];
    if (open[process] == History::kNever) {
      open[process] = h.invoke(static_cast<std::int64_t>(process), "write", values[rng.below(7)], value,
                               at(Duration(now)), rng.chance(0.3) ? Value("node") : Value());
    } else {
      h.complete(open[process], static_cast<Event::Type>(1 + rng.below(3)), value, at(Duration(now)),
                 rng.chance(0.3) ? "timeout" : "");
      open[process] = History::kNever;
    }
  }
  const std::string text = written(h);
  const auto back = parse(text);
  REQUIRE(back.ok());
  CHECK(written(*back) == text);
  REQUIRE(back->ops().size() == h.ops().size());
  for (History::OpId op = 0; op < h.ops().size(); ++op)
    CHECK(back->ops()[op].completion == h.ops()[op].completion);
}

TEST_CASE("history: a Jepsen log is read, its other lines are passed over", "[observe][history]") {
  const auto h = parse(
      "INFO  jepsen.core - Worker 0 starting\n"
      "INFO  jepsen.util - 0\t:invoke\t:cas\t[3 0]\r\n"
      "INFO  jepsen.util - :nemesis\t:info\t:start\tnil\n"
      "2015-01-01 10:00:00 INFO  jepsen.util - 1 \t:invoke\t:read\tnil\n"
      "\n"
      "INFO  jepsen.util - 1\t:ok\t:read\tnil\n"
      "INFO  jepsen.util - 0\t:fail\t:cas\t[3 0]\n"
      "INFO  jepsen.util - 2\t:invoke\t:write\t-1\n"
      "INFO  jepsen.util - 2\t:info\t:write\t:timed-out\n"
      "INFO  jepsen.util - 3\t:invoke\t:cas\t[nil \"a\"]\n"
      "INFO  jepsen.util - 3\t:info\t:cas\t[nil \"a\"]\t:indeterminate: unknown\n");
  if (!h) FAIL(h.error().message);
}

TEST_CASE("history: what a Jepsen line means", "[observe][history]") {
  const auto h = parse(
      "INFO  jepsen.util - 0\t:invoke\t:cas\t[3 0]\n"
      "INFO  jepsen.util - 2\t:invoke\t:write\t-1\n"
      "INFO  jepsen.util - 2\t:info\t:write\t:timed-out\n"
      "INFO  jepsen.util - 0\t:fail\t:cas\t[3 0]\t:conflict\n");
  REQUIRE(h.ok());
  REQUIRE(h->size() == 4);
  CHECK(h->events()[0].value == Value::list({3, 0}));
  CHECK(h->events()[0].line == 1);
  CHECK_FALSE(h->events()[0].time.has_value());
  CHECK(h->events()[2].value.is_nil());
  CHECK(h->events()[2].error == Value("timed-out"));
  CHECK(h->events()[3].type == Event::Type::fail);
  CHECK(h->events()[3].error == Value("conflict"));
}

TEST_CASE("history: Jepsen's EDN maps are read", "[observe][history]") {
  const auto h = parse(
      "{:process 0, :type :invoke, :f :get, :key \"a b\", :value nil, :time 10}\n"
      "{:process :nemesis, :type :info, :f :start, :value {:cut #{1 2}}}\n"
      "{:process 0, :type :ok, :f :get, :key \"a b\", :value \"x y\", :time 20, :index 1}\n");
  REQUIRE(h.ok());
  REQUIRE(h->size() == 2);
  CHECK(h->events()[1].value == Value("x y"));
  CHECK(h->events()[1].key == Value("a b"));
  CHECK(h->events()[1].time == at(20ns));
}

TEST_CASE("history: malformed input is an error that names the line and what was expected",
          "[observe][history]") {
  const std::string invoke = R"({"process":0,"type":"invoke","f":"read","time":5})";
  const std::string ok = R"({"process":0,"type":"ok","f":"read","value":1,"time":6})";
  CHECK_THAT(error_of(""), Contains("empty") && Contains("JSON lines"));
  CHECK_THAT(error_of("\n\n \n"), Contains("no operations in 3 lines"));
  CHECK_THAT(error_of("hello\nworld\n"), Contains("no operations in 2 lines"));
  CHECK_THAT(error_of(std::string("\x7f"
                                  "ELF\x01\x02\x00\x00",
                                  8)),
             Contains("line 1") && Contains("byte 0x01"));
  CHECK_THAT(error_of(invoke + "\n" + std::string("a\0b", 3)),
             Contains("line 2") && Contains("byte 0x00 at column 2"));
  CHECK_THAT(error_of("\xff\xfe\x80\x81\x90"), Contains("no operations"));
  CHECK_THAT(error_of(invoke + "\n{\"process\":0,"), Contains("line 2") && Contains("malformed at byte"));
  CHECK_THAT(error_of("{\"process\":1e999}"), Contains("line 1") && Contains("out of range"));
  CHECK_THAT(error_of(invoke + "\n[1]"), Contains("line 2") && Contains("expected a JSON object"));
  CHECK_THAT(error_of(R"({"type":"ok","f":"read"})"), Contains("line 1") && Contains("\"process\""));
  CHECK_THAT(error_of(R"({"process":0.5,"type":"ok","f":"read"})"), Contains("integer"));
  CHECK_THAT(error_of(R"({"process":18446744073709551615,"type":"ok","f":"read"})"), Contains("integer"));
  CHECK_THAT(error_of(R"({"process":0,"type":"okay","f":"read"})"),
             Contains("invoke, ok, fail or info") && Contains("okay"));
  CHECK_THAT(error_of(R"({"process":0,"type":"ok"})"), Contains("\"f\""));
  CHECK_THAT(error_of(R"({"process":0,"type":"invoke","f":"read","time":"now"})"), Contains("nanoseconds"));
  CHECK_THAT(error_of(R"({"process":0,"type":"invoke","f":"read","time":9223372036854775808})"),
             Contains("nanoseconds"));
  CHECK_THAT(error_of(ok), Contains("line 1") && Contains("without an invocation"));
  CHECK_THAT(error_of(invoke + "\n" + ok + "\n" + ok),
             Contains("line 3") && Contains("without an invocation"));
  CHECK_THAT(error_of(invoke + "\n" + invoke),
             Contains("line 2") && Contains("still under way") && Contains("line 1"));
  CHECK_THAT(error_of(invoke + "\n" + R"({"process":0,"type":"ok","f":"write"})"),
             Contains("under way is a read"));
  CHECK_THAT(error_of(invoke + "\n" + R"({"process":0,"type":"ok","f":"read","time":4})"),
             Contains("order of time"));
  CHECK_THAT(error_of(std::string(History::kMaxLineBytes + 1, 'x')),
             Contains("line 1") && Contains("at most"));
  CHECK_THAT(error_of("{" + std::string(200, '[')), Contains("line 1"));
  CHECK_THAT(error_of(R"({"process":0,"type":"invoke","f":"write","value":)" + std::string(150, '[') +
                      std::string(150, ']') + "}"),
             Contains("line 1") && Contains("levels deep"));

  const std::string log = "INFO  jepsen.util - 0\t:invoke\t:write\t1\n";
  CHECK_THAT(error_of(log + "INFO  jepsen.util - 1\t:invoke\t:write"),
             Contains("line 2") && Contains("end of the line"));
  CHECK_THAT(error_of(log + "INFO  jepsen.util - 1\t:invoke"),
             Contains("line 2") && Contains(":read, :write"));
  CHECK_THAT(error_of(log + "INFO  jepsen.util - 1\t:inv"),
             Contains("line 2") && Contains("PROCESS :TYPE :F VALUE"));
  CHECK_THAT(error_of(log + "INFO  jepsen.util - x\t:ok\t:write\t1"),
             Contains("line 2") && Contains("number of a process"));
  CHECK_THAT(error_of(log + "INFO  jepsen.util - 99999999999999999999\t:ok\t:write\t1"),
             Contains("number of a process"));
  CHECK_THAT(error_of(log + "INFO  jepsen.util - 1\t:invoke\t:cas\t[1 2"), Contains("closing ']'"));
  CHECK_THAT(error_of(log + "INFO  jepsen.util - 1\t:invoke\t:cas\t1x2"), Contains("expected a number"));
  CHECK_THAT(error_of(log + "INFO  jepsen.util - 1\t:invoke\t:cas\t" + std::string(500, '[')),
             Contains("levels deep"));
  CHECK_THAT(error_of(log + "INFO  jepsen.util - 1\t:invoke\t:cas\t[1 2] :a"), Contains("end of the line"));
  CHECK_THAT(error_of("{:process 0, :type :invoke"), Contains("line 1") && Contains("closing '}'"));
  CHECK_THAT(error_of("{:process 0, :type}"), Contains("line 1") && Contains("value after the key"));
  CHECK_THAT(error_of("{:process 0, :type :ok}{}"), Contains("one map a line"));
  CHECK_THAT(error_of("{:process \"a"), Contains("closing '\"'"));
}

TEST_CASE("history: a process whose operation timed out may go on", "[observe][history]") {
  const auto h = parse(R"({"process":0,"type":"invoke","f":"write","value":1})"
                       "\n"
                       R"({"process":0,"type":"info","f":"write","error":"timeout"})"
                       "\n"
                       R"({"process":0,"type":"invoke","f":"read"})"
                       "\n");
  REQUIRE(h.ok());
  CHECK(h->ops().size() == 2);
}

TEST_CASE("history: damaged files never do worse than an error", "[observe][history]") {
  const std::string sources[] = {
      "INFO  jepsen.util - 0\t:invoke\t:cas\t[3 \"a\\n\" {:a 1.5}]\nINFO  jepsen.util - 0\t:fail\t:cas\t[3 "
      "0]\t:why\n",
      "{:process 0, :type :invoke, :f :get, :key \"x\", :value #{1 2}}\n{:process 0, :type :ok, :f :get, "
      ":time 12}\n",
      R"({"process":0,"type":"invoke","f":"write","key":[1,{"a":null}],"value":-1.5e3,"time":123,"node":"n"})"
      "\n"
      R"({"process":0,"type":"info","f":"write","error":{"a":1}})"
      "\n"};
  Rng rng(5);
  int errors = 0;
  for (int i = 0; i < 30000; ++i) {
    std::string text = sources[rng.below(3)];
    for (std::uint64_t changes = 1 + rng.below(3); changes > 0; --changes) {
      const std::size_t where = rng.below(text.size());
      switch (rng.below(4)) {
        case 0:
          text[where] = static_cast<char>(rng.below(256));
          break;
        case 1:
          text.erase(where, 1 + rng.below(5));
          break;
        case 2:
          text.insert(where, text.substr(rng.below(text.size()), 1 + rng.below(8)));
          break;
        default:
          text.resize(where + 1);
      }
    }
    const auto history = parse(text);
    if (!history) {
      ++errors;
      REQUIRE_FALSE(history.error().message.empty());
    }
  }
  CHECK(errors > 1000);
}

TEST_CASE("history: files that cannot be read are errors", "[observe][history]") {
  const auto missing = History::load("/nonexistent/history");
  REQUIRE_FALSE(missing.ok());
  CHECK(missing.error().code == "not_found");
  const auto folder = History::load("/");
  REQUIRE_FALSE(folder.ok());
  CHECK_THAT(folder.error().message, Contains("directory"));
}
