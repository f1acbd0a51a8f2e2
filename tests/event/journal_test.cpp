#include "core/event/journal.hpp"

#include <catch2/catch.hpp>

#include "tests/runtime/fake_env.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

// A sum that is kept by a journal: each command adds, unless the sum would pass a limit.
struct Sum {
  double sum = 0;
  int commits = 0;
  Journal journal;

  explicit Sum(FakeEnv& env, std::size_t snapshot_every = 3)
      : journal("sum", {.reset = [this](const Value& s) { sum = s.is_number() ? s.number() : 0; },
                        .replay = [this](const Value& r) { sum += r.number(); },
                        .committed = [this] { ++commits; },
                        .snapshot = [this] { return Value(sum); },
                        .snapshot_every = snapshot_every}) {
    journal.start(env);
  }
  void add(double n, Reply reply) {
    journal.submit(
        [this, n]() -> Journal::Outcome {
          if (sum + n > 1000) return {{}, make_error("full", "no room")};
          sum += n;
          return {Value(n), Value(sum)};
        },
        std::move(reply));
  }
};

}  // namespace

TEST_CASE("journal: what was answered is there for the next process, through snapshots and all",
          "[event][journal]") {
  FakeEnv env;
  double expected = 0;
  for (int round = 1; round <= 20; ++round) {
    Results results;
    {
      Sum sum(env);
      REQUIRE(sum.sum == expected);
      REQUIRE(sum.journal.log_size() <= 3);
      sum.add(round, results.reply(env));
      env.run(ms(1));
    }
    REQUIRE(results.size() == 1);
    expected += round;
    REQUIRE(*results.entries[0].result == Value(expected));
  }
}

TEST_CASE("journal: commands that come together are one group, in their order, and see each other",
          "[event][journal]") {
  FakeEnv env;
  Results results;
  Sum sum(env, 100);
  for (int i = 1; i <= 5; ++i) sum.add(300, results.reply(env));
  CHECK(results.size() == 0);
  env.run(ms(1));
  REQUIRE(results.size() == 5);
  CHECK(*results.entries[0].result == Value(300));
  CHECK(*results.entries[2].result == Value(900));
  CHECK(results.code(3) == "full");
  CHECK(sum.journal.log_size() == 2);  // the first one alone, and what came meanwhile
  CHECK(sum.commits == 3);             // and once at the start
  CHECK(Sum(env, 100).sum == 900);
}

TEST_CASE("journal: a torn entry is passed over, a missing one is not", "[event][journal]") {
  FakeEnv env;
  Results results;
  {
    Sum sum(env, 100);
    for (int i = 1; i <= 4; ++i) {
      sum.add(i, results.reply(env));
      env.run(ms(1));
    }
  }
  const auto rewrite = [&](const std::function<void(Value::List&)>& change) {
    Value::List entries = env.disk().peek("sum/log")->list();
    change(entries);
    env.disk().write("sum/log", Value::list(std::move(entries)), [](const Result&) {});
    env.run(ms(1));
  };
  // Half of an entry, as a torn write leaves it; its number was given again.
  rewrite([](Value::List& entries) { entries.insert(entries.begin() + 2, Value::map({{"n", 3}})); });
  CHECK(Sum(env, 100).sum == 10);
  rewrite([](Value::List& entries) { entries.erase(entries.begin() + 1); });
  Sum damaged(env, 100);
  REQUIRE(damaged.journal.broken());
  CHECK(damaged.journal.broken()->code == "io_error");
  damaged.add(1, results.reply(env));
  env.run(ms(1));
  CHECK(results.code(4) == "io_error");
}
