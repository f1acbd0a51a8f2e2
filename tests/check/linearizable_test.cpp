#include "core/check/linearizable.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <sstream>

#include "core/base/rng.hpp"

using namespace syslab;
using Catch::Matchers::Contains;

namespace {

// "0 invoke write 1 | 1 invoke read | 0 ok write | 1 ok read 1"; a cas has two values.
History history_of(const std::string& text) {
  History h;
  std::istringstream events(text);
  for (std::string one; std::getline(events, one, '|');) {
    std::istringstream words(one);
    Event event;
    std::string type;
    words >> event.process >> type >> event.f;
    event.type = type == "invoke" ? Event::Type::invoke
                 : type == "ok"   ? Event::Type::ok
                 : type == "fail" ? Event::Type::fail
                                  : Event::Type::info;
    std::vector<Value> values;
    for (std::string word; words >> word;) {
      if (word.starts_with("k=")) {
        event.key = word.substr(2);
      } else if (word.starts_with("error=")) {
        event.error = word.substr(6);
      } else if (word.starts_with('"')) {
        values.push_back(word.substr(1, word.size() - 2));
      } else {
        values.push_back(word == "nil" ? Value() : Value(std::stod(word)));
      }
    }
    if (values.size() == 1) event.value = values[0];
    if (values.size() > 1) event.value = Value::list(values);
    const auto added = h.append(event);
    if (!added) FAIL(added.error().message);
  }
  return h;
}

Verdict judge(const History& h, const std::string& model = "register",
              const LinearizableOptions& options = {}) {
  auto verdict = check_linearizable(h, **model_named(model), options);
  if (!verdict) FAIL(verdict.error().message);
  return std::move(*verdict);
}

Verdict judge(const std::string& text, const std::string& model = "register") {
  return judge(history_of(text), model);
}

// The definition, by trying every order: written without the model, the search or any of its reductions.
class Oracle {
 public:
  // Only the first `events` events count: what completes later is still open.
  Oracle(const History& h, std::size_t events) {
    for (History::OpId op = 0; op < h.ops().size(); ++op) {
      const History::Op& span = h.ops()[op];
      if (span.invoke >= events) continue;
      const Event& start = h.invocation(op);
      const Event* end = span.completion < events ? h.completion(op) : nullptr;
      ops_.push_back({start.f, start.value, end == nullptr ? Value() : end->value,
                      end == nullptr ? Event::Type::info : end->type, span.invoke,
                      end == nullptr || end->type == Event::Type::info ? History::kNever : span.completion});
    }
  }
  bool linearizable() { return explore(0, {}); }

 private:
  struct Op {
    std::string f;
    Value input, output;
    Event::Type type;
    std::size_t invoked, returned;
  };

  bool explore(unsigned done, const Value& state) {
    bool complete = true;
    std::size_t earliest = History::kNever;
    for (std::size_t i = 0; i < ops_.size(); ++i) {
      if (done >> i & 1 || ops_[i].returned == History::kNever) continue;
      complete = false;
      earliest = std::min(earliest, ops_[i].returned);
    }
    if (complete) return true;
    for (std::size_t i = 0; i < ops_.size(); ++i) {
      if (done >> i & 1 || ops_[i].invoked > earliest) continue;
      for (const Value& next : after(state, ops_[i])) {
        if (explore(done | 1u << i, next)) return true;
      }
    }
    return false;
  }

  static std::vector<Value> after(const Value& state, const Op& op) {
    const bool ok = op.type == Event::Type::ok, fail = op.type == Event::Type::fail;
    if (op.f == "read") {
      if (ok && op.output != state) return {};
      return {state};
    }
    if (op.f == "write") return {fail ? state : op.input};
    const bool equal = state == op.input.list()[0];
    if ((ok && !equal) || (fail && equal)) return {};
    return {equal ? op.input.list()[1] : state};
  }

  std::vector<Op> ops_;
};

// A history of a register with random overlaps, timeouts and unanswered calls, some of its answers made up.
History random_history(Rng& rng, double lies) {
  struct Call {
    History::OpId op = History::kNever;
    Value answer;
    bool ok = true, applied = false;
  };
  const std::size_t processes = 2 + rng.below(3), ops = 1 + rng.below(7);
  const std::uint64_t values = 2 + rng.below(2);
  History h;
  Value state;
  std::vector<Call> calls(processes);
  std::int64_t now = 0;
  const auto any = [&] { return rng.chance(0.15) ? Value() : Value(static_cast<int>(rng.below(values))); };
  const auto apply = [&](Call& call) {
    if (call.applied) return;
    call.applied = true;
    const Event& start = h.invocation(call.op);
    if (start.f == "read") call.answer = state;
    if (start.f == "write") state = start.value;
    if (start.f == "cas") {
      call.ok = state == start.value.list()[0];
      if (call.ok) state = start.value.list()[1];
    }
  };
  for (std::size_t started = 0, steps = 0; steps < 60; ++steps) {
    const auto p = rng.below(processes);
    Call& call = calls[p];
    const Instant time{Duration(++now)};
    if (call.op == History::kNever) {
      if (started == ops) continue;
      ++started;
      call = {};
      const auto kind = rng.below(3);
      call.op = h.invoke(static_cast<std::int64_t>(p),
                         kind == 0   ? "read"
                         : kind == 1 ? "write"
                                     : "cas",
                         {},
                         kind == 0   ? Value()
                         : kind == 1 ? any()
                                     : Value::list({any(), any()}),
                         time);
      continue;
    }
    if (rng.chance(0.4)) {
      apply(call);
      continue;
    }
    if (rng.chance(0.15)) {
      h.complete(call.op, Event::Type::info, {}, time, "timeout");
    } else if (h.invocation(call.op).f == "write" && !call.applied && rng.chance(0.2)) {
      h.complete(call.op, Event::Type::fail, {}, time, "not_leader");
    } else {
      apply(call);
      if (rng.chance(lies)) call.ok = !call.ok || h.invocation(call.op).f != "cas", call.answer = any();
      h.complete(call.op, call.ok ? Event::Type::ok : Event::Type::fail, call.answer, time);
    }
    call.op = History::kNever;
  }
  return h;
}

// Whether `order` explains everything it must: each answer, real time, and every completed operation that
// matters.
void check_order(const History& h, const std::vector<History::OpId>& order, std::size_t events,
                 const Model& model) {
  std::vector<bool> placed(h.ops().size(), false);
  std::map<std::string, Value> states;
  std::map<std::string, std::size_t> latest_invocation;
  for (History::OpId op : order) {
    REQUIRE_FALSE(placed[op]);
    placed[op] = true;
    REQUIRE(h.ops()[op].invoke < events);
    const Event* end = h.ops()[op].completion < events ? h.completion(op) : nullptr;
    const auto action = model.action(h.invocation(op), end);
    REQUIRE(action->has_value());
    const std::string key = h.invocation(op).key.json();
    const auto next = model.step(states.try_emplace(key, model.initial()).first->second, **action);
    REQUIRE(next.has_value());
    states[key] = *next;
    std::size_t& latest = latest_invocation[key];
    if (end != nullptr && end->type != Event::Type::info) REQUIRE(latest < h.ops()[op].completion);
    latest = std::max(latest, h.ops()[op].invoke);
  }
  for (History::OpId op = 0; op < h.ops().size(); ++op) {
    const Event* end = h.ops()[op].completion < events ? h.completion(op) : nullptr;
    if (end == nullptr || end->type == Event::Type::info || placed[op]) continue;
    CHECK_FALSE(model.action(h.invocation(op), end)->has_value());
  }
}

std::string text_of(const History& h) {
  std::ostringstream out;
  h.write_jsonl(out);
  return out.str();
}

}  // namespace

TEST_CASE("linearizable: histories with known verdicts", "[check][linearizable]") {
  const auto outcome = [](const std::string& text) { return judge(text).outcome; };

  CHECK(judge(History()).outcome == Outcome::ok);
  CHECK(outcome("0 invoke read | 0 ok read nil") == Outcome::ok);

  SECTION("a read may see a write that overlaps it, or not") {
    CHECK(outcome("0 invoke write 1 | 1 invoke read | 1 ok read 1 | 0 ok write") == Outcome::ok);
    CHECK(outcome("0 invoke write 1 | 1 invoke read | 1 ok read nil | 0 ok write") == Outcome::ok);
  }
  SECTION("a stale read is a violation") {
    CHECK(outcome("0 invoke write 1 | 0 ok write | 1 invoke read | 1 ok read nil") == Outcome::violated);
    // Two reads during one write must not see it and then not see it.
    CHECK(
        outcome(
            "0 invoke write 1 | 1 invoke read | 1 ok read 1 | 2 invoke read | 2 ok read nil | 0 ok write") ==
        Outcome::violated);
  }
  SECTION("a lost update is a violation") {
    CHECK(outcome(
              "0 invoke write 1 | 0 ok write | 1 invoke cas 1 2 | 2 invoke cas 1 3 | 1 ok cas | 2 ok cas") ==
          Outcome::violated);
    CHECK(outcome(
              "0 invoke write 1 | 0 ok write | 1 invoke cas 1 2 | 2 invoke cas 2 3 | 2 ok cas | 1 ok cas") ==
          Outcome::ok);
  }
  SECTION("a write without an answer may take effect late, or never") {
    const std::string lost = "0 invoke write 1 | 0 info write | 1 invoke read | ";
    CHECK(outcome(lost + "1 ok read nil | 1 invoke read | 1 ok read 1") == Outcome::ok);
    CHECK(outcome(lost + "1 ok read nil | 1 invoke read | 1 ok read nil") == Outcome::ok);
    CHECK(outcome(lost + "1 ok read 1 | 1 invoke read | 1 ok read nil") == Outcome::violated);
    // It takes effect at most once.
    CHECK(outcome(lost + "1 ok read 1 | 2 invoke write 2 | 2 ok write | 1 invoke read | 1 ok read 1") ==
          Outcome::violated);
    // An invocation without any completion means the same as info.
    CHECK(outcome("0 invoke write 1 | 1 invoke read | 1 ok read nil | 1 invoke read | 1 ok read 1") ==
          Outcome::ok);
    // Nothing takes effect before it was invoked.
    CHECK(outcome("1 invoke read | 1 ok read 1 | 0 invoke write 1 | 0 info write") == Outcome::violated);
  }
  SECTION("a write that failed did not happen") {
    CHECK(outcome("0 invoke write 1 | 0 fail write | 1 invoke read | 1 ok read 1") == Outcome::violated);
    CHECK(outcome("0 invoke write 1 | 0 fail write | 1 invoke read | 1 ok read nil") == Outcome::ok);
  }
  SECTION("a compare-and-set that failed has seen another value") {
    const std::string one = "0 invoke write 1 | 0 ok write | ";
    CHECK(outcome(one + "1 invoke cas 1 2 | 1 fail cas") == Outcome::violated);
    CHECK(outcome(one + "1 invoke cas 2 3 | 1 fail cas") == Outcome::ok);
    CHECK(outcome(one + "1 invoke cas 1 2 | 1 fail cas error=conflict") == Outcome::violated);
    // Unless it was refused for another reason.
    CHECK(outcome(one + "1 invoke cas 1 2 | 1 fail cas error=not_leader") == Outcome::ok);
    // A write of unknown outcome explains the failure, though nobody ever read its value.
    CHECK(outcome(one + "2 invoke write 7 | 1 invoke cas 1 2 | 1 fail cas") == Outcome::ok);
  }
  SECTION("a compare-and-set of unknown outcome") {
    const std::string one =
        "0 invoke write 1 | 0 ok write | 1 invoke cas 1 2 | 1 info cas | 2 invoke read | ";
    CHECK(outcome(one + "2 ok read 2") == Outcome::ok);
    CHECK(outcome(one + "2 ok read 1 | 2 invoke read | 2 ok read 2") == Outcome::ok);
    CHECK(outcome(one + "2 ok read 2 | 2 invoke read | 2 ok read 1") == Outcome::violated);
    CHECK(outcome(one + "2 ok read 3") == Outcome::violated);
  }
  SECTION("reads without an answer say nothing") {
    CHECK(outcome("0 invoke read | 0 info read | 1 invoke read | 1 fail read | 2 invoke read") ==
          Outcome::ok);
  }
}

TEST_CASE("linearizable: every key is a register of its own", "[check][linearizable]") {
  const auto verdict = judge(
      "0 invoke write 1 k=x | 1 invoke write 2 k=y | 0 ok write | 1 ok write | "
      "0 invoke read k=x | 0 ok read 1 | 1 invoke read k=y | 1 ok read nil");
  CHECK(verdict.outcome == Outcome::violated);
  CHECK(verdict.key == Value("y"));
  CHECK(verdict.keys == 2);
  CHECK(verdict.prefix_events == 7);
  CHECK_THAT(verdict.message, Contains("process 1: read nil on key \"y\"") && Contains("was then 2"));
  CHECK(verdict.history.ops().size() == 2);
}

TEST_CASE("linearizable: the key-value model appends and deletes", "[check][linearizable]") {
  const std::string two =
      "0 invoke append \"a\" k=x | 1 invoke append \"b\" k=x | 0 ok append | 1 ok append | ";
  CHECK(judge(two + "0 invoke get k=x | 0 ok get \"ba\"", "kv").outcome == Outcome::ok);
  CHECK(judge(two + "0 invoke get k=x | 0 ok get \"b\"", "kv").outcome == Outcome::violated);
  CHECK(judge("0 invoke get k=x | 0 ok get \"\"", "kv").outcome == Outcome::ok);
  CHECK(judge("0 invoke put 1 k=x | 0 ok put | 0 invoke delete k=x | 0 ok delete | 0 invoke get k=x | 0 ok "
              "get nil",
              "kv")
            .outcome == Outcome::ok);
  CHECK(
      judge(
          "0 invoke put 1 k=x | 0 ok put | 0 invoke delete k=x | 0 ok delete | 0 invoke get k=x | 0 ok get 1",
          "kv")
          .outcome == Outcome::violated);
}

TEST_CASE("linearizable: a violation is told in words and shown in few operations", "[check][linearizable]") {
  const auto verdict = judge(
      "0 invoke write 1 | 0 ok write | 2 invoke read | 2 ok read 1 | 0 invoke write 2 | 0 ok write | "
      "1 invoke write 3 | 1 ok write | 2 invoke read | 2 ok read 3 | 1 invoke cas 3 4 | 1 ok cas | "
      "3 invoke read | 2 invoke write 9 | 3 ok read 2 | 2 ok write | 0 invoke read | 0 ok read 9");
  CHECK(verdict.outcome == Outcome::violated);
  CHECK(verdict.offender == History::OpId{6});
  CHECK(verdict.prefix_events == 14);
  CHECK_THAT(verdict.message, Contains("process 3: read 2") && Contains("could then only be 4 or 9"));
  // The write of the stale value, one that hid it, and the read.
  CHECK(text_of(verdict.history) ==
        R"({"process":0,"type":"invoke","f":"write","key":null,"value":2}
{"process":0,"type":"ok","f":"write","key":null,"value":null}
{"process":1,"type":"invoke","f":"write","key":null,"value":3}
{"process":1,"type":"ok","f":"write","key":null,"value":null}
{"process":3,"type":"invoke","f":"read","key":null,"value":null}
{"process":3,"type":"ok","f":"read","key":null,"value":2}
)");
  CHECK(verdict.picture ==
        "  process 0  write 2  |--|\n"
        "  process 1  write 3        |--|\n"
        "  process 3  read 2               |--|  <- cannot be explained\n");
}

TEST_CASE("linearizable: a value from nowhere needs no other operation to be shown",
          "[check][linearizable]") {
  const auto verdict = judge("0 invoke write 1 | 0 ok write | 1 invoke read | 1 ok read 7");
  CHECK(verdict.history.ops().size() == 1);
}

TEST_CASE("linearizable: operations the model does not have are errors", "[check][linearizable]") {
  const auto unknown = check_linearizable(history_of("0 invoke push 1"), **model_named("register"));
  REQUIRE_FALSE(unknown.ok());
  CHECK_THAT(unknown.error().message, Contains("no operation 'push'") && Contains("cas, read, write"));
  const auto shape = check_linearizable(history_of("0 invoke cas 1"), **model_named("register"));
  REQUIRE_FALSE(shape.ok());
  CHECK_THAT(shape.error().message, Contains("[old, new]"));
}

TEST_CASE("linearizable: the budget gives unknown, never a guess", "[check][linearizable]") {
  std::string text;
  for (int p = 0; p < 12; ++p) text += std::to_string(p) + " invoke write " + std::to_string(p) + " | ";
  for (int p = 0; p < 12; ++p) text += std::to_string(p) + " ok write | ";
  const History hard = history_of(text + "0 invoke read | 0 ok read 99");
  LinearizableOptions tight;
  tight.steps_max = 50;
  const auto verdict = judge(hard, "register", tight);
  CHECK(verdict.outcome == Outcome::unknown);
  CHECK_THAT(verdict.message, Contains("gave up after 5"));
  LinearizableOptions small;
  small.memory_bytes_max = 5'000;
  CHECK(judge(hard, "register", small).outcome == Outcome::unknown);
  CHECK(judge(hard).outcome == Outcome::violated);
  CHECK(judge(hard, "register", tight).steps == verdict.steps);
}

TEST_CASE("linearizable: twenty thousand random histories agree with the definition",
          "[check][linearizable]") {
  Rng rng(2026);
  const Model& model = **model_named("register");
  int violated = 0;
  for (int i = 0; i < 20000; ++i) {
    const History h = random_history(rng, i % 3 == 0 ? 0.0 : 0.3);
    const bool expected = Oracle(h, h.size()).linearizable();
    if (i % 3 == 0) REQUIRE(expected);  // the oracle agrees with how the history was made
    const Verdict verdict = judge(h);
    INFO("history " << i << ":\n" << text_of(h) << to_string(verdict.outcome) << ": " << verdict.message);
    REQUIRE((verdict.outcome == Outcome::ok) == expected);
    if (expected) {
      check_order(h, verdict.order, h.size(), model);
      continue;
    }
    ++violated;
    REQUIRE(verdict.outcome == Outcome::violated);
    // The offender is the first completion after which no order exists.
    REQUIRE(Oracle(h, verdict.prefix_events).linearizable());
    REQUIRE_FALSE(Oracle(h, verdict.prefix_events + 1).linearizable());
    REQUIRE(h.ops()[*verdict.offender].completion == verdict.prefix_events);
    check_order(h, verdict.order, verdict.prefix_events, model);
    // The part that is shown is a violation itself, and only by its last answer.
    INFO("shown:\n" << text_of(verdict.history));
    REQUIRE_FALSE(Oracle(verdict.history, verdict.history.size()).linearizable());
    REQUIRE(Oracle(verdict.history, verdict.history.size() - 1).linearizable());
  }
  CHECK(violated > 3000);
}

TEST_CASE("linearizable: long histories with many unknown outcomes are judged", "[check][linearizable]") {
  // A tenth of the calls time out, so that masks have several words and hundreds of operations stay open.
  Rng rng(7);
  History h;
  Value state;
  struct Call {
    History::OpId op = History::kNever;
    Value answer;
    bool applied = false;
  };
  std::vector<Call> calls(10);
  std::int64_t now = 0;
  for (int i = 0; i < 8000; ++i) {
    const auto p = rng.below(calls.size());
    Call& call = calls[p];
    const Instant time{Duration(++now)};
    if (call.op == History::kNever) {
      const bool write = rng.chance(0.5);
      const Value value = write ? Value(static_cast<int>(rng.below(1000))) : Value();
      call.op = h.invoke(static_cast<std::int64_t>(p), write ? "write" : "read", {}, value, time);
      call.applied = rng.chance(0.95);
      if (write && call.applied) state = value;
      call.answer = state;
    } else if (rng.chance(0.1)) {
      h.complete(call.op, Event::Type::info, {}, time, "timeout");
      call.op = History::kNever;
    } else {
      if (h.invocation(call.op).f == "write" && !call.applied) state = h.invocation(call.op).value;
      h.complete(call.op, Event::Type::ok, call.answer, time);
      call.op = History::kNever;
    }
  }
  const Verdict verdict = judge(h);
  CHECK(verdict.outcome == Outcome::ok);
  check_order(h, verdict.order, h.size(), **model_named("register"));
}
