// The checker of sagas, proved by mutants: sagas are run by a plain orchestrator over plain services at
// random, with refusals, doubts and crashes, and with one mistake at a time; the checker must name the rule
// that it breaks.
#include "core/check/saga.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "core/base/rng.hpp"

using namespace syslab;

namespace {

enum class Mistake {
  none,
  not_idempotent,     // a step that is asked for again acts again
  forgets_to_undo,    // the first step, in one saga of five
  undoes_forwards,    // in the order of the steps
  ignores_doubt,      // does not take back a step whose answer was lost
  late_action,        // a delayed request acts after its compensation
  says_done,          // after a refusal
  undoes_after_done,  // the last step
  forgets_saga,       // in a crash
  undoes_twice,
};

const SagaRules kRules = {{{"T1", "C1"}, {"T2", "C2"}, {"T3", "C3"}, {"T4", ""}}, true};

struct Run {
  History history;
  Rng rng;
  Mistake mistake;
  Instant now{};
  std::int64_t process = 0;

  Run(std::uint64_t seed, Mistake m) : rng(seed), mistake(m) {}

  void operation(const char* f, const std::string& saga, Value value, Event::Type end = Event::Type::ok) {
    now += std::chrono::milliseconds(1);
    const auto op = history.invoke(++process, f, Value(saga), std::move(value), now);
    if (end != Event::Type::invoke) history.complete(op, end, Value(true), now);
  }
  void effect(const std::string& saga, const std::string& type) {
    if (!type.empty()) operation("effect", saga, Value::map({{"type", type}}));
  }
  void end(const std::string& saga, const char* outcome) {
    operation("saga_end", saga, Value::map({{"outcome", outcome}}));
  }

  void saga(int number, bool announced) {
    const std::string id = "order-" + std::to_string(number);
    if (announced) operation("saga_start", id, Value::map({}));
    const std::size_t fails = rng.below(6);  // at this step; 4 and more: at none
    const bool doubt = rng.chance(0.4);      // the failing step has acted
    const bool one_in_five = number % 5 == 0;
    for (std::size_t i = 0; i < 4; ++i) {
      const std::string& action = kRules.steps[i].action;
      if (mistake == Mistake::forgets_saga && one_in_five && i == 2) return;
      if (i == fails) {
        if (doubt && i < 3) effect(id, action);
        if (mistake == Mistake::says_done) return end(id, "done");
        std::vector<std::size_t> back;
        for (std::size_t j = doubt && i < 3 && mistake != Mistake::ignores_doubt ? i + 1 : i; j > 0; --j)
          back.push_back(j - 1);
        if (mistake == Mistake::undoes_forwards) std::reverse(back.begin(), back.end());
        for (const std::size_t j : back) {
          if (mistake == Mistake::forgets_to_undo && one_in_five && j == 0) continue;
          // A compensation whose first answer was lost is asked for again, and found done.
          if (rng.chance(0.2)) {
            operation("effect", id, Value::map({{"type", kRules.steps[j].compensation}, {"empty", true}}));
          }
          effect(id, kRules.steps[j].compensation);
          if (mistake == Mistake::undoes_twice && one_in_five) effect(id, kRules.steps[j].compensation);
        }
        if (mistake == Mistake::late_action && !back.empty()) effect(id, kRules.steps[back[0]].action);
        return announced ? end(id, "compensated") : void();
      }
      effect(id, action);
      if (mistake == Mistake::not_idempotent && rng.chance(0.1)) effect(id, action);
    }
    if (mistake == Mistake::undoes_after_done && one_in_five) effect(id, "C3");
    if (announced) end(id, "done");
  }

  SagaVerdict judge(bool announced = true) {
    for (int i = 1; i <= 40; ++i) saga(i, announced);
    return check_saga(history, kRules);
  }
};

}  // namespace

TEST_CASE("check saga: whole sagas pass, with and without somebody who says how they ended",
          "[check][saga]") {
  for (const bool announced : {true, false}) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
      Run run(seed, Mistake::none);
      const SagaVerdict v = run.judge(announced);
      INFO(v.message);
      REQUIRE(v.outcome == Outcome::ok);
      REQUIRE(v.done > 0);
      REQUIRE(v.compensated > 0);
    }
  }
}

TEST_CASE("check saga: each mistake is found and named", "[check][saga]") {
  const std::vector<std::pair<Mistake, std::string>> mutants = {
      {Mistake::not_idempotent, "twice"},
      {Mistake::forgets_to_undo, "not_undone"},
      {Mistake::undoes_forwards, "order"},
      {Mistake::ignores_doubt, "not_undone"},
      {Mistake::late_action, "late"},
      {Mistake::says_done, "half_done"},
      {Mistake::undoes_after_done, "half_done"},
      {Mistake::forgets_saga, "unfinished"},
      {Mistake::undoes_twice, "twice"},
  };
  for (const auto& [mistake, rule] : mutants) {
    int found = 0;
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      Run run(seed, mistake);
      const SagaVerdict v = run.judge();
      if (v.outcome == Outcome::ok) continue;
      // A step that acts twice may first be seen as one that acts after it was taken back.
      CHECK((v.rule == rule || (mistake == Mistake::late_action && v.rule == "twice")));
      CHECK_FALSE(v.saga.empty());
      ++found;
    }
    INFO(rule);
    CHECK(found == 10);
  }
}

TEST_CASE("check saga: without an orchestrator, half a saga is one that stands in part", "[check][saga]") {
  Run run(1, Mistake::none);
  run.effect("x", "T1");
  run.effect("x", "T2");
  SagaVerdict v = check_saga(run.history, kRules);
  CHECK(v.rule == "half_done");
  CHECK(v.message == "saga 'x': 'T1' took effect, and not all of its steps did");
  CHECK(check_saga(run.history, {kRules.steps, false}).outcome == Outcome::ok);
  run.effect("x", "C2");
  CHECK(check_saga(run.history, kRules).rule == "not_undone");
  run.operation("effect", "x", Value::map({{"type", "C1"}}), Event::Type::invoke);  // it may have happened
  CHECK(check_saga(run.history, kRules).outcome == Outcome::ok);
  run.operation("saga_start", "y", Value::map({}));
  run.operation("saga_end", "y", Value::map({{"outcome", "stuck"}}));
  CHECK(check_saga(run.history, kRules).message == "saga 'y': it is stuck");
  CHECK(check_saga(History(), kRules).outcome == Outcome::ok);
}
