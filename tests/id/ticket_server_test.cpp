#include "core/id/ticket_server.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "core/id/audit.hpp"
#include "tests/runtime/fake_env.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

ServicePtr server(FakeEnv& env, const TicketServerOptions& options) {
  auto service = make_ticket_server(options)(always(Value("inner")));
  service->on_start(env);
  return service;
}

Request lease(Value count) {
  return {.type = "lease", .body = Value::map({{"count", std::move(count)}}), .from = kNoNode};
}
const Request kId{.type = "id", .body = {}, .from = kNoNode};

}  // namespace

TEST_CASE("ticket_server: leases are ranges that touch and never overlap", "[id][ticket_server]") {
  FakeEnv env;
  Results results;
  const auto service = server(env, {.lease = 10, .reserve = 25, .first = 1, .sync = true});
  for (const Value& count : {Value(), Value(3), Value(), Value(40)})
    service->call(env, lease(count), results.reply(env));
  CHECK(results.size() == 0);  // not before the disk has it
  env.run(ms(1));
  REQUIRE(results.count("ok") == 4);
  double next = 1;
  for (std::size_t i = 0; i < 4; ++i) {
    const Value& range = *results.entries[i].result;
    CHECK(range["first"].number() == next);
    next = range["last"].number() + 1;
  }
  CHECK(next == 64);
  CHECK(service->show()["writes"] == Value(2));
  CHECK(env.disk().peek("tickets")->number() >= 64);
  service->call(env, {.type = "get", .body = {}, .from = kNoNode}, results.reply(env));
  CHECK(*results.entries[4].result == Value("inner"));
}

TEST_CASE("ticket_server: a restart loses at most the reserve and a lease, and repeats nothing",
          "[id][ticket_server]") {
  for (const double reserve : {1, 10, 1000}) {
    FakeEnv env;
    Results results;
    const TicketServerOptions options{
        .lease = 7, .reserve = static_cast<std::uint64_t>(reserve), .first = 1, .sync = true};
    double issued = 0, last = 0;
    for (int life = 0; life < 20; ++life) {
      const auto service = server(env, options);
      for (int i = 0; i < 5; ++i) {
        service->call(env, lease({}), results.reply(env));
        env.run(ms(1));
        const Value& range = *results.entries.back().result;
        REQUIRE(range["first"].number() > last);
        REQUIRE(range["first"].number() - last - 1 <= reserve + 7);
        last = range["last"].number();
        issued += 7;
      }
    }
    CHECK(issued == 700);
    CHECK(last - issued <= 19 * (reserve + 7));
  }
}

TEST_CASE("ticket_server: counts that are none, and the end of the numbers", "[id][ticket_server]") {
  FakeEnv env;
  Results results;
  const auto service =
      server(env, {.lease = 1, .reserve = 0, .first = (std::uint64_t{1} << 53) - 5, .sync = true});
  for (const Value& bad : {Value(0), Value(-1), Value(1.5), Value(0.0 / 0.0), Value("3"), Value(1e300)}) {
    service->call(env, lease(bad), results.reply(env));
    CHECK(results.code(results.size() - 1) == "malformed");
  }
  service->call(env, lease(5), results.reply(env));
  env.run(ms(1));
  CHECK(results.entries.back().result.ok());
  service->call(env, lease(1), results.reply(env));
  env.run(ms(1));
  CHECK(results.entries.back().result.error().code == "exhausted");
}

TEST_CASE("tickets: ids come from leases, one call each, and requests wait for the first",
          "[id][ticket_server]") {
  FakeEnv env;
  env.add_node("tickets");
  double next = 1;
  env.on_call = [&](FakeEnv::Call& call) {
    const double n = call.request.body["count"].number();
    env.answer_after(ms(5), call, Value::map({{"first", next}, {"last", next + n - 1}}));
    next += n;
  };
  TicketsOptions options;
  options.server = "tickets";
  options.lease = 10;
  const auto service = make_tickets(options)(always(Value("inner")));
  Results results;
  for (int i = 0; i < 25; ++i) service->call(env, kId, results.reply(env));
  env.run(ms(4));
  CHECK(results.size() == 0);
  env.run(ms(20));
  REQUIRE(results.count("ok") == 25);
  for (std::size_t i = 0; i < 25; ++i) CHECK((*results.entries[i].result).string() == std::to_string(i + 1));
  CHECK(env.calls.size() == 3);
  CHECK(service->show()["left"] == Value(5));
}

TEST_CASE("tickets: asking early, nobody has to wait", "[id][ticket_server]") {
  FakeEnv env;
  env.add_node("tickets");
  double next = 1;
  env.on_call = [&](FakeEnv::Call& call) {
    env.answer_after(ms(5), call, Value::map({{"first", next}, {"last", next + 9}}));
    next += 10;
  };
  TicketsOptions options;
  options.server = "tickets";
  options.lease = 10;
  options.refill = 5;
  const auto service = make_tickets(options)(always(Value("inner")));
  Results results;
  service->call(env, kId, results.reply(env));
  env.run(ms(10));
  for (int i = 0; i < 100; ++i) {
    const std::size_t before = results.size();
    service->call(env, kId, results.reply(env));
    CHECK(results.size() == before + 1);  // at once
    env.run(ms(2));
  }
  CHECK(results.count("ok") == 101);
}

TEST_CASE("tickets: a server that fails, is not there or answers nonsense", "[id][ticket_server]") {
  FakeEnv env;
  TicketsOptions options;
  options.server = "tickets";
  const auto service = make_tickets(options)(always(Value("inner")));
  Results results;
  service->call(env, kId, results.reply(env));
  CHECK(results.code(0) == "not_found");
  env.add_node("tickets");
  service->call(env, kId, results.reply(env));
  service->call(env, kId, results.reply(env));
  CHECK(env.calls.size() == 1);
  env.run(sec(2));
  CHECK(results.count("timeout") == 2);
  service->call(env, kId, results.reply(env));
  env.answer(env.calls.back(), Value("what?"));
  CHECK(results.code(3) == "malformed");
  service->call(env, kId, results.reply(env));
  env.answer(env.calls.back(), Value::map({{"first", 1}, {"last", 2}}));
  CHECK(results.code(4) == "ok");
  CHECK(service->show()["failures"] == Value(3));
}

TEST_CASE("audit: duplicates, gaps and order", "[id][audit]") {
  const IdAudit a = audit_ids({"5", "6", "10", "9", "10", "100"});
  CHECK(a.ids == 6);
  CHECK(a.different == 5);
  CHECK(a.duplicates == 1);
  CHECK(a.missing == 2 + 89);
  CHECK(a.gaps == 2);
  CHECK(a.descents == 1);
  CHECK(a.smallest == "5");
  CHECK(a.largest == "100");
  const IdAudit text = audit_ids({"b", "a", "b", "10"});
  CHECK(text.duplicates == 1);
  CHECK(text.missing == 0);
  CHECK(text.descents == 2);
  CHECK(text.largest == "b");
  CHECK(audit_ids({}).ids == 0);
  CHECK(audit_ids({"0", "18446744073709551615"}).missing == ~0ull - 1);
}
