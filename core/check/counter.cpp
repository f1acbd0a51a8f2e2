#include "core/check/counter.hpp"

#include <algorithm>
#include <map>

namespace syslab {

Expected<Judgement> check_final_count(const History& history) {
  using OpId = History::OpId;
  // What a change may add: nothing to `low`, what it is to `high`, where it takes off: the other way round.
  struct Range {
    double low = 0, high = 0;
    void widen(double by) { (by < 0 ? low : high) += by; }
  };
  const auto amount = [&](OpId op) -> Expected<double> {
    const Event& start = history.invocation(op);
    const bool adds = start.f == "add";
    if (!adds && start.f != "increment" && start.f != "decrement") {
      return make_error("unknown", "a counter has increment, decrement, add and read, not '" + start.f + "'");
    }
    if (!start.value.is_number() && (adds || !start.value.is_nil())) {
      return make_error("unknown", in_words(history, op) + ": that is no number");
    }
    const double n = start.value.is_nil() ? 1 : start.value.number();
    return start.f == "decrement" ? -n : n;
  };

  Judgement judgement;
  judgement.operations = history.ops().size();
  double acknowledged = 0;
  std::size_t unknown = 0, reads = 0;
  Range end;                             // around what was acknowledged
  std::size_t quiet = 0;                 // the last event of a change
  std::map<std::size_t, OpId> by_event;  // of both kinds
  for (OpId op = 0; op < history.ops().size(); ++op) {
    const auto [invoked, completed] = history.ops()[op];
    by_event[invoked] = op;
    if (completed != History::kNever) by_event[completed] = op;
    if (history.invocation(op).f == "read") continue;
    const Expected<double> by = amount(op);
    if (!by) return by.error();
    const Event* completion = history.completion(op);
    if (completion != nullptr && completion->type == Event::Type::ok) {
      acknowledged += *by;
    } else if (completion == nullptr || completion->type == Event::Type::info) {
      ++unknown;
      end.widen(*by);
    } else {
      continue;
    }
    quiet = std::max(quiet, completed == History::kNever ? invoked : completed);
  }

  Range invoked;  // up to this event
  std::map<std::int64_t, OpId> last;
  for (const auto& [index, op] : by_event) {
    const Event& start = history.invocation(op);
    const bool begins = index == history.ops()[op].invoke;
    if (start.f != "read") {
      if (begins) invoked.widen(*amount(op));
      continue;
    }
    const Event& answer = history.events()[index];
    if (begins || answer.type != Event::Type::ok) continue;
    if (!answer.value.is_number())
      return make_error("unknown", in_words(history, op) + ": that is no number");
    ++reads;
    const double value = answer.value.number();
    if (value < invoked.low || value > invoked.high) {
      add(judgement, {"unexpected",
                      in_words(history, op) + ", though only " + shown(invoked.low) + " to " +
                          shown(invoked.high) + " can have been counted by then",
                      {op}});
    }
    if (history.ops()[op].invoke > quiet) last[start.process] = op;
  }
  for (const auto& [process, op] : last) {
    const double value = history.completion(op)->value.number();
    const std::string counted = ", and " + shown(acknowledged) + " was acknowledged" +
                                (unknown > 0 ? ", " + plural(unknown, "change", "changes") + " unknown" : "");
    if (value < acknowledged + end.low) {
      add(judgement, {"lost", "in the end " + in_words(history, op) + counted, {op}});
    } else if (value > acknowledged + end.high) {
      add(judgement, {"counted-twice", "in the end " + in_words(history, op) + counted, {op}});
    }
  }
  const auto number = [](std::size_t n) { return Value(static_cast<double>(n)); };
  judgement.numbers = Value::map({{"acknowledged", acknowledged},
                                  {"unknown", number(unknown)},
                                  {"reads", number(reads)},
                                  {"last", number(last.size())}});
  if (last.empty() && judgement.outcome == Outcome::ok) {
    judgement.outcome = Outcome::unknown;
    judgement.message = "nobody read the counter after its last change";
  }
  conclude(judgement, history, "all " + shown(acknowledged) + " that was acknowledged is counted, once");
  return judgement;
}

}  // namespace syslab
