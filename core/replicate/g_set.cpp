#include <set>

#include "core/replicate/basic_crdt.hpp"

// A set that only grows: the join is the union. And, of two of them, a set from which can also be removed,
// once and for all: what is in the second one was removed, whoever adds it again (two-phase set).

namespace syslab {
namespace {

Value list_of(const std::set<Value>& elements) {
  return Value::list(Value::List(elements.begin(), elements.end()));
}

struct GSetState {
  static constexpr std::string_view kName = "g_set";

  static Expected<GSetState> of_value(const Value& operation) {
    if (operation["value"].is_nil()) return make_error("malformed", "which 'value'?");
    return GSetState{{operation["value"]}};
  }

  Expected<GSetState> mutate(const CrdtOptions&, const Value& operation) const {
    if (operation["op"] != Value("add")) return no_such_operation(kName, "add", operation);
    return of_value(operation);
  }

  bool join(const GSetState& other, CrdtBug) {
    const std::size_t before = elements.size();
    elements.insert(other.elements.begin(), other.elements.end());
    return elements.size() > before;
  }

  Value value() const { return list_of(elements); }
  Value encode() const { return value(); }

  static Expected<GSetState> decode(const Value& value) {
    if (!value.is_list()) return make_error("malformed", "the state of a g_set is a list");
    return GSetState{{value.list().begin(), value.list().end()}};
  }

  std::set<Value> elements = {};
};

struct TwoPhaseSetState {
  static constexpr std::string_view kName = "two_phase_set";

  Expected<TwoPhaseSetState> mutate(const CrdtOptions&, const Value& operation) const {
    const bool add = operation["op"] == Value("add");
    if (!add && operation["op"] != Value("remove"))
      return no_such_operation(kName, "add and remove", operation);
    const auto element = GSetState::of_value(operation);
    if (!element) return element.error();
    TwoPhaseSetState delta;
    // What is not there cannot be removed: it may be added later.
    if (add || added.elements.contains(operation["value"])) (add ? delta.added : delta.removed) = *element;
    return delta;
  }

  bool join(const TwoPhaseSetState& other, CrdtBug bug) {
    const bool news = added.join(other.added, bug);
    if (bug == CrdtBug::forgets_removals) {
      // Compares what is left, and so takes what was removed here for new there.
      for (const Value& element : other.added.elements) removed.elements.erase(element);
    }
    return removed.join(other.removed, bug) || news;
  }

  Value value() const {
    Value::List left;
    for (const Value& element : added.elements) {
      if (!removed.elements.contains(element)) left.push_back(element);
    }
    return Value::list(std::move(left));
  }

  Value encode() const { return Value::list({added.encode(), removed.encode()}); }

  static Expected<TwoPhaseSetState> decode(const Value& value) {
    const Error error = make_error("malformed", "the state of a two_phase_set is two lists");
    if (!value.is_list() || value.list().size() != 2) return error;
    const auto added = GSetState::decode(value.list()[0]);
    const auto removed = GSetState::decode(value.list()[1]);
    if (!added || !removed) return error;
    return TwoPhaseSetState{*added, *removed};
  }

  GSetState added = {};
  GSetState removed = {};
};

static_assert(CrdtState<GSetState> && CrdtState<TwoPhaseSetState>);

}  // namespace

std::unique_ptr<Crdt> make_g_set(CrdtOptions options) {
  return std::make_unique<BasicCrdt<GSetState>>(std::move(options));
}

std::unique_ptr<Crdt> make_two_phase_set(CrdtOptions options) {
  return std::make_unique<BasicCrdt<TwoPhaseSetState>>(std::move(options));
}

}  // namespace syslab
