#include "core/event/saga.hpp"

#include <catch2/catch.hpp>

using namespace syslab;
using namespace std::chrono_literals;

namespace {

std::shared_ptr<SagaDefinition> steps(int n) {
  auto d = std::make_shared<SagaDefinition>();
  d->name = "s";
  for (int i = 1; i <= n; ++i) {
    const std::string number = std::to_string(i);
    d->steps.push_back({"t" + number, "node", "T" + number, "C" + number, {}, 1s, 3, false});
  }
  return d;
}

const Expected<Value> kOk = Value(true);
const Expected<Value> kRefused = Error{"no_money", "declined", true};
const Expected<Value> kTimeout = make_error("timeout", "no answer");
const Expected<Value> kDown = make_error("connection_refused", "down");

// What is asked for until the saga ends, where `answer` says what each request comes to. Each record is also
// applied to a copy, which must come to the same: that is what a crash does.
std::string run(
    Saga& saga,
    const std::function<Expected<Value>(const std::string& type, std::uint64_t attempt)>& answer) {
  std::string text;
  std::uint64_t attempt = 0;
  bool doubt = false;
  for (int i = 0; i < 1000 && saga.next(); ++i) {
    const auto todo = *saga.next();
    const SagaStep& step = saga.definition().steps[todo.step];
    const std::string type = todo.undo ? step.compensation : step.action;
    if (++attempt == 1) text += (text.empty() ? "" : " ") + type;
    const auto result = answer(type, attempt);
    const Saga::Decision decision = saga.decide(result, attempt, doubt);
    if (!result.ok() && !result.error().definite) doubt = true;
    if (decision.record.is_nil()) continue;
    saga.apply(decision.record);
    attempt = 0;
    doubt = false;
  }
  return text + " " + std::string(to_string(saga.state()));
}

}  // namespace

// Garcia-Molina & Salem (1987), section 2: "either the sequence T1, T2, ... Tn (which is the preferable one),
// or the sequence T1, T2, ... Tj, Cj, ... C2, C1 for some 0 <= j < n will be executed".
TEST_CASE("saga: either all steps, or the first ones and their compensations in reverse", "[event][saga]") {
  for (int n = 1; n <= 5; ++n) {
    for (int fails = 1; fails <= n + 1; ++fails) {
      Saga saga(steps(n), "x", Value(1));
      std::string expected;
      for (int i = 1; i <= std::min(n, fails); ++i) expected += "T" + std::to_string(i) + " ";
      if (fails <= n) {
        for (int i = fails - 1; i >= 1; --i) expected += "C" + std::to_string(i) + " ";
      }
      CHECK(run(saga, [&](const std::string& type, std::uint64_t) {
              return type == "T" + std::to_string(fails) ? kRefused : kOk;
            }) == expected + (fails <= n ? "compensated" : "done"));
    }
  }
}

TEST_CASE("saga: a step whose answer nobody saw is taken back, too", "[event][saga]") {
  Saga timed_out(steps(3), "x", {});
  CHECK(run(timed_out, [](const std::string& type, std::uint64_t) {
          return type == "T2" ? kTimeout : kOk;
        }) == "T1 T2 C2 C1 compensated");
  Saga down(steps(3), "x", {});  // it certainly did nothing
  CHECK(run(down, [](const std::string& type, std::uint64_t) { return type == "T2" ? kDown : kOk; }) ==
        "T1 T2 C1 compensated");
  Saga doubtful(steps(3), "x", {});  // the first attempt may have done it, whatever the second says
  CHECK(run(doubtful, [](const std::string& type, std::uint64_t attempt) {
          return type != "T2" ? kOk : attempt == 1 ? kTimeout : kRefused;
        }) == "T1 T2 C2 C1 compensated");
}

TEST_CASE("saga: faults are tried again, with waits that double; refusals are not", "[event][saga]") {
  auto d = steps(1);
  d->steps[0].attempts = 9;
  d->wait = 1s;
  d->wait_max = 6s;
  Saga saga(d, "x", {});
  std::vector<Duration> waits;
  for (std::uint64_t attempt = 1; attempt <= 5; ++attempt)
    waits.push_back(saga.decide(kTimeout, attempt, false).wait);
  CHECK(waits == std::vector<Duration>{1s, 2s, 4s, 6s, 6s});
  CHECK_FALSE(saga.decide(kTimeout, 9, false).record.is_nil());
  CHECK_FALSE(saga.decide(kRefused, 1, false).record.is_nil());
  int calls = 0;
  CHECK(run(saga, [&](const std::string&, std::uint64_t) { return ++calls < 9 ? kTimeout : kOk; }) ==
        "T1 done");
}

TEST_CASE("saga: after its pivot there is only forward", "[event][saga]") {
  auto d = steps(3);
  d->steps[1].pivot = true;
  Saga before(d, "x", {});
  CHECK(run(before, [](const std::string& type, std::uint64_t) { return type == "T2" ? kRefused : kOk; }) ==
        "T1 T2 C1 compensated");
  Saga after(d, "x", {});
  CHECK(run(after, [](const std::string& type, std::uint64_t attempt) {
          return type != "T3" || attempt > 20 ? kOk : attempt % 2 ? kRefused : kTimeout;
        }) == "T1 T2 T3 done");
  Saga late(d, "x", {});
  late.apply(*[&] {
    late.apply(Value::map({{"event", "done"}, {"step", "t1"}}));
    CHECK(late.abort("deadline").has_value());
    late.apply(Value::map({{"event", "done"}, {"step", "t2"}}));
    CHECK_FALSE(late.abort("deadline").has_value());
    return std::optional(Value::map({{"event", "done"}, {"step", "t3"}}));
  }());
  CHECK(late.state() == Saga::State::done);
}

TEST_CASE("saga: compensations do not give up, unless they are told to", "[event][saga]") {
  auto d = steps(2);
  const auto answer = [](const std::string& type, std::uint64_t attempt) {
    return type == "T2" ? kRefused : type == "C1" && attempt < 50 ? kTimeout : kOk;
  };
  Saga patient(d, "x", {});
  CHECK(run(patient, answer) == "T1 T2 C1 compensated");
  d->undo_attempts = 5;
  Saga stuck(d, "x", {});
  CHECK(run(stuck, answer) == "T1 T2 C1 stuck");
  CHECK(stuck.reason() == "no_money: declined; then t1: timeout: no answer");
  stuck.apply(Value::map({{"event", "resumed"}}));
  CHECK(run(stuck, [](const std::string&, std::uint64_t) { return kOk; }) == "C1 compensated");
  auto none = steps(3);
  none->steps[0].compensation = none->steps[1].compensation = "";
  Saga nothing(none, "x", {});
  CHECK(run(nothing, [](const std::string& type, std::uint64_t) { return type == "T3" ? kRefused : kOk; }) ==
        "T1 T2 T3 compensated");
}

TEST_CASE("saga: its records make the same saga again, wherever it stands", "[event][saga]") {
  for (std::size_t cut = 0; cut <= 5; ++cut) {
    Saga saga(steps(3), "x", Value("data"));
    std::vector<Value> records;
    while (saga.next()) {
      const auto todo = *saga.next();
      const auto d = saga.decide(todo.step == 2 ? kRefused : kOk, 1, false);
      records.push_back(d.record);
      saga.apply(d.record);
    }
    REQUIRE(records.size() == 5);  // two done, aborted, two undone
    Saga again(steps(3), "x", Value("data")), expected(steps(3), "x", Value("data"));
    for (std::size_t i = 0; i < cut; ++i) again.apply(records[i]);
    for (std::size_t i = 0; i < cut; ++i) expected.apply(records[i]);
    CHECK(again.describe() == expected.describe());
    for (std::size_t i = cut; i < records.size(); ++i) again.apply(records[i]);
    CHECK(again.describe() == saga.describe());
    // What comes late changes nothing any more.
    again.apply(records[0]);
    CHECK(again.describe() == saga.describe());
  }
  Saga saga(steps(2), "order-7", Value("hat"));
  saga.apply(saga.decide(Value(12), 1, false).record);
  CHECK(saga.request(*saga.next()).json() ==
        R"({"data":"hat","id":"order-7/t2","results":{"t1":12},"saga":"order-7","step":"t2"})");
}
