#include "core/check/saga.hpp"

#include <algorithm>
#include <map>
#include <optional>

namespace syslab {
namespace {

std::string text_of(const Value& value) {
  return value.is_string() ? std::string(value.string()) : std::string();
}

class Judge {
 public:
  Judge(const History& history, const SagaRules& rules) : history_(history), rules_(rules) {}

  SagaVerdict judge() {
    // In the order in which effects became certain.
    std::map<std::size_t, History::OpId> by_event;
    for (History::OpId op = 0; op < history_.ops().size(); ++op) {
      const auto& o = history_.ops()[op];
      by_event[o.completion == History::kNever ? o.invoke : o.completion] = op;
    }
    for (const auto& [event, op] : by_event) take(op);
    for (const auto& [id, trail] : sagas_) judge(id, trail);
    if (verdict_.outcome == Outcome::ok) {
      verdict_.message = std::to_string(verdict_.done) + " sagas are done and " +
                         std::to_string(verdict_.compensated) + " taken back, as wholes";
    }
    return verdict_;
  }

 private:
  struct Step {
    int acted = 0;  // for certain
    int undone = 0;
    bool maybe_acted = false;
    bool maybe_undone = false;
  };
  struct Trail {
    std::vector<Step> steps;
    bool started = false;
    std::string outcome = {};
    std::optional<std::size_t> last_undone = {};
  };

  void violated(const std::string& id, std::string rule, std::string message) {
    if (verdict_.outcome == Outcome::violated) return;
    verdict_.outcome = Outcome::violated;
    verdict_.rule = std::move(rule);
    verdict_.saga = id;
    verdict_.message = "saga '" + id + "': " + std::move(message);
  }

  void take(History::OpId op) {
    const Event& asked = history_.invocation(op);
    const Event* end = history_.completion(op);
    if (end != nullptr && end->type == Event::Type::fail) return;
    if (asked.f != "effect" && asked.f != "saga_start" && asked.f != "saga_end") return;
    const std::string id = text_of(asked.key);
    Trail& trail = sagas_.try_emplace(id, Trail{std::vector<Step>(rules_.steps.size())}).first->second;
    if (asked.f == "saga_start") trail.started = true;
    if (asked.f == "saga_end") trail.outcome = text_of(asked.value["outcome"]);
    if (asked.f != "effect" || asked.value["empty"].truthy()) return;
    const bool sure = end != nullptr && end->type == Event::Type::ok;
    if (sure && end->value.is_map() && end->value["empty"].truthy()) return;
    const std::string type = text_of(asked.value["type"]);
    for (std::size_t i = 0; i < rules_.steps.size(); ++i) {
      if (type == rules_.steps[i].action) act(id, trail, i, sure);
      if (type == rules_.steps[i].compensation) undo(id, trail, i, sure);
    }
  }

  void act(const std::string& id, Trail& trail, std::size_t i, bool sure) {
    Step& step = trail.steps[i];
    if (!sure) {
      step.maybe_acted = true;
      return;
    }
    if (++step.acted > 1) violated(id, "twice", "'" + rules_.steps[i].action + "' took effect twice");
    if (step.undone > 0) {
      violated(id, "late", "'" + rules_.steps[i].action + "' took effect after it had been taken back");
    }
  }

  void undo(const std::string& id, Trail& trail, std::size_t i, bool sure) {
    Step& step = trail.steps[i];
    if (!sure) {
      step.maybe_undone = true;
      return;
    }
    if (++step.undone > 1) violated(id, "twice", "'" + rules_.steps[i].compensation + "' took effect twice");
    if (trail.last_undone && *trail.last_undone < i) {
      violated(id, "order",
               "'" + rules_.steps[i].compensation + "' came after '" +
                   rules_.steps[*trail.last_undone].compensation + "'");
    }
    trail.last_undone = i;
  }

  void judge(const std::string& id, const Trail& trail) {
    const auto& steps = trail.steps;
    const bool nobody_says = trail.outcome.empty();
    if (nobody_says && trail.started) {
      if (rules_.ended) violated(id, "unfinished", "it was started and has no end");
      return;
    }
    if (trail.outcome == "stuck") {
      if (rules_.ended) violated(id, "unfinished", "it is stuck");
      return;
    }
    if (nobody_says && !rules_.ended) return;
    const auto stands = [](const Step& s) { return s.acted > 0 && s.undone == 0 && !s.maybe_undone; };
    const auto any_undone =
        std::any_of(steps.begin(), steps.end(), [](const Step& s) { return s.undone > 0 || s.maybe_undone; });
    const auto missing = [](const Step& s) { return s.acted == 0 && !s.maybe_acted; };
    const bool all = std::none_of(steps.begin(), steps.end(), missing);
    const bool done = nobody_says ? all && !any_undone : trail.outcome == "done";
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const std::string& action = rules_.steps[i].action;
      if (done && missing(steps[i]))
        violated(id, "half_done", "it is done, and '" + action + "' never took effect");
      if (done && steps[i].undone > 0)
        violated(id, "half_done", "it is done, and '" + action + "' was taken back");
      if (!done && stands(steps[i]) && !rules_.steps[i].compensation.empty()) {
        nobody_says && !any_undone
            ? violated(id, "half_done", "'" + action + "' took effect, and not all of its steps did")
            : violated(id, "not_undone", "it was taken back, and '" + action + "' still stands");
      }
    }
    ++(done ? verdict_.done : verdict_.compensated);
  }

  const History& history_;
  const SagaRules& rules_;
  SagaVerdict verdict_;
  std::map<std::string, Trail> sagas_;
};

}  // namespace

SagaVerdict check_saga(const History& history, const SagaRules& rules) {
  return Judge(history, rules).judge();
}

}  // namespace syslab
