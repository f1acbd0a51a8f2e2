// What a correct object would do, one operation at a time: the sequential specification a history is judged
// against.
//
// A model says how each operation of a history acts on the object's state, and the checker finds out whether
// some order of the operations explains every answer. A history is judged separately for every key, which
// loses nothing: linearizability is local (Herlihy & Wing 1990, theorem 1).
//
// Names and shapes of operations, beside the register's: docs in each model's header line in model.cpp and in
// collection_models.cpp; `syslab check --help` lists them.
//
// To add a model: derive from Model and put the instance in the table of model.cpp. A model has no mutable
// state and hands out no Value that it keeps: keys are searched on several threads, and a Value's references
// are counted without a lock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/value.hpp"
#include "core/observe/history.hpp"

namespace syslab {

// One operation in the model's terms. Two operations with equal verb, a and b act alike in every state,
// whatever their outcome was; the search relies on it.
struct Action {
  std::uint8_t verb = 0;
  bool observes = false;  // step() never changes the state: a read, a compare-and-set that failed
  bool blind = false;     // step() is possible in every state and its result the same in all: a write
  Value a, b;

  bool operator==(const Action& other) const { return verb == other.verb && a == other.a && b == other.b; }
};

class Model {
 public:
  virtual ~Model() = default;

  virtual std::string_view name() const = 0;
  virtual std::string_view summary() const = 0;
  virtual Value initial() const = 0;

  // What an operation demands of the state or does to it; nothing where it says nothing (a write that failed,
  // a read that was never answered). `completion` is null where there is none. The action of an operation
  // with an unknown outcome is that of its success, which the search may use or not. Errors: the model has no
  // such operation, or its arguments are malformed.
  virtual Expected<std::optional<Action>> action(const Event& invocation, const Event* completion) const = 0;

  // The state after the action, or nothing where the action is impossible in this state.
  virtual std::optional<Value> step(const Value& state, const Action& action) const = 0;

  // Whether the action, done again and again, leads to finitely many states: a write does, an append does
  // not. The search for a shorter counter-example lets such an operation take effect as often as it likes.
  virtual bool repeatable(const Action&) const { return true; }
  // Whether the action only ever adds to what is there (the add of a set without removes, an append). Where
  // all actions of a key do, or observe, the search asks lost() and leaves hopeless branches early.
  virtual bool grows(const Action&) const { return false; }
  // Requires: only actions that grow follow; the observation is not possible in `state`. True where it never
  // will be.
  virtual bool lost(const Value&, const Action&) const { return false; }

  // The operation in words, with its answer: "read 4", "cas 1 -> 2 (failed)".
  virtual std::string describe(const Event& invocation, const Event* completion) const = 0;
};

// What models share: a table of operations, by name and by a number of the model's own.
class VerbModel : public Model {
 public:
  struct Verb {
    std::string_view f;
    std::uint8_t verb;
    bool asks = false;  // it is there for its answer, which is worth showing even where it is nil
  };

  VerbModel(std::string_view name, std::string_view summary, std::vector<Verb> verbs)
      : name_(name), summary_(summary), verbs_(std::move(verbs)) {}

  std::string_view name() const override { return name_; }
  std::string_view summary() const override { return summary_; }
  Value initial() const override { return {}; }
  // "enqueue 4", "dequeue 4", "read [1,2]", "acquire (failed)".
  std::string describe(const Event& invocation, const Event* completion) const override;

 protected:
  const Verb* find(const Event& invocation) const;  // null where the model has no such operation
  Expected<std::uint8_t> verb_of(const Event& invocation) const;
  const std::vector<Verb>& verbs() const { return verbs_; }

 private:
  std::string_view name_, summary_;
  std::vector<Verb> verbs_;
};

// The models of collections, counters and locks, of collection_models.cpp.
std::vector<const Model*> collection_models();

// Every model, sorted by name.
const std::vector<const Model*>& models();

// Errors: "not_found", naming the nearest model and all there are.
Expected<const Model*> model_named(std::string_view name);

}  // namespace syslab
