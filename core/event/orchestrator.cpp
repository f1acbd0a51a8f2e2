#include "core/event/orchestrator.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "core/event/fields.hpp"
#include "core/event/journal.hpp"

namespace syslab {
namespace {

using namespace fields;

class Orchestrator final : public FilterService {
 public:
  Orchestrator(std::shared_ptr<const OrchestratorOptions> options, ServicePtr inner)
      : FilterService("orchestrator", std::move(inner)), options_(std::move(options)) {
    for (const SagaDefinition& d : options_->sagas) {
      definitions_.emplace(d.name, std::shared_ptr<const SagaDefinition>(options_, &d));
    }
  }

  void on_start(Env& env) override {
    env_ = &env;
    if (options_->durable) journal_.start(env);
    for (auto& [id, instance] : sagas_) {
      if (instance.saga.ended()) continue;
      runs_[id].doubt = true;  // the step may have been asked for before the crash
      proceed(id);
      watch(id);
    }
    inner_->on_start(env);
  }

  void call(Env& env, Request request, Reply reply) override {
    const Action action = request.type == "start"    ? &Orchestrator::start
                          : request.type == "status" ? &Orchestrator::status
                          : request.type == "resume" ? &Orchestrator::resume
                          : request.type == "sagas"  ? &Orchestrator::count
                                                     : nullptr;
    if (action == nullptr) {
      inner_->call(env, std::move(request), std::move(reply));
      return;
    }
    const Value body = request.body;
    inner_->call(env, std::move(request),
                 [this, action, body, reply = std::move(reply)](Result result) mutable {
                   if (!result.ok()) return reply(std::move(result));
                   (this->*action)(body, std::move(reply));
                 });
  }

 private:
  using Action = void (Orchestrator::*)(const Value& body, Reply reply);
  struct Instance {
    Saga saga;
    Instant started;
  };
  // What this process does about a saga.
  struct Run {
    std::uint64_t attempts = 0;  // of the step under way
    bool doubt = false;
    std::uint64_t turn = 0;  // a new one makes what the old one waits for late
    std::vector<Reply> waiting = {};
  };

  // ---- the state, as the journal keeps it: records {start, id, data, at}, and those of Saga with `id`

  void reset(const Value& snapshot) {
    sagas_.clear();
    if (!snapshot.is_list()) return;
    for (const Value& kept : snapshot.list()) {
      for (const Value& record : kept.list()) replay(record);
    }
  }

  void replay(const Value& record) {
    const std::string id = text_of(record["id"]);
    if (record["start"].is_string()) {
      const auto definition = definitions_.find(record["start"].string());
      if (definition == definitions_.end()) return;
      sagas_.emplace(id, Instance{Saga(definition->second, id, record["data"]), instant_of(record["at"])});
      records_[id] = {record};
    } else if (const auto found = sagas_.find(id); found != sagas_.end()) {
      found->second.saga.apply(record);
      records_[id].push_back(record);
    }
  }

  Value snapshot() const {
    Value::List list;
    for (const auto& [id, instance] : sagas_) list.push_back(Value::list(records_.at(id)));
    return Value::list(std::move(list));
  }

  void keep(Journal::Command command, Reply reply) {
    if (options_->durable) return journal_.submit(std::move(command), std::move(reply));
    const Journal::Outcome outcome = command();
    reply(outcome.answer);
  }

  // ---- requests

  void start(const Value& body, Reply reply) {
    const auto name = required_text(body, "saga");
    if (!name) return reply(name.error());
    const auto id = required_text(body, "id");
    if (!id) return reply(id.error());
    if (!definitions_.contains(*name)) return reply(make_error("not_found", "no saga '" + *name + "'"));
    const bool wait = body["wait"].is_nil() || body["wait"].truthy();
    const auto begun = std::make_shared<bool>(false);
    keep(
        [this, name = *name, id = *id, data = body["data"], begun]() -> Journal::Outcome {
          if (sagas_.contains(id)) return {};
          *begun = true;
          const Value record =
              Value::map({{"start", name}, {"id", id}, {"data", data}, {"at", nanoseconds(env_->now())}});
          replay(record);
          return {record, Value(true)};
        },
        [this, id = *id, wait, begun, reply = std::move(reply)](const Result& result) {
          if (!result.ok()) return reply(result);
          const Saga& saga = sagas_.at(id).saga;
          if (*begun) note(saga, "saga_start", Value::map({{"saga", saga.definition().name}}));
          if (!wait) {
            reply(saga.describe());
          } else if (saga.ended()) {
            reply(outcome(saga));
          } else {
            runs_[id].waiting.push_back(reply);
          }
          if (!*begun) return;
          watch(id);
          proceed(id);
        });
  }

  void status(const Value& body, Reply reply) {
    const auto id = required_text(body, "id");
    if (!id) return reply(id.error());
    const auto found = sagas_.find(*id);
    if (found == sagas_.end()) return reply(make_error("not_found", "no saga with the id '" + *id + "'"));
    reply(found->second.saga.describe());
  }

  void resume(const Value& body, Reply reply) {
    const auto id = required_text(body, "id");
    if (!id) return reply(id.error());
    const auto found = sagas_.find(*id);
    if (found == sagas_.end() || found->second.saga.state() != Saga::State::stuck) {
      return reply(make_error("not_found", "no saga with the id '" + *id + "' is stuck"));
    }
    decide(*id, Value::map({{"event", "resumed"}}));
    reply(Value(true));
  }

  void count(const Value&, Reply reply) { reply(counts()); }

  Value counts() const {
    std::map<std::string, double> n;
    for (const auto state : {Saga::State::running, Saga::State::compensating, Saga::State::done,
                             Saga::State::compensated, Saga::State::stuck}) {
      n[std::string(to_string(state))] = 0;
    }
    for (const auto& [id, instance] : sagas_) ++n[std::string(to_string(instance.saga.state()))];
    Value::Map map;
    for (const auto& [name, value] : n) map.emplace_back(name, value);
    return Value::map(std::move(map));
  }

  static Result outcome(const Saga& saga) {
    if (saga.state() == Saga::State::compensated) {
      return refused("SagaAborted", "the saga '" + saga.id() + "' was taken back: " + saga.reason());
    }
    if (saga.state() == Saga::State::stuck) return Error{"SagaStuck", saga.reason(), false};
    return saga.describe();
  }

  // ---- running

  void proceed(const std::string& id) {
    const auto found = sagas_.find(id);
    if (found == sagas_.end()) return;
    const Saga& saga = found->second.saga;
    Run& run = runs_[id];
    const std::uint64_t turn = run.turn = ++last_turn_;
    const auto todo = saga.next();
    if (!todo) return finish(id);
    const SagaStep& step = saga.definition().steps[todo->step];
    const auto node = env_->find(step.to);
    ++run.attempts;
    if (!node) return answered(id, turn, node.error());
    env_->call(*node, {.type = todo->undo ? step.compensation : step.action, .body = saga.request(*todo)},
               step.timeout, [this, id, turn](const Result& result) { answered(id, turn, result); });
  }

  void answered(const std::string& id, std::uint64_t turn, const Result& result) {
    const auto found = sagas_.find(id);
    const auto known = runs_.find(id);
    if (found == sagas_.end() || known == runs_.end() || known->second.turn != turn) return;
    Run& run = known->second;
    const Saga::Decision decision = found->second.saga.decide(result, run.attempts, run.doubt);
    if (!result.ok() && !result.error().definite) run.doubt = true;
    if (decision.record.is_nil()) return again(id, turn, decision.wait);
    decide(id, decision.record);
  }

  void again(const std::string& id, std::uint64_t turn, Duration wait) {
    env_->after(wait, [this, id, turn] {
      const auto run = runs_.find(id);
      if (run != runs_.end() && run->second.turn == turn) proceed(id);
    });
  }

  void decide(const std::string& id, Value record) {
    record = record.with("id", id);
    const std::uint64_t turn = runs_[id].turn = ++last_turn_;
    keep(
        [this, record]() -> Journal::Outcome {
          replay(record);
          return {record, Value(true)};
        },
        [this, id, turn](const Result& result) {
          Run& run = runs_[id];
          if (run.turn != turn) return;
          if (!result.ok()) {
            run.doubt = true;
            return again(id, turn,
                         sagas_.contains(id) ? sagas_.at(id).saga.definition().wait : Duration::zero());
          }
          run.attempts = 0;
          run.doubt = false;
          proceed(id);
        });
  }

  void finish(const std::string& id) {
    const Saga& saga = sagas_.at(id).saga;
    note(saga, "saga_end", Value::map({{"outcome", to_string(saga.state())}}));
    auto run = runs_.extract(id);
    for (const Reply& reply : run.mapped().waiting) reply(outcome(saga));
  }

  // Aborts the saga at its deadline.
  void watch(const std::string& id) {
    const Instance& instance = sagas_.at(id);
    const Duration limit = instance.saga.definition().deadline;
    if (limit == Duration::max()) return;
    const Instant at = saturating_add(instance.started, limit);
    env_->after(std::max(Duration::zero(), at - env_->now()), [this, id] {
      const auto found = sagas_.find(id);
      if (found == sagas_.end()) return;
      if (const auto record = found->second.saga.abort("timeout: the deadline of the saga is over"))
        decide(id, *record);
    });
  }

  void note(const Saga& saga, std::string_view f, const Value& value) {
    if (options_->history == nullptr) return;
    const auto process = static_cast<std::int64_t>(options_->history->ops().size());
    const Instant at = recorded_at(*options_->history, env_->now());
    const auto op = options_->history->invoke(process, f, Value(saga.id()), value, at);
    options_->history->complete(op, Event::Type::ok, value, at);
  }

  Value state() const override {
    Value shown = counts();
    return journal_.broken() ? shown.with("broken", journal_.broken()->message) : shown;
  }

  const std::shared_ptr<const OrchestratorOptions> options_;
  std::map<std::string, std::shared_ptr<const SagaDefinition>, std::less<>> definitions_;
  Env* env_ = nullptr;
  std::map<std::string, Instance> sagas_;
  std::map<std::string, Value::List> records_;  // of each saga, for snapshots
  std::map<std::string, Run> runs_;             // of those that have not ended
  std::uint64_t last_turn_ = 0;
  Journal journal_{"sagas",
                   {.reset = [this](const Value& s) { reset(s); },
                    .replay = [this](const Value& r) { replay(r); },
                    .snapshot = [this] { return snapshot(); }}};
};

}  // namespace

Filter make_orchestrator(OrchestratorOptions options) {
  const auto shared = std::make_shared<const OrchestratorOptions>(std::move(options));
  return [shared](ServicePtr inner) { return std::make_shared<Orchestrator>(shared, std::move(inner)); };
}

}  // namespace syslab
