#include "core/balance/balancer.hpp"

#include <catch2/catch.hpp>

#include "core/balance/least_connections.hpp"
#include "tests/runtime/fake_env.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

struct Setup {
  FakeEnv env;
  Results results;
  std::vector<NodeId> nodes;

  explicit Setup(int n) {
    for (int i = 0; i < n; ++i) nodes.push_back(env.add_node("app-" + std::to_string(i + 1)));
  }
  std::unique_ptr<Balancer> make(BalancerOptions options = {}) {
    for (NodeId node : nodes) options.backends.push_back({.node = node});
    auto balancer = std::make_unique<Balancer>(std::move(options));
    balancer->on_start(env);
    return balancer;
  }
  void call(Balancer& balancer) { balancer.call(env, {.type = "get"}, results.reply(env)); }
};

// One field of the i-th backend that a balancer shows.
Value shown(const Balancer& balancer, std::size_t i, std::string_view field) {
  return balancer.show()["backends"].list().at(i)[field];
}

// A backend that fails at once; the others answer after 10 ms.
void black_hole(FakeEnv& env, NodeId broken) {
  env.on_call = [&env, broken](FakeEnv::Call& call) {
    if (call.to == broken) {
      env.answer_after(Duration(1), call, make_error("connection_refused", "nobody listens"));
    } else {
      env.answer_after(ms(10), call, Value("ok"));
    }
  };
}

}  // namespace

TEST_CASE("balancer: requests go to the backends in turn and answers come back", "[balance][balancer]") {
  Setup s(2);
  const auto balancer = s.make();
  for (int i = 0; i < 3; ++i) s.call(*balancer);
  REQUIRE(s.env.calls.size() == 3);
  CHECK(s.env.calls[0].to == s.nodes[0]);
  CHECK(s.env.calls[1].to == s.nodes[1]);
  CHECK(shown(*balancer, 0, "outstanding") == Value(2));
  s.env.answer(s.env.calls[1], Value(7));
  REQUIRE(s.results.size() == 1);
  CHECK(*s.results.entries[0].result == Value(7));
  CHECK(shown(*balancer, 1, "outstanding") == Value(0));
  CHECK(shown(*balancer, 1, "sent") == Value(1));
  CHECK(shown(*balancer, 0, "name") == Value("app-1"));
}

TEST_CASE("balancer: without a backend every request fails definitely", "[balance][balancer]") {
  Setup s(0);
  const auto balancer = s.make();
  s.call(*balancer);
  REQUIRE(s.results.code(0) == "unavailable");
  CHECK(s.results.entries[0].result.error().definite);
  CHECK(balancer->show()["refused"] == Value(1));
}

TEST_CASE("balancer: only faults count as failures", "[balance][balancer]") {
  Setup s(1);
  const auto balancer = s.make({.timeout = ms(5)});
  s.call(*balancer);
  s.call(*balancer);
  s.env.answer(s.env.calls[0], make_error("not_found", "no such key"));
  s.env.run(ms(5));
  CHECK(s.results.code(0) == "not_found");
  CHECK(s.results.code(1) == "timeout");
  CHECK(shown(*balancer, 0, "failed") == Value(1));
  CHECK(shown(*balancer, 0, "outstanding") == Value(0));
}

TEST_CASE("balancer: three failed checks in a row take a backend out, two good ones bring it back",
          "[balance][balancer]") {
  Setup s(2);
  bool dead = true;
  s.env.on_call = [&](FakeEnv::Call& call) {
    REQUIRE(call.request.type == "ping");
    if (call.to == s.nodes[0] && dead) return;  // times out after 1 s
    s.env.answer_after(ms(1), call, Value("pong"));
  };
  const auto balancer = s.make({.checks = HealthCheckOptions{}});
  s.env.run(sec(5));  // checked at 0, 2 and 4 s; the third is decided at 5 s
  CHECK(shown(*balancer, 0, "state") == Value("down"));
  CHECK(shown(*balancer, 1, "state") == Value("up"));
  REQUIRE(s.env.lines.size() == 1);
  CHECK(s.env.lines[0].text == "backend app-1 is down");
  CHECK(s.env.lines[0].at == Instant(sec(5)));
  dead = false;
  s.env.run(ms(1500));  // one good check, at 6 s
  CHECK(shown(*balancer, 0, "state") == Value("down"));
  s.env.run(ms(2000));  // the second, at 8 s
  CHECK(shown(*balancer, 0, "state") == Value("up"));
}

TEST_CASE("balancer: a good check between bad ones starts the count again", "[balance][balancer]") {
  Setup s(1);
  int n = 0;
  s.env.on_call = [&](FakeEnv::Call& call) {
    if (++n % 3 == 0) return s.env.answer_after(ms(1), call, Value("pong"));
    s.env.answer_after(ms(1), call, make_error("overloaded", "queue full"));
  };
  const auto balancer = s.make({.checks = HealthCheckOptions{}});
  s.env.run(sec(60));
  CHECK(shown(*balancer, 0, "state") == Value("up"));
}

TEST_CASE("balancer: a node that does not know the check's type is there all the same",
          "[balance][balancer]") {
  Setup s(1);
  s.env.on_call = [&](FakeEnv::Call& call) {
    s.env.answer_after(ms(1), call, make_error("not_found", "no such type"));
  };
  const auto balancer = s.make({.checks = HealthCheckOptions{}});
  s.env.run(sec(20));
  CHECK(shown(*balancer, 0, "state") == Value("up"));
}

TEST_CASE("balancer: checks are spread over the interval", "[balance][balancer]") {
  Setup s(4);
  const auto balancer = s.make({.checks = HealthCheckOptions{}});
  s.env.run(ms(1600));
  REQUIRE(s.env.calls.size() == 4);
  for (int i = 0; i < 4; ++i) CHECK(s.env.calls[i].at == Instant(ms(500 * i)));
}

TEST_CASE("balancer: least connections feeds a black hole, health checks close it", "[balance][balancer]") {
  const auto run = [](BalancerOptions options) {
    Setup s(3);
    black_hole(s.env, s.nodes[0]);
    options.policy = make_least_connections;
    const auto balancer = s.make(std::move(options));
    for (int i = 0; i < 10000; ++i) {  // 10 s at 1000 requests a second
      s.call(*balancer);
      s.env.run(ms(1));
    }
    s.env.run(ms(20));
    return static_cast<double>(s.results.count("connection_refused")) / static_cast<double>(s.results.size());
  };
  // A third would be its fair share; it gets four fifths, because it is always idle.
  CHECK(run({}) > 0.75);
  CHECK(run({.checks = HealthCheckOptions{.interval = ms(100), .timeout = ms(50)}}) < 0.05);
  CHECK(run({.ejection = EjectionOptions{.share_max = 0.5}}) < 0.05);
}

TEST_CASE("balancer: failures in a row eject a backend, each time for longer", "[balance][balancer]") {
  Setup s(2);
  black_hole(s.env, s.nodes[0]);
  const auto balancer =
      s.make({.ejection = EjectionOptions{.failures = 3, .time = sec(30), .forgive = sec(1000)}});
  const auto fail_until_ejected = [&] {
    for (int i = 0; i < 6; ++i) {
      s.call(*balancer);
      s.env.run(ms(20));
    }
  };
  fail_until_ejected();
  CHECK(shown(*balancer, 0, "state") == Value("ejected"));
  s.env.run(sec(30));
  CHECK(shown(*balancer, 0, "state") == Value("up"));
  fail_until_ejected();
  s.env.run(sec(59));
  CHECK(shown(*balancer, 0, "state") == Value("ejected"));
  s.env.run(sec(2));
  CHECK(shown(*balancer, 0, "state") == Value("up"));
}

TEST_CASE("balancer: a success between failures forgets them", "[balance][balancer]") {
  Setup s(1);
  int n = 0;
  s.env.on_call = [&](FakeEnv::Call& call) {
    s.env.answer(call, ++n % 5 == 0 ? Result(Value("ok")) : Result(make_error("crashed", "boom")));
  };
  const auto balancer = s.make({.ejection = EjectionOptions{}});
  for (int i = 0; i < 100; ++i) s.call(*balancer);
  CHECK(shown(*balancer, 0, "state") == Value("up"));
}

TEST_CASE("balancer: ejection takes one backend at least and never more than its share",
          "[balance][balancer]") {
  Setup s(4);
  s.env.on_call = [&](FakeEnv::Call& call) { s.env.answer(call, make_error("crashed", "boom")); };
  for (const auto& [share, expected] : {std::pair(0.0, 1), std::pair(0.5, 2), std::pair(1.0, 4)}) {
    const auto balancer = s.make({.ejection = EjectionOptions{.share_max = share}});
    for (int i = 0; i < 100; ++i) s.call(*balancer);
    int ejected = 0;
    for (std::size_t i = 0; i < 4; ++i) ejected += shown(*balancer, i, "state") == Value("ejected");
    CHECK(ejected == expected);
    s.env.run(sec(100));
  }
}

TEST_CASE("balancer: in panic all backends are used, whatever the checks say", "[balance][balancer]") {
  Setup s(3);
  s.env.on_call = [&](FakeEnv::Call& call) {
    s.env.answer_after(ms(1), call, make_error("overloaded", "full"));
  };
  const HealthCheckOptions checks{.interval = ms(100), .timeout = ms(50)};
  const auto calm = s.make({.checks = checks});
  const auto panicky = s.make({.checks = checks, .panic = 0.5});
  s.env.run(sec(1));
  s.call(*calm);
  REQUIRE(s.results.code(0) == "unavailable");
  s.call(*panicky);
  s.env.run(ms(2));
  CHECK(s.results.code(1) == "overloaded");
  CHECK(panicky->show()["panic"] == Value(true));
}

TEST_CASE("balancer: a draining backend finishes its requests and gets no new ones", "[balance][balancer]") {
  Setup s(2);
  const auto balancer = s.make();
  s.call(*balancer);
  balancer->drain(s.nodes[0]);
  for (int i = 0; i < 5; ++i) s.call(*balancer);
  CHECK(shown(*balancer, 0, "sent") == Value(1));
  CHECK(shown(*balancer, 0, "state") == Value("draining"));
  s.env.answer(s.env.calls[0], Value("ok"));
  CHECK(s.results.code(0) == "ok");
  CHECK(shown(*balancer, 0, "outstanding") == Value(0));
  balancer->add(s.env, {.node = s.nodes[0]});
  s.call(*balancer);
  s.call(*balancer);
  CHECK(shown(*balancer, 0, "sent") == Value(2));
}

TEST_CASE("balancer: a backend that joins later is used and checked", "[balance][balancer]") {
  Setup s(1);
  s.env.on_call = [&](FakeEnv::Call& call) { s.env.answer_after(ms(1), call, Value("ok")); };
  const auto balancer = s.make({.checks = HealthCheckOptions{}});
  const NodeId late = s.env.add_node("late");
  balancer->add(s.env, {.node = late, .weight = 3});
  CHECK(s.env.calls.back().to == late);
  for (int i = 0; i < 8; ++i) s.call(*balancer);
  CHECK(shown(*balancer, 0, "sent") == Value(2));
  CHECK(shown(*balancer, 1, "sent") == Value(6));
}
