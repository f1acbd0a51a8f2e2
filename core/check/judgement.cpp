#include "core/check/judgement.hpp"

#include <algorithm>

#include "core/base/assert.hpp"

namespace syslab {
namespace {

std::string seconds(Instant t) {
  // Six decimals, without the zeros at the end.
  std::string text = std::to_string(to_seconds(t));
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text + " s";
}

}  // namespace

std::string when(const Event& invocation, const Event* completion) {
  if (invocation.line != 0) {
    return completion == nullptr
               ? "line " + std::to_string(invocation.line)
               : "lines " + std::to_string(invocation.line) + " and " + std::to_string(completion->line);
  }
  if (!invocation.time) return "";
  if (completion == nullptr || !completion->time) return "from " + seconds(*invocation.time);
  return "from " + seconds(*invocation.time) + " to " + seconds(*completion->time);
}

std::string to_text(const Judgement& judgement) {
  std::string text = std::string(to_string(judgement.outcome)) + ": " + judgement.message;
  if (judgement.outcome == Outcome::violated) {
    for (const Anomaly& anomaly : judgement.anomalies) {
      text += "\n  " + anomaly.name + ": ";
      for (char c : anomaly.message) {
        text += c;
        if (c == '\n') text += "    ";
      }
    }
  }
  if (!judgement.picture.empty()) {
    text += "\n" + judgement.picture;
    text.pop_back();
  }
  return text;
}

void add(Judgement& judgement, Anomaly anomaly) {
  judgement.outcome = Outcome::violated;
  const auto same = std::count_if(judgement.anomalies.begin(), judgement.anomalies.end(),
                                  [&](const Anomaly& a) { return a.name == anomaly.name; });
  if (static_cast<std::size_t>(same) < Judgement::kAnomaliesMax)
    judgement.anomalies.push_back(std::move(anomaly));
}

void conclude(Judgement& judgement, const History& history, std::string fine) {
  judgement.operations = history.ops().size();
  if (judgement.outcome == Outcome::violated) {
    const Anomaly& first = judgement.anomalies.front();
    judgement.history = part_of(history, first.ops);
    if (!judgement.message.empty()) return;
    std::string names;
    for (const Anomaly& anomaly : judgement.anomalies) {
      if (names.find(anomaly.name) == names.npos) names += (names.empty() ? "" : ", ") + anomaly.name;
    }
    judgement.message = names;
  } else if (judgement.message.empty()) {
    judgement.message = std::move(fine);
  }
}

std::string who_and_when(const History& history, History::OpId op, std::string_view what) {
  const Event& start = history.invocation(op);
  const std::string place = when(start, history.completion(op));
  return "process " + std::to_string(start.process) + ": " + std::string(what) +
         (start.key.is_nil() ? "" : " on key " + shown(start.key)) +
         (place.empty() ? "" : " (" + place + ")");
}

std::string in_words(const History& history, History::OpId op) {
  const Event& start = history.invocation(op);
  const Event* end = history.completion(op);
  std::string what = start.f;
  const bool ok = end != nullptr && end->type == Event::Type::ok;
  const Value& value = ok && !end->value.is_nil() ? end->value : start.value;
  if (!value.is_nil() || ok) what.append(" ").append(shown(value));
  if (end == nullptr || end->type == Event::Type::info) what += " (outcome unknown)";
  if (end != nullptr && end->type == Event::Type::fail) what += " (failed)";
  return who_and_when(history, op, what);
}

History part_of(const History& history, std::vector<History::OpId> ops) {
  std::sort(ops.begin(), ops.end());
  ops.erase(std::unique(ops.begin(), ops.end()), ops.end());
  std::vector<std::size_t> events;
  for (History::OpId op : ops) {
    events.push_back(history.ops()[op].invoke);
    if (history.ops()[op].completion != History::kNever) events.push_back(history.ops()[op].completion);
  }
  std::sort(events.begin(), events.end());
  History part;
  for (std::size_t e : events) {
    const bool added = part.append(history.events()[e]).ok();
    SYSLAB_ASSERT(added);
  }
  return part;
}

std::string plural(std::size_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

std::string shown(const Value& value) {
  constexpr std::size_t kLongest = 80;
  std::string text = value.is_nil() ? "nil" : value.json();
  if (text.size() > kLongest) {
    text.resize(kLongest - 3);
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0) == 0x80) text.pop_back();
    if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xC0) text.pop_back();
    text += "...";
  }
  return text;
}

}  // namespace syslab
