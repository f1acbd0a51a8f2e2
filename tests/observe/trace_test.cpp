#include "core/observe/trace.hpp"

#include <catch2/catch.hpp>
#include <sstream>

namespace syslab {
namespace {

TraceEvent event(int i) {
  TraceEvent e;
  e.at = Instant(Duration(i));
  e.kind = TraceEvent::Kind::send;
  e.node = NodeId{0};
  e.peer = NodeId{1};
  e.id = static_cast<std::uint64_t>(i);
  e.form = "request";
  e.label = "get";
  e.detail = Value::map({{"key", i}});
  return e;
}

}  // namespace

TEST_CASE("trace: the digest does not depend on how many events are kept", "[observe][trace]") {
  Trace all, few(3), none(0);
  for (int i = 0; i < 100; ++i) {
    all.record(event(i));
    few.record(event(i));
    none.record(event(i));
  }
  CHECK(all.digest_hex() == few.digest_hex());
  CHECK(all.digest_hex() == none.digest_hex());
  CHECK(all.digest_hex().size() == 16);
  CHECK(few.size() == 3);
  CHECK(few.dropped() == 97);
  CHECK(few[0].id == 97);
  CHECK(few[2].id == 99);
  CHECK(none.steps() == 100);
}

TEST_CASE("trace: every field of an event shows in the digest", "[observe][trace]") {
  const auto digest_of = [](const TraceEvent& e) {
    Trace trace;
    trace.record(e);
    return trace.digest();
  };
  const TraceEvent base = event(1);
  const std::uint64_t plain = digest_of(base);
  TraceEvent e = base;
  e.at += Duration(1);
  CHECK(digest_of(e) != plain);
  e = base;
  e.kind = TraceEvent::Kind::deliver;
  CHECK(digest_of(e) != plain);
  e = base;
  std::swap(e.node, e.peer);
  CHECK(digest_of(e) != plain);
  e = base;
  e.id = 2;
  CHECK(digest_of(e) != plain);
  e = base;
  e.form = "response";
  CHECK(digest_of(e) != plain);
  e = base;
  e.label = "put";
  CHECK(digest_of(e) != plain);
  e = base;
  e.detail = Value::map({{"key", 2}});
  CHECK(digest_of(e) != plain);
  e = base;
  e.arrival = e.at;
  CHECK(digest_of(e) != plain);
}

TEST_CASE("trace: checkpoints and watched steps find the first difference of two runs", "[observe][trace]") {
  Trace a, b;
  for (int i = 0; i < 5000; ++i) {
    a.record(event(i));
    TraceEvent e = event(i);
    if (i == 3333) e.label = "other";
    b.record(e);
  }
  const auto block = first_difference(a.checkpoints(), b.checkpoints());
  REQUIRE(block == 3);  // steps 3072 .. 4095
  Trace c, d;
  c.watch(3072, 4095);
  d.watch(3072, 4095);
  for (int i = 0; i < 5000; ++i) {
    c.record(event(i));
    TraceEvent e = event(i);
    if (i == 3333) e.label = "other";
    d.record(e);
  }
  CHECK(c.watched().size() == 1024);
  CHECK(first_difference(c.watched(), d.watched()) == 3333 - 3072);
  CHECK_FALSE(first_difference(a.checkpoints(), a.checkpoints()));
}

TEST_CASE("trace: an export is one line of JSON an event, with the names of the nodes", "[observe][trace]") {
  Trace trace(1);
  trace.record(event(1));
  TraceEvent e = event(2);
  e.arrival = Instant(std::chrono::seconds(3));
  trace.record(e);
  std::ostringstream out;
  trace.write_json_lines(out, [](NodeId node) { return node.index == 0 ? "app" : "db"; });
  const Expected<Value> line = Value::parse_json(out.str());
  REQUIRE(line);
  CHECK((*line)["step"].number() == 1);
  CHECK((*line)["kind"].string() == "send");
  CHECK((*line)["node"].string() == "app");
  CHECK((*line)["peer"].string() == "db");
  CHECK((*line)["arrival"].number() == 3);
  CHECK((*line)["detail"]["key"].number() == 2);
}

}  // namespace syslab
