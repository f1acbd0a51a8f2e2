#include "core/check/sequential.hpp"

#include <map>
#include <memory>
#include <set>
#include <unordered_set>

#include "core/check/causal.hpp"
#include "core/check/machine.hpp"

// A depth-first search over configurations: how far each process has come, which operations of unknown
// outcome took effect, and the state of every key. What was met before is not tried again. An operation that
// only observes takes effect as soon as its process comes to it and the state allows: it changes nothing, so
// doing it early never hurts. Of the operations that may come next, the one that was answered first in real
// time is tried first, because most histories are explained by an order near the real one.

namespace syslab {
namespace {

using OpId = History::OpId;

struct Step {
  OpId op;
  std::uint32_t process;
  std::uint32_t key;
  std::uint32_t cls;
  bool observes;
  bool unknown;
  std::size_t returned;
};

struct Problem {
  std::vector<Step> steps;  // by invocation
  std::vector<std::unique_ptr<Machine>> machines;
  std::size_t processes = 0;
};

class SequentialSearch {
 public:
  SequentialSearch(Problem& problem, const std::vector<std::uint32_t>& in, const std::vector<bool>& free,
                   std::uint64_t steps_max, const SequentialOptions& options)
      : problem_(problem), steps_max_(steps_max), options_(options) {
    sequences_.resize(problem.processes);
    std::map<std::pair<std::uint32_t, std::uint32_t>, bool> relaxed;
    for (std::uint32_t i : in) {
      const Step& step = problem.steps[i];
      if (free[i]) {
        if (step.observes) continue;
        if (!problem.machines[step.key]->repeatable(step.cls)) {
          optional_.push_back({i, 0});
        } else if (relaxed.emplace(std::pair{step.key, step.cls}, true).second) {
          anytime_.push_back(i);
        }
      } else if (step.unknown) {
        if (!step.observes)
          optional_.push_back({i, static_cast<std::uint32_t>(sequences_[step.process].size())});
      } else {
        sequences_[step.process].push_back(i);
      }
    }
    states_at_ = problem.processes;
    used_at_ = states_at_ + problem.machines.size();
    width_ = used_at_ + (optional_.size() + 31) / 32;
  }

  Outcome run() {
    std::vector<std::uint32_t> config(width_, 0);
    settle(config);
    if (complete(config)) return Outcome::ok;
    remember(config);
    std::vector<std::vector<std::uint32_t>> stack = {std::move(config)};
    std::size_t stack_bytes = width_ * 4;
    std::uint64_t rounds = 0;
    while (!stack.empty()) {
      if (++rounds % 1024 == 0 && options_.give_up && options_.give_up()) return Outcome::unknown;
      if (steps >= steps_max_ || memory_ + stack_bytes > options_.memory_bytes_max) return Outcome::unknown;
      const std::vector<std::uint32_t> here = std::move(stack.back());
      stack.pop_back();
      stack_bytes -= width_ * 4 + sizeof here;
      next_.clear();
      for (std::size_t p = 0; p < sequences_.size(); ++p) {
        if (here[p] == sequences_[p].size()) continue;
        const Step& step = problem_.steps[sequences_[p][here[p]]];
        if (!step.observes) consider(here, step, step.returned, static_cast<std::uint32_t>(p), kProcess);
      }
      for (std::size_t o = 0; o < optional_.size(); ++o) {
        const Step& step = problem_.steps[optional_[o].step];
        if (here[step.process] < optional_[o].after || (here[used_at_ + o / 32] >> (o % 32) & 1)) continue;
        consider(here, step, History::kNever, static_cast<std::uint32_t>(o), kOptional);
      }
      for (std::size_t f = 0; f < anytime_.size(); ++f) {
        consider(here, problem_.steps[anytime_[f]], History::kNever, static_cast<std::uint32_t>(f), kAnytime);
      }
      // The last one pushed is tried first.
      std::stable_sort(next_.begin(), next_.end(), [](const Choice& a, const Choice& b) {
        return a.returned != b.returned ? a.returned > b.returned : a.kind > b.kind;
      });
      for (const Choice& choice : next_) {
        ++steps;
        std::vector<std::uint32_t> there = here;
        there[states_at_ + choice.key] = choice.state;
        if (choice.kind == kProcess) ++there[choice.index];
        if (choice.kind == kOptional) there[used_at_ + choice.index / 32] |= 1u << (choice.index % 32);
        settle(there);
        if (complete(there)) return Outcome::ok;
        if (!remember(there)) continue;
        stack_bytes += width_ * 4 + sizeof there;
        stack.push_back(std::move(there));
      }
    }
    return Outcome::violated;
  }

  std::uint64_t steps = 0;

 private:
  enum Kind : std::uint8_t { kProcess, kOptional, kAnytime };
  struct Choice {
    Kind kind;
    std::uint32_t index;
    std::uint32_t key;
    std::uint32_t state;
    std::size_t returned;
  };
  struct Optional {
    std::uint32_t step;
    std::uint32_t after;  // how far its process must have come
  };
  struct HashConfig {
    std::size_t operator()(const std::vector<std::uint32_t>& config) const {
      std::uint64_t h = 0;
      for (std::uint32_t word : config) {
        h = (h ^ word) * 0x9E3779B97F4A7C15ull;
        h ^= h >> 29;
      }
      return h;
    }
  };

  void consider(const std::vector<std::uint32_t>& here, const Step& step, std::size_t returned,
                std::uint32_t index, Kind kind) {
    const std::uint32_t state = here[states_at_ + step.key];
    const std::int32_t next = problem_.machines[step.key]->next(state, step.cls);
    if (next < 0 || (kind != kProcess && static_cast<std::uint32_t>(next) == state)) return;
    next_.push_back({kind, index, step.key, static_cast<std::uint32_t>(next), returned});
  }

  // Lets everybody observe who can.
  void settle(std::vector<std::uint32_t>& config) {
    for (std::size_t p = 0; p < sequences_.size(); ++p) {
      while (config[p] < sequences_[p].size()) {
        const Step& step = problem_.steps[sequences_[p][config[p]]];
        if (!step.observes || problem_.machines[step.key]->next(config[states_at_ + step.key], step.cls) < 0)
          break;
        ++config[p];
      }
    }
  }

  bool complete(const std::vector<std::uint32_t>& config) const {
    for (std::size_t p = 0; p < sequences_.size(); ++p) {
      if (config[p] < sequences_[p].size()) return false;
    }
    return true;
  }

  bool remember(const std::vector<std::uint32_t>& config) {
    const bool added = seen_.insert(config).second;
    if (added) memory_ += width_ * 4 + 64;
    return added;
  }

  Problem& problem_;
  std::uint64_t steps_max_;
  const SequentialOptions& options_;
  std::vector<std::vector<std::uint32_t>> sequences_;
  std::vector<Optional> optional_;
  std::vector<std::uint32_t> anytime_;
  std::size_t states_at_ = 0, used_at_ = 0, width_ = 0, memory_ = 0;
  std::vector<Choice> next_;
  std::unordered_set<std::vector<std::uint32_t>, HashConfig> seen_;  // only asked, never iterated
};

// The operations that the violation needs: another one is left out if the rest is a violation even when it
// may take effect at any time and any number of times (once, where that would lead to infinitely many
// states).
std::vector<std::uint32_t> shortened(Problem& problem, const SequentialOptions& options,
                                     std::uint64_t steps_max, std::uint64_t& steps) {
  std::vector<std::uint32_t> in;
  for (std::uint32_t i = 0; i < problem.steps.size(); ++i) in.push_back(i);
  std::vector<bool> free(in.size(), false);
  std::vector<std::uint32_t> stay = in;
  const auto violated = [&] {
    std::vector<std::uint32_t> kept;
    for (std::uint32_t i : in) {
      if (!free[i] || !problem.steps[i].observes) kept.push_back(i);
    }
    SequentialSearch search(problem, kept, free, steps_max - std::min(steps_max, steps), options);
    const Outcome outcome = search.run();
    steps += search.steps + kept.size();
    return outcome == Outcome::violated;
  };
  for (std::size_t chunk = std::max<std::size_t>(1, stay.size() / 2);;) {
    bool progress = false;
    for (std::size_t at = 0; at < stay.size() && steps < steps_max;) {
      const std::size_t end = std::min(at + chunk, stay.size());
      for (std::size_t i = at; i < end; ++i) free[stay[i]] = true;
      if (violated()) {
        stay.erase(stay.begin() + static_cast<std::ptrdiff_t>(at),
                   stay.begin() + static_cast<std::ptrdiff_t>(end));
        progress = true;
      } else {
        for (std::size_t i = at; i < end; ++i) free[stay[i]] = false;
        at = end;
      }
    }
    if (stay.empty() || steps >= steps_max || (chunk == 1 && !progress)) return stay;
    chunk = std::max<std::size_t>(1, chunk / 2);
  }
}

// Of a history of registers that has no order: few operations that have none either. Without a write and
// those that read it, whatever order there was would still be one; so what is left after leaving out such, or
// a read, is a proof.
std::vector<OpId> shortened(const History& history, const Anomaly& found) {
  constexpr std::size_t kWorthTrying = 200;
  const auto holds = [&](const std::vector<OpId>& ops) {
    return not_sequential(part_of(history, ops)).has_value();
  };
  const auto with_writes = [&](std::vector<OpId> ops) {
    std::set<std::pair<Value, Value>> read;
    for (OpId op : ops) {
      const Event* end = history.completion(op);
      if (end != nullptr && end->type == Event::Type::ok)
        read.emplace(history.invocation(op).key, end->value);
    }
    for (OpId op = 0; op < history.ops().size(); ++op) {
      if (read.contains({history.invocation(op).key, history.invocation(op).value})) ops.push_back(op);
    }
    std::sort(ops.begin(), ops.end());
    ops.erase(std::unique(ops.begin(), ops.end()), ops.end());
    return ops;
  };
  std::vector<OpId> stay = with_writes(found.ops);
  if (!holds(stay)) {
    stay.clear();
    for (OpId op = 0; op < history.ops().size(); ++op) stay.push_back(op);
  }
  for (std::size_t i = stay.size(); stay.size() <= kWorthTrying && i-- > 0;) {
    if (i >= stay.size()) continue;
    const Event& start = history.invocation(stay[i]);
    std::vector<OpId> fewer;
    for (OpId op : stay) {
      const Event* end = history.completion(op);
      const bool reads_it = !start.value.is_nil() && end != nullptr && end->value == start.value &&
                            history.invocation(op).key == start.key;
      if (op != stay[i] && !reads_it) fewer.push_back(op);
    }
    if (!fewer.empty() && holds(fewer)) stay = std::move(fewer);
  }
  return stay;
}

// The judgement of a violation, which these operations show.
void tell(Judgement& judgement, const History& history, const Model& model, std::vector<OpId> ops,
          std::string why) {
  std::map<std::int64_t, std::string> lines;
  for (OpId op : ops) {
    const Event& start = history.invocation(op);
    std::string& line = lines[start.process];
    line += (line.empty() ? "" : ", then ") + model.describe(start, history.completion(op)) +
            (start.key.is_nil() ? "" : " on key " + shown(start.key));
  }
  for (const auto& [process, line] : lines) {
    judgement.picture += "  process " + std::to_string(process) + "  " + line + "\n";
  }
  judgement.message = "no order of the operations that keeps every process's own explains the answers; " +
                      plural(ops.size(), "operation", "operations") + " of " +
                      std::to_string(history.ops().size()) + " show it";
  add(judgement, {"not sequential", std::move(why), std::move(ops)});
}

}  // namespace

Expected<Judgement> check_sequential(const History& history, const Model& model,
                                     const SequentialOptions& options) {
  Problem problem;
  std::map<Value, std::uint32_t> keys;
  std::map<std::int64_t, std::uint32_t> processes;
  for (OpId op = 0; op < history.ops().size(); ++op) {
    const Event& start = history.invocation(op);
    const Event* end = history.completion(op);
    const auto action = model.action(start, end);
    if (!action) return make_error("unknown", who_and_when(history, op, action.error().message));
    if (!action->has_value()) continue;
    const auto key = keys.try_emplace(start.key, static_cast<std::uint32_t>(keys.size())).first->second;
    if (key == problem.machines.size()) problem.machines.push_back(std::make_unique<Machine>(model));
    const auto process =
        processes.try_emplace(start.process, static_cast<std::uint32_t>(processes.size())).first->second;
    const bool unknown = end == nullptr || end->type == Event::Type::info;
    problem.steps.push_back({op, process, key, problem.machines[key]->class_of(**action), (*action)->observes,
                             unknown, unknown ? History::kNever : history.ops()[op].completion});
  }
  problem.processes = processes.size();

  // What a register's constraints show needs no search.
  const bool registers = model.name() == "register" || model.name() == "cas-register" || model.name() == "kv";
  if (const auto found = registers ? not_sequential(history) : std::nullopt) {
    Judgement judgement;
    tell(judgement, history, model, options.shorten ? shortened(history, *found) : found->ops,
         found->message);
    conclude(judgement, history, "");
    return judgement;
  }

  std::vector<std::uint32_t> all;
  for (std::uint32_t i = 0; i < problem.steps.size(); ++i) all.push_back(i);
  SequentialSearch search(problem, all, std::vector<bool>(all.size(), false), options.steps_max, options);
  Judgement judgement;
  judgement.outcome = search.run();
  judgement.steps = search.steps;
  if (judgement.outcome == Outcome::unknown) {
    judgement.message =
        "gave up after " + std::to_string(search.steps) + " steps: too many orders are possible";
  } else if (judgement.outcome == Outcome::violated) {
    std::vector<std::uint32_t> stay = all;
    if (options.shorten) stay = shortened(problem, options, options.steps_max, judgement.steps);
    std::vector<OpId> ops;
    for (std::uint32_t i : stay) ops.push_back(problem.steps[i].op);
    tell(judgement, history, model, std::move(ops),
         "no order of these operations keeps every process's own and explains the answers");
  }
  conclude(judgement, history,
           plural(history.ops().size(), "operation", "operations") + " of " +
               plural(processes.size(), "process", "processes") +
               ": an order that keeps every process's own explains every answer");
  return judgement;
}

}  // namespace syslab
