#include "core/event/saga.hpp"

#include <algorithm>

#include "core/base/assert.hpp"

namespace syslab {

std::string_view to_string(Saga::State state) {
  constexpr std::string_view kNames[] = {"running", "compensating", "done", "compensated", "stuck"};
  return kNames[static_cast<std::size_t>(state)];
}

Saga::Saga(std::shared_ptr<const SagaDefinition> definition, std::string id, Value data)
    : definition_(std::move(definition)), id_(std::move(id)), data_(std::move(data)) {
  SYSLAB_ASSERT(!definition_->steps.empty());
}

std::optional<Saga::Todo> Saga::next() const {
  if (state_ == State::running) return Todo{false, step_};
  if (state_ == State::compensating) return Todo{true, step_};
  return std::nullopt;
}

Value Saga::request(const Todo& todo) const {
  const SagaStep& step = definition_->steps[todo.step];
  Value::Map map = {{"saga", id_},
                    {"id", id_ + "/" + step.name + (todo.undo ? "/undo" : "")},
                    {"step", step.name},
                    {"data", data_},
                    {"results", results()}};
  if (step.body.is_map()) map.insert(map.begin(), step.body.map().begin(), step.body.map().end());
  return Value::map(std::move(map));
}

bool Saga::past_pivot() const {
  const auto& steps = definition_->steps;
  return std::any_of(steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(step_),
                     [](const SagaStep& s) { return s.pivot; });
}

Saga::Decision Saga::decide(const Expected<Value>& answer, std::uint64_t attempt, bool doubt) const {
  const SagaStep& step = definition_->steps[step_];
  if (answer.ok()) {
    if (state_ == State::compensating) return {Value::map({{"event", "undone"}, {"step", step.name}}), {}};
    return {Value::map({{"event", "done"}, {"step", step.name}, {"answer", *answer}}), {}};
  }
  const Error& error = answer.error();
  Duration wait = definition_->wait;
  for (std::uint64_t i = 1; i < attempt && wait < definition_->wait_max; ++i) {
    wait = std::min(wait * 2, definition_->wait_max);
  }
  if (state_ == State::compensating) {
    if (definition_->undo_attempts == 0 || attempt < definition_->undo_attempts) return {{}, wait};
    return {
        Value::map({{"event", "stuck"}, {"step", step.name}, {"reason", error.code + ": " + error.message}}),
        {}};
  }
  const bool refusal = !is_fault(error);
  if (past_pivot() || (!refusal && attempt < step.attempts)) return {{}, wait};
  return {Value::map({{"event", "aborted"},
                      {"step", step.name},
                      {"doubt", doubt || !error.definite},
                      {"reason", error.code + ": " + error.message}}),
          {}};
}

std::optional<Value> Saga::abort(std::string_view reason) const {
  if (state_ != State::running || past_pivot()) return std::nullopt;
  return Value::map(
      {{"event", "aborted"}, {"step", definition_->steps[step_].name}, {"doubt", true}, {"reason", reason}});
}

void Saga::apply(const Value& record) {
  const Value& event = record["event"];
  if (event == Value("done") && state_ == State::running) {
    answers_.push_back(record["answer"]);
    if (++step_ == definition_->steps.size()) state_ = State::done;
  } else if (event == Value("aborted") && state_ == State::running) {
    reason_ = record["reason"].is_string() ? std::string(record["reason"].string()) : "";
    state_ = State::compensating;
    go_back_from(record["doubt"].truthy() ? step_ + 1 : step_);
  } else if (event == Value("undone") && state_ == State::compensating) {
    go_back_from(step_);
  } else if (event == Value("resumed") && state_ == State::stuck) {
    state_ = State::compensating;
  } else if (event == Value("stuck") && state_ == State::compensating) {
    state_ = State::stuck;
    reason_ +=
        "; then " + std::string(record["step"].string()) + ": " + std::string(record["reason"].string());
  }
}

// The last of the first `count` steps that has something to take back.
void Saga::go_back_from(std::size_t count) {
  while (count > 0 && definition_->steps[count - 1].compensation.empty()) --count;
  if (count == 0) {
    state_ = State::compensated;
  } else {
    step_ = count - 1;
  }
}

Value Saga::results() const {
  Value::Map map;
  for (std::size_t i = 0; i < answers_.size(); ++i) map.emplace_back(definition_->steps[i].name, answers_[i]);
  return Value::map(std::move(map));
}

Value Saga::describe() const {
  Value::Map map = {
      {"id", id_}, {"saga", definition_->name}, {"state", to_string(state_)}, {"results", results()}};
  if (!ended()) map.emplace_back("step", definition_->steps[step_].name);
  if (!reason_.empty()) map.emplace_back("reason", reason_);
  return Value::map(std::move(map));
}

}  // namespace syslab
