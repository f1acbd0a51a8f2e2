#include "core/resilience/hedge.hpp"

#include <catch2/catch.hpp>

#include "tests/runtime/fake_env.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

// Answers the n-th request after the n-th delay: with its number, or with an error where the delay is
// negative (which counts as its absolute value).
std::shared_ptr<FakeService> delays(std::vector<int> milliseconds) {
  auto n = std::make_shared<std::size_t>(0);
  return fake_service([=](Env& env, const Request&, Reply reply) {
    const int delay = milliseconds.at((*n)++);
    const Result result =
        delay < 0 ? Result(make_error("timeout", "late")) : Result(Value(static_cast<int>(*n)));
    env.after(ms(std::abs(delay)), [reply = std::move(reply), result] { reply(result); });
  });
}

}  // namespace

TEST_CASE("hedge: a quick answer needs no second request", "[resilience][hedge]") {
  FakeEnv env;
  Results results;
  const auto inner = delays({9});
  const auto service = make_hedge({.after = ms(10)})(inner);
  service->call(env, {}, results.reply(env));
  env.run(sec(1));
  CHECK(results.size() == 1);
  CHECK(inner->requests.size() == 1);
}

TEST_CASE("hedge: where the first is slow the second may win, and the caller hears one",
          "[resilience][hedge]") {
  FakeEnv env;
  Results results;
  const auto service = make_hedge({.after = ms(10)})(delays({100, 5}));
  service->call(env, {}, results.reply(env));
  env.run(sec(1));
  REQUIRE(results.size() == 1);
  CHECK(*results.entries[0].result == Value(2));
  CHECK(results.entries[0].at == Instant(ms(15)));
  CHECK(service->show()["won"] == Value(1));
}

TEST_CASE("hedge: an error counts only when nothing else is under way", "[resilience][hedge]") {
  FakeEnv env;
  Results results;
  const Filter hedge = make_hedge({.after = ms(10)});
  const ServicePtr services[] = {hedge(delays({30, -5})), hedge(delays({-20, -30})), hedge(delays({-5}))};
  for (const ServicePtr& service : services) service->call(env, {}, results.reply(env));
  env.run(sec(1));
  REQUIRE(results.size() == 3);
  CHECK(results.code(0) == "timeout");  // the third service failed before there was a second request
  CHECK(results.entries[0].at == Instant(ms(5)));
  CHECK(results.code(1) == "ok");
  CHECK(results.entries[1].at == Instant(ms(30)));
  CHECK(results.code(2) == "timeout");
  CHECK(results.entries[2].at == Instant(ms(40)));
}

TEST_CASE("hedge: requests go out one by one up to the number of attempts", "[resilience][hedge]") {
  FakeEnv env;
  Results results;
  const auto inner = delays({1000, 1000, 1000});
  const auto service = make_hedge({.after = ms(10), .attempts = 3})(inner);
  service->call(env, {}, results.reply(env));
  env.run(sec(5));
  CHECK(inner->times == std::vector<Instant>{Instant(ms(0)), Instant(ms(10)), Instant(ms(20))});
  CHECK(results.size() == 1);
}
