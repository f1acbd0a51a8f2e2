#include "core/check/events.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace syslab {
namespace {

std::string text_of(const Value& value) {
  if (value.is_number()) return value.json();
  return value.is_string() ? std::string(value.string()) : std::string();
}

enum class Certainty { no, maybe, yes };

Certainty certainty(const Event* completion) {
  if (completion == nullptr || completion->type == Event::Type::info) return Certainty::maybe;
  return completion->type == Event::Type::ok ? Certainty::yes : Certainty::no;
}

bool counts(const std::vector<std::string>& publishers, const std::string& name) {
  if (publishers.empty()) return true;
  return std::any_of(publishers.begin(), publishers.end(),
                     [&](const std::string& p) { return name == p || name.starts_with(p + "-"); });
}

class Judge {
 public:
  Judge(const History& history, const EventRules& rules) : history_(history), rules_(rules) {}

  EventsVerdict judge() {
    for (const std::string& name : rules_.consumers) consumers_[name];
    publishes();
    applies();
    if (rules_.settled) losses();
    if (verdict_.outcome == Outcome::ok) {
      verdict_.message = std::to_string(verdict_.published) + " events were applied exactly once by " +
                         std::to_string(consumers_.size()) + " consumers";
      if (!rules_.settled) verdict_.message += " (losses were not judged)";
    }
    return verdict_;
  }

 private:
  struct Consumer {
    std::map<std::string, Certainty> applied = {};
    std::map<std::string, double> newest = {};  // version, by stream
  };

  void violated(std::string rule, std::string id, std::string message) {
    if (verdict_.outcome == Outcome::violated) return;
    verdict_.outcome = Outcome::violated;
    verdict_.rule = std::move(rule);
    verdict_.id = std::move(id);
    verdict_.message = std::move(message);
  }

  void publishes() {
    for (History::OpId op = 0; op < history_.ops().size(); ++op) {
      const Event& asked = history_.invocation(op);
      if (asked.f != "publish" || !asked.value["ids"].is_list()) continue;
      const Certainty sure = certainty(history_.completion(op));
      for (const Value& given : asked.value["ids"].list()) {
        const std::string id = text_of(given);
        Certainty& known = published_[id];
        known = std::max(known, sure);
        if (sure != Certainty::yes || !counts(rules_.publishers, text_of(asked.key))) continue;
        if (due_.insert(id).second) order_.push_back(id);
      }
    }
    verdict_.published = order_.size();
  }

  void applies() {
    // In the order in which effects became certain.
    std::map<std::size_t, History::OpId> by_event;
    for (History::OpId op = 0; op < history_.ops().size(); ++op) {
      if (history_.invocation(op).f != "apply") continue;
      const auto& o = history_.ops()[op];
      by_event[o.completion == History::kNever ? o.invoke : o.completion] = op;
    }
    for (const auto& [event, op] : by_event) {
      const Certainty sure = certainty(history_.completion(op));
      if (sure == Certainty::no) continue;
      const Event& asked = history_.invocation(op);
      const std::string name = text_of(asked.key), id = text_of(asked.value["id"]);
      Consumer& consumer = consumers_[name];
      Certainty& known = consumer.applied[id];
      if (sure == Certainty::yes) {
        ++verdict_.applied;
        if (known == Certainty::yes)
          violated("twice", id, "'" + name + "' applied the event " + id + " twice");
        const auto source = published_.find(id);
        if (rules_.complete && (source == published_.end() || source->second == Certainty::no)) {
          violated("invented", id, "'" + name + "' applied the event " + id + ", which was not published");
        }
        in_order(consumer, name, id, asked.value);
      }
      known = std::max(known, sure);
    }
  }

  void in_order(Consumer& consumer, const std::string& name, const std::string& id, const Value& value) {
    const std::string stream = text_of(value["stream"]);
    if (stream.empty() || !value["version"].is_number()) return;
    double& newest = consumer.newest[stream];
    if (value["version"].number() < newest) {
      violated(
          "order", id,
          "'" + name + "' applied " + id + " after version " + Value(newest).json() + " of the same stream");
    }
    newest = std::max(newest, value["version"].number());
  }

  void losses() {
    for (const auto& [name, consumer] : consumers_) {
      for (const std::string& id : order_) {
        if (!consumer.applied.contains(id)) {
          violated("lost", id, "'" + name + "' never applied the event " + id + ", which was published");
          return;
        }
      }
    }
  }

  const History& history_;
  const EventRules& rules_;
  EventsVerdict verdict_;
  std::map<std::string, Certainty> published_;
  std::set<std::string> due_;
  std::vector<std::string> order_;  // what must be applied, as it was published
  std::map<std::string, Consumer> consumers_;
};

}  // namespace

EventsVerdict check_events(const History& history, const EventRules& rules) {
  return Judge(history, rules).judge();
}

}  // namespace syslab
