// What a correct object would do, one operation at a time: the sequential specification a history is judged
// against.
//
// A model says how each operation of a history acts on the object's state, and the checker finds out whether
// some order of the operations explains every answer. A history is judged separately for every key, which
// loses nothing: linearizability is local (Herlihy & Wing 1990, theorem 1).
//
// To add a model: derive from Model and put the instance in the table of model.cpp.
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

  // The operation in words, with its answer: "read 4", "cas 1 -> 2 (failed)".
  virtual std::string describe(const Event& invocation, const Event* completion) const = 0;
};

// Every model, sorted by name.
const std::vector<const Model*>& models();

// Errors: "not_found", naming the nearest model and all there are.
Expected<const Model*> model_named(std::string_view name);

}  // namespace syslab
