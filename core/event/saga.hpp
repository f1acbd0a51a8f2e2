// Saga: one business transaction over several services, as steps and the steps that take them back.
//
// A pure state machine, kept as what happened to it: `next` says what to do, `decide` says what an answer
// means, and `apply` takes what was decided, which is also how it is read again after a crash. A saga ends
// done (every step took effect) or compensated (what took effect was taken back, in the reverse order).
//
//   forward   steps in their order. A refusal (an error that is no fault: is_fault in core/base/error.hpp)
//             aborts the saga; a fault or a timeout is tried again, `attempts` times in all, with waits that
//             double, and then aborts it
//   doubt     a step whose last answer nobody saw may have taken effect, so it is taken back, too. Its
//             service must take a compensation for what never happened, and refuse the action if that comes
//             later
//   pivot     once the pivot step has taken effect, there is no way back: the steps after it are tried for
//             ever
//   back      compensations are tried for ever (or `undo_attempts` times; then the saga is stuck until
//             somebody resumes it)
//
// Every request carries `saga` (the saga's id), `data` (what it was started with), `results` (the answers so
// far, by step) and an `id` that is the same at every attempt ("ID/STEP", "ID/STEP/undo"), so that services
// can be idempotent.
//
// Sources: Garcia-Molina & Salem, "Sagas" (SIGMOD 1987); Richardson, "Microservices Patterns" (2018): pivot
// and retriable steps.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/base/value.hpp"

namespace syslab {

struct SagaStep {
  std::string name;
  std::string to;                 // the node that is asked
  std::string action;             // the request's type
  std::string compensation = {};  // "": there is nothing to take back
  Value body = {};                // further entries of both requests
  Duration timeout = std::chrono::seconds(1);
  std::uint64_t attempts = 3;
  bool pivot = false;
};

struct SagaDefinition {
  std::string name;
  std::vector<SagaStep> steps;
  Duration wait = std::chrono::milliseconds(200);  // before the second attempt; doubles up to wait_max
  Duration wait_max = std::chrono::seconds(10);
  Duration deadline = Duration::max();  // a saga that is still before its pivot then is aborted
  std::uint64_t undo_attempts = 0;      // 0: for ever
};

class Saga {
 public:
  enum class State : std::uint8_t { running, compensating, done, compensated, stuck };

  // Requires: at least one step.
  Saga(std::shared_ptr<const SagaDefinition> definition, std::string id, Value data);

  struct Todo {
    bool undo;
    std::size_t step;
  };
  // None: it has ended.
  std::optional<Todo> next() const;
  // The body of the request that `todo` asks for.
  Value request(const Todo& todo) const;

  // What the answer to the `attempt`-th try (1 is the first) of next() means: a record to be kept and
  // applied, or nil and how long to wait before the next try. `doubt`: an earlier try may have taken effect.
  struct Decision {
    Value record = {};
    Duration wait = Duration::zero();
  };
  Decision decide(const Expected<Value>& answer, std::uint64_t attempt, bool doubt) const;
  // The record that gives up what is under way, if there is still a way back.
  std::optional<Value> abort(std::string_view reason) const;
  void apply(const Value& record);

  State state() const { return state_; }
  bool ended() const {
    return state_ == State::done || state_ == State::compensated || state_ == State::stuck;
  }
  const std::string& id() const { return id_; }
  const Value& data() const { return data_; }
  const std::string& reason() const { return reason_; }
  const SagaDefinition& definition() const { return *definition_; }
  Value results() const;
  // {id, saga, state, step, results, reason}
  Value describe() const;

 private:
  bool past_pivot() const;
  void go_back_from(std::size_t count);

  std::shared_ptr<const SagaDefinition> definition_;
  std::string id_;
  Value data_;
  State state_ = State::running;
  std::size_t step_ = 0;  // the one to do, or to take back
  std::vector<Value> answers_;
  std::string reason_;
};

std::string_view to_string(Saga::State state);

}  // namespace syslab
