#include <sstream>

#include "core/check/linearizable.hpp"
#include "tests/check/specs.hpp"

using namespace syslab;
using namespace syslab::test;
using Catch::Matchers::Contains;

namespace {

Verdict judge(const History& h, const std::string& model, const LinearizableOptions& options = {}) {
  auto verdict = check_linearizable(h, **model_named(model), options);
  if (!verdict) FAIL(verdict.error().message);
  return std::move(*verdict);
}

// EDN lines: "{:process 0 ...}" without the outer braces and with short names.
Outcome outcome(const std::string& model, const std::string& text) {
  std::string lines;
  std::istringstream events(text);
  for (std::string one; std::getline(events, one, '|');) {
    std::istringstream words(one);
    std::string process, type, f, value;
    words >> process >> type >> f;
    std::getline(words, value);
    std::string error;
    if (const auto at = value.find("error="); at != value.npos) {
      error = " :error :" + value.substr(at + 6);
      value = value.substr(0, at);
    }
    if (value.find_first_not_of(' ') == value.npos) value = "nil";
    lines += "{:process " + process + " :type :" + type + " :f :" + f + " :value " + value + error + "}\n";
  }
  return judge(history_of(lines), model).outcome;
}

constexpr Outcome ok = Outcome::ok, violated = Outcome::violated;

}  // namespace

TEST_CASE("set model: elements are there once added and gone once removed", "[check][model]") {
  const std::string add = "0 invoke add 1 | 0 ok add 1 | ";
  CHECK(outcome("set", add + "1 invoke read | 1 ok read [1]") == ok);
  CHECK(outcome("set", add + "1 invoke read | 1 ok read []") == violated);
  CHECK(outcome("set", add + "0 invoke add 2 | 0 ok add 2 | 1 invoke read | 1 ok read [2 1]") == ok);
  CHECK(outcome("set", add + "1 invoke contains 1 | 1 ok contains true") == ok);
  CHECK(outcome("set", add + "1 invoke contains 1 | 1 ok contains false") == violated);
  CHECK(outcome("set", add + "1 invoke add 1 | 1 ok add true") == violated);
  CHECK(outcome("set", add + "1 invoke add 1 | 1 ok add false") == ok);
  CHECK(outcome("set", add + "1 invoke remove 1 | 1 info remove | 0 invoke read | 0 ok read []") == ok);
  CHECK(outcome("set", add + "1 invoke remove 1 | 1 fail remove | 0 invoke read | 0 ok read []") == violated);
}

TEST_CASE("queue model: first in, first out, each once", "[check][model]") {
  const std::string two = "0 invoke enqueue 1 | 0 ok enqueue 1 | 0 invoke enqueue 2 | 0 ok enqueue 2 | ";
  CHECK(outcome("queue", two + "1 invoke dequeue | 1 ok dequeue 1 | 1 invoke dequeue | 1 ok dequeue 2") ==
        ok);
  CHECK(outcome("queue", two + "1 invoke dequeue | 1 ok dequeue 2") == violated);
  CHECK(outcome("queue", two + "1 invoke dequeue | 1 ok dequeue 1 | 1 invoke dequeue | 1 ok dequeue 1") ==
        violated);
  CHECK(outcome("queue", two + "1 invoke dequeue | 1 fail dequeue nil error=empty") == violated);
  CHECK(outcome("queue", two + "1 invoke dequeue | 1 fail dequeue nil error=not_leader") == ok);
  // A dequeue that was never answered may have taken the first.
  CHECK(outcome("queue", two + "1 invoke dequeue | 1 info dequeue | 2 invoke dequeue | 2 ok dequeue 2") ==
        ok);
  CHECK(outcome("queue", "1 invoke dequeue | 1 ok dequeue nil") == ok);
  // Herlihy & Wing 1990, figure 1 (a): H1, linearizable; figure 1 (b): H2, not: y was enqueued after x, which
  // was there.
  CHECK(outcome("queue",
                "0 invoke enqueue 7 | 1 invoke enqueue 8 | 1 ok enqueue | 0 ok enqueue | 1 invoke dequeue | "
                "1 ok dequeue 7 | 0 invoke dequeue | 0 ok dequeue 8") == ok);
  CHECK(outcome("queue",
                "0 invoke enqueue 7 | 0 ok enqueue | 1 invoke enqueue 8 | 0 invoke dequeue | 1 ok enqueue | "
                "0 ok dequeue 8") == violated);
}

TEST_CASE("counter model: a read is the sum of what took effect", "[check][model]") {
  const std::string add = "0 invoke add 5 | 1 invoke increment | 0 ok add 5 | ";
  CHECK(outcome("counter", add + "2 invoke read | 2 ok read 5") == ok);
  CHECK(outcome("counter", add + "2 invoke read | 2 ok read 6") == ok);
  CHECK(outcome("counter", add + "2 invoke read | 2 ok read 1") == violated);
  CHECK(outcome("counter", add + "2 invoke read | 2 ok read 6 | 2 invoke read | 2 ok read 5") == violated);
  CHECK(outcome("counter",
                "0 invoke add_and_get 2 | 0 ok add_and_get 2 | 1 invoke add_and_get 2 | "
                "1 ok add_and_get 2") == violated);
  CHECK(outcome("counter", "0 invoke decrement | 0 ok decrement | 0 invoke read | 0 ok read -1") == ok);
}

TEST_CASE("mutex model: one holder at a time", "[check][model]") {
  CHECK(outcome("mutex",
                "0 invoke acquire | 0 ok acquire | 0 invoke release | 0 ok release | 1 invoke acquire | "
                "1 ok acquire") == ok);
  CHECK(outcome("mutex", "0 invoke acquire | 0 ok acquire | 1 invoke acquire | 1 ok acquire") == violated);
  CHECK(outcome("mutex", "0 invoke release | 0 ok release") == violated);
  CHECK(outcome("mutex", "1 invoke acquire | 1 fail acquire nil error=held") == violated);
  CHECK(outcome("mutex", "1 invoke acquire | 1 fail acquire nil error=timeout") == ok);
  // Whoever never heard may hold it, or may have let it go.
  CHECK(outcome("mutex",
                "0 invoke acquire | 0 info acquire | 1 invoke acquire | 1 fail acquire nil error=held") ==
        ok);
}

TEST_CASE("list-append model: a read shows everything appended, in one order", "[check][model]") {
  const std::string two = "0 invoke append 1 | 1 invoke append 2 | 0 ok append | 1 ok append | ";
  CHECK(outcome("list-append", two + "0 invoke read | 0 ok read [2 1]") == ok);
  CHECK(outcome("list-append", two + "0 invoke read | 0 ok read [2]") == violated);
  CHECK(outcome("list-append", two + "0 invoke read | 0 ok read [2 1] | 0 invoke read | 0 ok read [1 2]") ==
        violated);
  CHECK(outcome("list-append", "0 invoke append 1 | 0 info append | 1 invoke read | 1 ok read [1]") == ok);
}

TEST_CASE("models: answers of the wrong shape are errors that name the line", "[check][model]") {
  const auto message = [](const char* model, const std::string& lines) {
    const auto verdict = check_linearizable(history_of(lines), **model_named(model));
    return verdict ? std::string() : verdict.error().message;
  };
  CHECK_THAT(message("counter", "{:process 0 :type :invoke :f :add :value \"x\"}"),
             Contains("line 1") && Contains("expected a number as the value of add"));
  CHECK_THAT(
      message("list-append", "{:process 0 :type :invoke :f :read}\n{:process 0 :type :ok :f :read :value 3}"),
      Contains("line 1") && Contains("expected a list"));
  CHECK_THAT(message("mutex", "{:process 0 :type :invoke :f :lock}"), Contains("acquire, release"));
}

TEST_CASE("models: random histories of every model agree with the definition", "[check][model][oracle]") {
  const std::vector<Spec> specs = {set_spec(),          growing_set_spec(), queue_spec(),
                                   counter_spec(false), counter_spec(true), mutex_spec(),
                                   list_append_spec(),  register_spec()};
  Rng rng(66);
  std::map<std::string, int> wrong;
  for (int i = 0; i < 16000; ++i) {
    const Spec& spec = specs[static_cast<std::size_t>(i) % specs.size()];
    const History h = random_history(spec, rng, i % 3 == 0 ? 0.0 : 0.2, 7, 1);
    const bool expected = Orders(spec, h, h.size(), true).explained();
    const Verdict verdict = judge(h, spec.model);
    INFO("history " << i << " of a " << spec.model << ":\n"
                    << text_of(h) << to_string(verdict.outcome) << ": " << verdict.message);
    if (i % 3 == 0) REQUIRE(expected);  // the oracle agrees with how the history was made
    REQUIRE((verdict.outcome == Outcome::ok) == expected);
    if (expected) continue;
    ++wrong[spec.model];
    REQUIRE(Orders(spec, h, verdict.prefix_events, true).explained());
    REQUIRE_FALSE(Orders(spec, h, verdict.prefix_events + 1, true).explained());
    INFO("shown:\n" << text_of(verdict.history));
    REQUIRE_FALSE(Orders(spec, verdict.history, verdict.history.size(), true).explained());
  }
  for (const Spec& spec : specs) CHECK(wrong[spec.model] > 50);
}

TEST_CASE("models: a set that only grows is judged in spite of many adds without an answer",
          "[check][model]") {
  // Forty adds that were never answered, of which reads see every other one: 2^40 subsets without looking
  // ahead.
  std::string lines;
  for (int i = 0; i < 40; ++i) {
    const std::string p = std::to_string(i);
    lines += "{:process " + p + " :type :invoke :f :add :value " + p + "}\n{:process " + p +
             " :type :info :f :add :value " + p + "}\n";
  }
  std::string seen;
  for (int i = 39; i > 0; i -= 2) seen += " " + std::to_string(i);
  lines += "{:process 99 :type :invoke :f :read}\n{:process 99 :type :ok :f :read :value [" + seen + "]}\n";
  const Verdict verdict = judge(history_of(lines), "set");
  CHECK(verdict.outcome == Outcome::ok);
  CHECK(verdict.steps < 5000);
}

TEST_CASE("linearizable: any number of threads gives the same verdict, steps and picture",
          "[check][linearizable]") {
  // Sixty keys, of which several are violated and several are too hard for the budget.
  Rng rng(4);
  const Spec spec = register_spec();
  for (int round = 0; round < 6; ++round) {
    History h;
    for (int key = 0; key < 60; ++key) {
      const History part = random_history(spec, rng, round % 2 == 0 ? 0.0 : 0.05, 14, 1);
      for (Event event : part.events()) {
        event.process += key * 10;
        event.key = Value("key " + std::to_string(key % 60));
        event.time.reset();
        REQUIRE(h.append(event).ok());
      }
    }
    LinearizableOptions options;
    options.steps_max = round < 4 ? 1000 : 12;
    const Verdict one = judge(h, "register", options);
    for (unsigned threads : {2u, 3u, 8u}) {
      options.threads = threads;
      const Verdict many = judge(h, "register", options);
      CHECK(many.outcome == one.outcome);
      CHECK(many.message == one.message);
      CHECK(many.picture == one.picture);
      CHECK(many.steps == one.steps);
      CHECK(many.order == one.order);
      CHECK(many.offender == one.offender);
    }
  }
}
