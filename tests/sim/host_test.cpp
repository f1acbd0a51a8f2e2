#include "core/sim/host.hpp"

#include <catch2/catch.hpp>

#include "core/sim/fault/clock_drift.hpp"
#include "core/sim/fault/crash.hpp"
#include "core/sim/fault/pause.hpp"
#include "core/sim/fault/restart.hpp"
#include "core/sim/fault/slow.hpp"
#include "core/sim/fault/stop.hpp"
#include "tests/sim/cluster.hpp"

namespace syslab {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

// A server that takes 10 ms for a request, and a client that keeps every outcome.
struct Served {
  World world;
  NodeId server, client;
  struct Outcome {
    Instant at;
    std::string code;  // "ok" or the error
  };
  std::vector<Outcome> outcomes;

  explicit Served(ServiceOptions options = {}) {
    if (!options.time) options.time = make_constant({0.010});
    server = *world.add_service("server", options);
    client = *world.add_client("client");
  }
  void ask_at(double s, std::optional<Duration> timeout = std::nullopt) {
    world.scheduler().at(at_seconds(s), [this, timeout] {
      world.env(client).call(server, {}, timeout, [this](Result result) {
        outcomes.push_back({world.now(), result ? "ok" : result.error().code});
      });
    });
  }
  std::vector<std::string> codes() const {
    std::vector<std::string> out;
    for (const Outcome& outcome : outcomes) out.push_back(outcome.code);
    return out;
  }
};
using Codes = std::vector<std::string>;

}  // namespace

TEST_CASE("station: slots serve, the queue waits its turn, and a full queue sheds at once", "[sim][host]") {
  Served s({.slots = 2, .queue_limit = 1});
  for (int i = 0; i < 4; ++i) s.ask_at(0.001);
  s.world.run(seconds(1));
  REQUIRE(s.codes() == Codes{"overloaded", "ok", "ok", "ok"});
  const Duration trip = microseconds(500);
  CHECK(s.outcomes[0].at == at_seconds(0.001) + trip);
  CHECK(s.outcomes[1].at == at_seconds(0.011) + trip);
  CHECK(s.outcomes[2].at == at_seconds(0.011) + trip);
  CHECK(s.outcomes[3].at == at_seconds(0.021) + trip);
  const Value shown = s.world.host(s.server).show();
  CHECK(shown["served"].number() == 3);
  CHECK(shown["shed"].number() == 1);
}

TEST_CASE("station: a request holds its slot while it calls downstream", "[sim][host]") {
  World world({.link = {.latency = make_constant({0})}});
  const NodeId db = *world.add_service("db", {.time = make_constant({0.030}), .slots = 8});
  const NodeId app =
      *world.add_service("app", {.time = make_constant({0.010}), .slots = 1, .calls = {db, db}});
  const NodeId client = *world.add_client("client");
  std::vector<Instant> ended;
  for (int i = 0; i < 2; ++i) {
    world.env(client).call(app, {}, std::nullopt, [&](const Result& result) {
      CHECK(result.ok());
      CHECK((*result)["node"].string() == "app");
      ended.push_back(world.now());
    });
  }
  world.run(seconds(1));
  CHECK(ended == std::vector<Instant>{at_seconds(0.070), at_seconds(0.140)});
}

TEST_CASE("station: a downstream error is the answer, and a downstream silence ends in a timeout",
          "[sim][host]") {
  World world;
  const NodeId db = *world.add_service("db", {.time = make_constant({5})});
  const NodeId app = *world.add_service("app", {.calls = {db}, .call_timeout = milliseconds(100)});
  const NodeId client = *world.add_client("client");
  std::string code;
  const auto ask = [&] {
    world.env(client).call(app, {}, std::nullopt, [&](const Result& r) { code = r ? "ok" : r.error().code; });
    world.run(seconds(1));
  };
  ask();
  CHECK(code == "timeout");
  world.inject(make_crash({"db"}));
  ask();
  CHECK(code == "connection_refused");
}

TEST_CASE("host: after a crash those who wait get a reset, and those who come are refused", "[sim][host]") {
  Served s;
  s.ask_at(0.000);  // in service at the crash
  s.ask_at(0.001);  // in the queue
  s.ask_at(0.100);  // too late
  s.world.at(at_seconds(0.005), make_crash({"server"}));
  s.world.run(seconds(1));
  CHECK(s.codes() == Codes{"connection_reset", "connection_reset", "connection_refused"});
  CHECK(s.outcomes[0].at == at_seconds(0.005) + microseconds(250));
  CHECK(s.world.host(s.server).show()["state"].string() == "down");
}

TEST_CASE("host: after a power loss nobody is told", "[sim][host]") {
  Served s;
  s.ask_at(0.000);
  s.ask_at(0.000, milliseconds(300));
  s.ask_at(0.100, milliseconds(300));
  s.world.at(at_seconds(0.005), make_crash({.target = "server", .power = true}));
  s.world.run(seconds(1));
  CHECK(s.codes() == Codes{"timeout", "timeout"});
  CHECK(s.world.host(s.server).show()["state"].string() == "off");
}

TEST_CASE("host: a restart begins with an empty queue and a new incarnation", "[sim][host]") {
  Served s;
  for (int i = 0; i < 5; ++i) s.ask_at(0.000);
  s.world.at(at_seconds(0.005), make_crash({"server"}), milliseconds(20));
  s.ask_at(0.030);
  s.world.run(seconds(1));
  REQUIRE(s.codes().size() == 6);
  CHECK(s.codes().back() == "ok");
  CHECK(s.outcomes.back().at == at_seconds(0.040) + microseconds(500));
  CHECK(s.world.host(s.server).incarnation() == 2);
}

TEST_CASE("host: an orderly stop finishes what is served and refuses the rest", "[sim][host]") {
  Served s;
  s.ask_at(0.000);  // served
  s.ask_at(0.001);  // in the queue
  s.ask_at(0.006);  // while it stops
  s.ask_at(0.100);  // when it is down
  s.world.at(at_seconds(0.005), make_stop({"server"}));
  s.world.run(seconds(1));
  CHECK(s.codes() == Codes{"connection_refused", "connection_refused", "ok", "connection_refused"});
}

TEST_CASE("host: a stop that takes too long ends in resets", "[sim][host]") {
  Served s({.time = make_constant({60})});
  s.ask_at(0.000);
  s.world.at(at_seconds(1), make_stop({"server"}));
  s.world.run(seconds(30));
  CHECK(s.codes() == Codes{"connection_reset"});
  CHECK(s.outcomes[0].at == at_seconds(11) + microseconds(250));
}

TEST_CASE("host: a node hears of its stop, not of its crash", "[sim][host]") {
  Pair pair;
  pair.world.inject(make_crash({"a"}));
  pair.world.inject(make_stop({"b"}));
  pair.world.run(seconds(1));
  CHECK(pair.heard_a->empty());
  REQUIRE(pair.heard_b->size() == 1);
  CHECK(pair.heard_b->front().type == "stop");
}

TEST_CASE("host: nothing runs in a pause; then all that waited runs, in order", "[sim][host]") {
  Pair pair;
  std::vector<int> timers;
  Env& b = pair.world.env(pair.b);
  b.after(milliseconds(20), [&] { timers.push_back(20); });
  b.after(milliseconds(90), [&] { timers.push_back(90); });
  const TimerId cancelled = b.after(milliseconds(30), [&] { timers.push_back(30); });
  b.disk().write("f", 1, [&](Result) { timers.push_back(0); });
  pair.stream(100);
  const FaultId pause = *pair.world.inject(make_pause({"b"}));
  pair.world.run_until(at_seconds(0.050));
  CHECK(pair.numbers().empty());
  CHECK(timers.empty());
  CHECK(pair.world.host(pair.b).show()["state"].string() == "paused");
  CHECK(b.cancel(cancelled));  // it is due and waits, and can still be cancelled
  pair.world.heal(pause);
  const Instant resumed = pair.world.now();
  pair.world.run_until(at_seconds(0.0505));
  CHECK(timers == std::vector<int>{0, 20});
  CHECK(pair.numbers() == upto(51));
  CHECK((*pair.heard_b)[49].at == resumed);
  pair.world.run(seconds(1));
  CHECK(pair.numbers() == upto(100));
  CHECK(timers == std::vector<int>{0, 20, 90});
}

TEST_CASE("host: a crash in a pause drops what waits, and a restart in a pause waits for its end",
          "[sim][host]") {
  Pair pair;
  pair.world.at(at_seconds(0.010), make_pause({"b"}), milliseconds(50));
  pair.world.at(at_seconds(0.020), make_crash({"b"}), milliseconds(10));
  pair.stream(100);
  pair.world.run_until(at_seconds(0.055));
  CHECK(pair.heard_b->size() == 10);
  pair.world.run(seconds(1));
  REQUIRE(pair.heard_b->size() > 10);
  CHECK((*pair.heard_b)[10].type == "start");
  CHECK((*pair.heard_b)[10].at == at_seconds(0.060));
  CHECK((*pair.heard_b)[11].body.number() == 30);
  CHECK(pair.numbers().size() == 80);
}

TEST_CASE("host: pauses nest", "[sim][host]") {
  Pair pair;
  pair.world.at(at_seconds(0.010), make_pause({"b"}), milliseconds(50));
  pair.world.at(at_seconds(0.020), make_pause({"b"}), milliseconds(10));
  pair.stream(100);
  pair.world.run_until(at_seconds(0.055));
  CHECK(pair.numbers().size() == 10);
}

TEST_CASE("host: timers and pending calls die with their process", "[sim][host]") {
  Pair pair;
  int fired = 0;
  Env& b = pair.world.env(pair.b);
  b.after(milliseconds(50), [&] { ++fired; });
  b.call(pair.a, {}, milliseconds(100), [&](const Result&) { ++fired; });
  pair.world.inject(make_crash({"b"}), milliseconds(1));
  pair.world.run(seconds(1));
  CHECK(fired == 0);
  // The answer came to the next incarnation, which did not ask.
  bool late = false;
  for (std::size_t i = 0; i < pair.world.trace().size(); ++i) {
    const TraceEvent& event = pair.world.trace()[i];
    late |= event.kind == TraceEvent::Kind::drop && event.detail == Value("the process is down");
  }
  CHECK(late);
}

TEST_CASE("host: an answer after the timeout is dropped and traced", "[sim][host]") {
  Served s;
  s.ask_at(0, milliseconds(5));
  s.world.run(seconds(1));
  CHECK(s.codes() == Codes{"timeout"});
  bool late = false;
  for (std::size_t i = 0; i < s.world.trace().size(); ++i) late |= s.world.trace()[i].detail == Value("late");
  CHECK(late);
}

TEST_CASE("host: a slow node takes its factor longer, from the next request on", "[sim][host]") {
  Served s;
  s.ask_at(0);
  s.world.at(at_seconds(0.005), make_slow({.target = "server", .factor = 3}), milliseconds(50));
  s.ask_at(0.020);
  s.ask_at(0.100);
  s.world.run(seconds(1));
  REQUIRE(s.codes() == Codes{"ok", "ok", "ok"});
  const Duration trip = microseconds(500);
  CHECK(s.outcomes[0].at == at_seconds(0.010) + trip);
  CHECK(s.outcomes[1].at == at_seconds(0.050) + trip);
  CHECK(s.outcomes[2].at == at_seconds(0.110) + trip);
}

TEST_CASE("host: a node with a handling time takes its messages one after the other", "[sim][host]") {
  World world;
  const Log heard = std::make_shared<std::vector<Heard>>();
  const NodeId busy = *world.add_node("busy", listener(heard), {.time = make_constant({0.010})});
  const NodeId client = *world.add_client("client");
  world.run_until(Instant());
  heard->clear();
  for (int i = 0; i < 3; ++i) world.env(client).send(busy, "n", i);
  world.run(seconds(1));
  REQUIRE(heard->size() == 3);
  for (int i = 0; i < 3; ++i) {
    CHECK((*heard)[static_cast<std::size_t>(i)].at ==
          Instant(microseconds(250) + milliseconds(10) * (i + 1)));
  }
}

TEST_CASE("host: timers follow the clock of their node, also when its rate changes under them",
          "[sim][host]") {
  Pair pair;
  Instant fired;
  pair.world.env(pair.b).after(seconds(10), [&] { fired = pair.world.now(); });
  // Ten per cent fast from 5 s on: of the 5 s that are left, 5 / 1.1 pass.
  pair.world.at(at_seconds(5), make_clock_drift({.target = "b", .ppm = 100'000}));
  pair.world.run(seconds(20));
  CHECK(to_seconds(fired) == Approx(5 + 5 / 1.1).margin(1e-8));
}

TEST_CASE("host: a handler that fails brings its process down, and its callers hear of it", "[sim][host]") {
  World world;
  struct Failing final : Node {
    void on_start(Env&) override {}
    void on_message(Env&, const Message&) override {}
    void on_request(Env& env, const Request&, Reply) override {
      static_cast<Host&>(env).fail_soon("a script error");
    }
  };
  const NodeId node = *world.add_node("node", [] { return std::make_unique<Failing>(); });
  const NodeId client = *world.add_client("client");
  std::string code;
  world.env(client).call(node, {}, std::nullopt, [&](const Result& r) { code = r ? "ok" : r.error().code; });
  world.run(seconds(1));
  CHECK(code == "connection_reset");
  CHECK_FALSE(world.host(node).up());
}

TEST_CASE("host: a reply that is kept beyond its process is harmless", "[sim][host]") {
  World world;
  std::vector<Reply> kept;
  struct Keeper final : Service {
    explicit Keeper(std::vector<Reply>& kept) : kept_(kept) {}
    void call(Env&, Request, Reply reply) override { kept_.push_back(std::move(reply)); }
    std::vector<Reply>& kept_;
  };
  ServiceOptions options;
  options.handler = [&](Env&) { return std::make_shared<Keeper>(kept); };
  const NodeId server = *world.add_service("server", options);
  const NodeId client = *world.add_client("client");
  int answers = 0;
  for (int i = 0; i < 2; ++i) {
    world.env(client).call(server, {}, std::nullopt, [&](const Result&) { ++answers; });
    world.run(seconds(1));
    world.inject(make_restart({"server"}));
    world.run(seconds(1));
  }
  REQUIRE(kept.size() == 2);
  for (const Reply& reply : kept) {
    reply(Value(1));
    reply(Value(2));
  }
  world.run(seconds(1));
  CHECK(answers == 2);  // the two resets
}

TEST_CASE("host: filters wrap the station, the first one outermost", "[sim][host]") {
  struct Tag final : Service {
    Tag(std::string tag, ServicePtr inner) : tag_(std::move(tag)), inner_(std::move(inner)) {}
    void call(Env& env, Request request, Reply reply) override {
      inner_->call(env, std::move(request), [tag = tag_, reply](Result result) {
        reply(Value(tag + std::string(result->is_string() ? result->string() : "node")));
      });
    }
    std::string tag_;
    ServicePtr inner_;
  };
  const auto tag = [](const char* name) -> Filter {
    return [name](ServicePtr inner) { return std::make_shared<Tag>(name, std::move(inner)); };
  };
  World world;
  const NodeId server = *world.add_service("server", {.filters = {tag("a-"), tag("b-")}});
  const NodeId client = *world.add_client("client");
  Value answer;
  world.env(client).call(server, {}, std::nullopt, [&](const Result& result) { answer = *result; });
  world.run(seconds(1));
  CHECK(answer.string() == "a-b-node");
}

}  // namespace syslab
