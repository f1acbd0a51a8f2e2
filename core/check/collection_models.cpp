// Sets, queues, counters, mutexes and lists, as sequential objects. States are Values: a set is a sorted
// list, a queue and a list are lists in order, a counter is a number, a mutex a bool.
//
// Only what an answer says counts: an operation without an answer acts like its success with any answer.
#include <algorithm>

#include "core/check/model.hpp"

namespace syslab {
namespace {

using Type = Event::Type;
using Maybe = std::optional<Action>;

bool failed(const Event* completion) {
  return completion != nullptr && completion->type == Type::fail;
}
bool happened(const Event* completion) {
  return completion != nullptr && completion->type == Type::ok;
}

Error no_list(const Event& invocation, const Event& completion) {
  return make_error("unknown",
                    "expected a list as the value of " + invocation.f + ", got " + completion.value.json());
}

const Value::List& items(const Value& state) {
  static const Value::List kNone;
  return state.is_list() ? state.list() : kNone;
}

Value sorted_set(const Value& list) {
  Value::List sorted = items(list);
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  return Value::list(std::move(sorted));
}

// add v, remove v, contains v -> bool, read -> list in any order. Where add or remove answers a bool, that
// says whether the element was new, or was there.
class SetModel : public VerbModel {
 public:
  static constexpr std::uint8_t kAdd = 0, kRemove = 1, kContains = 2, kRead = 3;

  SetModel()
      : VerbModel(
            "set", "a set: add, remove, contains (true or false), read (its elements in any order)",
            {{"add", kAdd}, {"contains", kContains, true}, {"read", kRead, true}, {"remove", kRemove}}) {}

  Value initial() const override { return Value::list({}); }

  Expected<Maybe> action(const Event& invocation, const Event* completion) const override {
    const auto verb = verb_of(invocation);
    if (!verb) return verb.error();
    if (failed(completion)) return Maybe();
    const bool answered = happened(completion);
    if (*verb == kRead) {
      if (!answered) return Maybe();
      if (!completion->value.is_list() && !completion->value.is_nil())
        return no_list(invocation, *completion);
      return Maybe(Action{kRead, true, false, sorted_set(completion->value), {}});
    }
    const bool says = answered && completion->value.type() == Value::Type::boolean;
    if (*verb == kContains) {
      if (!says) return Maybe();
      return Maybe(Action{kContains, true, false, invocation.value, completion->value});
    }
    return Maybe(Action{*verb, false, false, invocation.value, says ? completion->value : Value()});
  }

  std::optional<Value> step(const Value& state, const Action& action) const override {
    const Value::List& all = state.list();
    if (action.verb == kRead) return state == action.a ? std::optional(state) : std::nullopt;
    const auto at = std::lower_bound(all.begin(), all.end(), action.a);
    const bool there = at != all.end() && *at == action.a;
    if (action.verb == kContains) return there == action.b.boolean() ? std::optional(state) : std::nullopt;
    const bool changes = (action.verb == kAdd) != there;
    if (!action.b.is_nil() && action.b.boolean() != changes) return std::nullopt;
    if (!changes) return state;
    Value::List next = all;
    const auto place = next.begin() + (at - all.begin());
    if (there) {
      next.erase(place);
    } else {
      next.insert(place, action.a);
    }
    return Value::list(std::move(next));
  }

  bool grows(const Action& action) const override { return action.verb == kAdd; }
  bool lost(const Value& state, const Action& observation) const override {
    const Value::List& all = state.list();
    if (observation.verb == kContains) return !observation.b.boolean();
    const Value::List& seen = observation.a.list();
    return !std::includes(seen.begin(), seen.end(), all.begin(), all.end());
  }
};

// enqueue v, dequeue -> v. A dequeue that answers nil, or fails without an error or with "empty", found it
// empty.
class QueueModel : public VerbModel {
 public:
  static constexpr std::uint8_t kEnqueue = 0, kDequeue = 1, kEmpty = 2, kAny = 3;

  QueueModel()
      : VerbModel("queue",
                  "a first-in-first-out queue: enqueue, dequeue (the first, or nil where it is empty)",
                  {{"dequeue", kDequeue, true}, {"enqueue", kEnqueue}}) {}

  Value initial() const override { return Value::list({}); }

  Expected<Maybe> action(const Event& invocation, const Event* completion) const override {
    const auto verb = verb_of(invocation);
    if (!verb) return verb.error();
    if (*verb == kEnqueue) {
      if (failed(completion)) return Maybe();
      return Maybe(Action{kEnqueue, false, false, invocation.value, {}});
    }
    const bool empty =
        (happened(completion) && completion->value.is_nil()) ||
        (failed(completion) && (completion->error.is_nil() || completion->error == Value("empty")));
    if (empty) return Maybe(Action{kEmpty, true, false, {}, {}});
    if (failed(completion)) return Maybe();
    if (happened(completion)) return Maybe(Action{kDequeue, false, false, completion->value, {}});
    return Maybe(Action{kAny, false, false, {}, {}});
  }

  std::optional<Value> step(const Value& state, const Action& action) const override {
    const Value::List& all = state.list();
    switch (action.verb) {
      case kEnqueue: {
        Value::List next = all;
        next.push_back(action.a);
        return Value::list(std::move(next));
      }
      case kEmpty:
        return all.empty() ? std::optional(state) : std::nullopt;
      default:
        if (all.empty()) return action.verb == kAny ? std::optional(state) : std::nullopt;
        if (action.verb == kDequeue && all.front() != action.a) return std::nullopt;
        return Value::list(Value::List(all.begin() + 1, all.end()));
    }
  }

  bool repeatable(const Action& action) const override { return action.verb != kEnqueue; }
};

// add n (1 where it says nothing), increment, decrement, read -> n, add_and_get n -> the sum.
class CounterModel : public VerbModel {
 public:
  static constexpr std::uint8_t kAdd = 0, kIncrement = 1, kDecrement = 2, kRead = 3, kAddAndGet = 4;

  CounterModel()
      : VerbModel("counter", "a number that starts at 0: add n, increment, decrement, add_and_get n, read",
                  {{"add", kAdd},
                   {"add_and_get", kAddAndGet},
                   {"decrement", kDecrement},
                   {"increment", kIncrement},
                   {"read", kRead, true}}) {}

  Value initial() const override { return Value(0); }

  Expected<Maybe> action(const Event& invocation, const Event* completion) const override {
    const auto verb = verb_of(invocation);
    if (!verb) return verb.error();
    if (failed(completion)) return Maybe();
    const bool answered = happened(completion);
    if (*verb == kRead) {
      if (!answered) return Maybe();
      if (!completion->value.is_number() && !completion->value.is_nil())
        return make_error("unknown",
                          "expected a number as the value of read, got " + completion->value.json());
      return Maybe(Action{kRead, true, false, completion->value.is_nil() ? Value(0) : completion->value, {}});
    }
    Value by = invocation.value;
    if (by.is_nil()) by = Value(1);
    if (!by.is_number())
      return make_error("unknown",
                        "expected a number as the value of " + invocation.f + ", got " + by.json());
    if (*verb == kDecrement) by = Value(-by.number());
    const bool sums = *verb == kAddAndGet && answered && completion->value.is_number();
    return Maybe(Action{kAdd, !sums && by.number() == 0, false, by, sums ? completion->value : Value()});
  }

  std::optional<Value> step(const Value& state, const Action& action) const override {
    if (action.verb == kRead) return state == action.a ? std::optional(state) : std::nullopt;
    const Value next(state.number() + action.a.number());
    if (!action.b.is_nil() && action.b != next) return std::nullopt;
    return next;
  }

  bool repeatable(const Action& action) const override { return action.a.number() == 0; }
  bool grows(const Action& action) const override { return action.a.number() >= 0; }
  bool lost(const Value& state, const Action& observation) const override {
    return observation.a.number() < state.number();
  }
};

// acquire, release. An acquire that fails with "held" or "conflict" saw that somebody holds it.
class MutexModel : public VerbModel {
 public:
  static constexpr std::uint8_t kAcquire = 0, kRelease = 1, kHeld = 2;

  MutexModel()
      : VerbModel("mutex", "a lock, free at first: acquire, release (of one that is held)",
                  {{"acquire", kAcquire}, {"release", kRelease}}) {}

  Value initial() const override { return Value(false); }

  Expected<Maybe> action(const Event& invocation, const Event* completion) const override {
    const auto verb = verb_of(invocation);
    if (!verb) return verb.error();
    if (failed(completion)) {
      const bool held =
          *verb == kAcquire && (completion->error == Value("held") || completion->error == Value("conflict"));
      return held ? Maybe(Action{kHeld, true, false, {}, {}}) : Maybe();
    }
    return Maybe(Action{*verb, false, false, {}, {}});
  }

  std::optional<Value> step(const Value& state, const Action& action) const override {
    const bool held = state.boolean();
    if (held != (action.verb != kAcquire)) return std::nullopt;
    return Value(action.verb != kRelease);
  }
};

// append v, read -> list in order.
class ListAppendModel : public VerbModel {
 public:
  static constexpr std::uint8_t kAppend = 0, kRead = 1;

  ListAppendModel()
      : VerbModel("list-append", "a list that only grows: append, read (all of it, in order)",
                  {{"append", kAppend}, {"read", kRead, true}}) {}

  Value initial() const override { return Value::list({}); }

  Expected<Maybe> action(const Event& invocation, const Event* completion) const override {
    const auto verb = verb_of(invocation);
    if (!verb) return verb.error();
    if (failed(completion)) return Maybe();
    if (*verb == kAppend) return Maybe(Action{kAppend, false, false, invocation.value, {}});
    if (!happened(completion)) return Maybe();
    if (completion->value.is_nil()) return Maybe(Action{kRead, true, false, Value::list({}), {}});
    if (!completion->value.is_list()) return no_list(invocation, *completion);
    return Maybe(Action{kRead, true, false, completion->value, {}});
  }

  std::optional<Value> step(const Value& state, const Action& action) const override {
    if (action.verb == kRead) return state == action.a ? std::optional(state) : std::nullopt;
    Value::List next = state.list();
    next.push_back(action.a);
    return Value::list(std::move(next));
  }

  bool repeatable(const Action&) const override { return false; }
  bool grows(const Action&) const override { return true; }
  bool lost(const Value& state, const Action& observation) const override {
    const Value::List &now = state.list(), &seen = observation.a.list();
    return now.size() >= seen.size() || !std::equal(now.begin(), now.end(), seen.begin());
  }
};

}  // namespace

std::vector<const Model*> collection_models() {
  static const SetModel set;
  static const QueueModel queue;
  static const CounterModel counter;
  static const MutexModel mutex;
  static const ListAppendModel list_append;
  return {&set, &queue, &counter, &mutex, &list_append};
}

}  // namespace syslab
