#include "core/id/filter.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "core/id/snowflake.hpp"
#include "core/id/uuid.hpp"
#include "tests/runtime/fake_env.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

SnowflakeOptions few(int sequence_bits) {
  SnowflakeOptions o;
  o.sequence_bits = sequence_bits;
  return o;
}

ServicePtr started(FakeEnv& env, const IdFilterOptions& options, ServicePtr inner = always(Value("inner"))) {
  auto service = make_id_filter(options)(std::move(inner));
  service->on_start(env);
  return service;
}

IdFilterOptions with(const SnowflakeOptions& o) {
  IdFilterOptions f;
  f.generator = std::make_shared<Snowflake>(o);
  return f;
}

const Request kId{.type = "id", .body = {}, .from = kNoNode};

}  // namespace

TEST_CASE("id filter: answers requests of its type and passes others on", "[id][filter]") {
  FakeEnv env;
  Results results;
  const auto service = started(env, with(few(12)));
  service->call(env, kId, results.reply(env));
  service->call(env, {.type = "get", .body = {}, .from = kNoNode}, results.reply(env));
  REQUIRE(results.size() == 2);
  CHECK(*results.entries[0].result == Value("0"));  // the first id of the first millisecond of worker 0
  CHECK(*results.entries[1].result == Value("inner"));
  CHECK(service->show()["issued"] == Value(1));
}

TEST_CASE("id filter: a used-up sequence waits for the next tick by a timer, in order", "[id][filter]") {
  FakeEnv env;
  Results results;
  const auto service = started(env, with(few(1)));
  for (int i = 0; i < 5; ++i) service->call(env, kId, results.reply(env));
  CHECK(results.size() == 2);
  env.run(ms(10));
  REQUIRE(results.count("ok") == 5);
  std::uint64_t last = 0;
  Snowflake reader(few(1));
  for (std::size_t i = 0; i < 5; ++i) {
    const Id id = *reader.read((*results.entries[i].result).string());
    CHECK((i == 0 || id.low > last));
    last = id.low;
    CHECK(results.entries[i].at == Instant(ms(static_cast<std::int64_t>(i / 2))));
  }
}

TEST_CASE("id filter: the wall clock's faults are the ids' faults", "[id][filter]") {
  FakeEnv env;
  Results results;
  const auto service = started(env, with(few(12)));
  env.run(sec(10));
  service->call(env, kId, results.reply(env));
  env.wall_offset = -sec(5);
  service->call(env, kId, results.reply(env));
  CHECK(results.code(1) == "clock_backwards");
  env.run(sec(5));
  service->call(env, kId, results.reply(env));
  CHECK(results.code(2) == "ok");
  CHECK(service->show()["refused"] == Value(1));
}

TEST_CASE("id filter: the number of a node is its worker's, and one that does not fit is no worker",
          "[id][filter]") {
  class SecondNode final : public Env {
   public:
    SecondNode(Env& env, std::uint32_t index) : env_(env), index_(index) {}
    NodeId self() const override { return NodeId{index_}; }
    const std::string& name_of(NodeId node) const override { return env_.name_of(node); }
    Expected<NodeId> find(std::string_view name) const override { return env_.find(name); }
    Instant now() const override { return env_.now(); }
    Instant wall_now() const override { return env_.wall_now(); }
    TimerId after(Duration delay, std::function<void()> action) override { return env_.after(delay, action); }
    bool cancel(TimerId timer) override { return env_.cancel(timer); }
    void send(NodeId to, std::string type, Value body) override { env_.send(to, type, body); }
    void call(NodeId to, Request request, std::optional<Duration> timeout, Reply reply) override {
      env_.call(to, request, timeout, reply);
    }
    Storage& disk() override { return env_.disk(); }
    Rng& rng() override { return env_.rng(); }
    Metrics& metrics() override { return env_.metrics(); }
    void log(std::string_view text, Value fields) override { env_.log(text, fields); }

   private:
    Env& env_;
    std::uint32_t index_;
  };
  SnowflakeOptions o;
  o.worker_bits = 2;
  IdFilterOptions options = with(o);
  options.worker = IdFilterOptions::Worker::node;
  Results results;
  FakeEnv env;
  for (const std::uint32_t index : {0, 3, 4}) {
    SecondNode node(env, index);
    const auto service = make_id_filter(options)(always(Value("inner")));
    service->on_start(node);
    service->call(node, kId, results.reply(env));
    service->call(node, {.type = "get", .body = {}, .from = kNoNode}, results.reply(env));
    CHECK(*results.entries.back().result == Value("inner"));
  }
  Snowflake reader(o);
  CHECK(reader.fields(*reader.read((*results.entries[2].result).string()))["worker"].number() == 3);
  CHECK(results.code(4) == "exhausted");
}

TEST_CASE("id filter: each process has a generator of its own", "[id][filter]") {
  FakeEnv env;
  Results results;
  IdFilterOptions options = with(few(12));
  // With the given number, two processes repeat each other in the same millisecond ...
  started(env, options)->call(env, kId, results.reply(env));
  started(env, options)->call(env, kId, results.reply(env));
  CHECK(*results.entries[0].result == *results.entries[1].result);
  // ... random generators do not.
  options.generator = std::make_shared<Uuid>(UuidOptions{}, Rng(1));
  started(env, options)->call(env, kId, results.reply(env));
  started(env, options)->call(env, kId, results.reply(env));
  CHECK_FALSE(*results.entries[2].result == *results.entries[3].result);
}

TEST_CASE("id filter: after a restart with a clock that is behind, ids repeat; with a guard they do not",
          "[id][filter]") {
  for (const bool guarded : {false, true}) {
    FakeEnv env;
    IdFilterOptions options = with(few(12));
    if (guarded) options.guard = sec(1);
    std::multiset<std::string> ids;
    Results results;
    auto service = started(env, options);
    for (int i = 0; i < 200; ++i) {
      service->call(env, kId, results.reply(env));
      env.run(ms(10));
    }
    env.wall_offset = -ms(500);
    service = started(env, options);  // the crash: a new process, the same disk
    for (int i = 0; i < 200; ++i) {
      service->call(env, kId, results.reply(env));
      env.run(ms(10));
    }
    env.run(sec(5));
    REQUIRE(results.count("ok") == 400);
    for (const auto& entry : results.entries) ids.insert(std::string((*entry.result).string()));
    const std::size_t different = std::set<std::string>(ids.begin(), ids.end()).size();
    if (guarded) {
      CHECK(different == 400);
    } else {
      CHECK(different == 350);  // 50 of the milliseconds come twice
    }
  }
}
