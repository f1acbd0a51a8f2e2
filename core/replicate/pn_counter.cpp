#include "core/replicate/g_counter.hpp"

// A counter that goes both ways: two that only grow, one for what was added and one for what was taken off.
// A single number for each replica would not do, since of two of them nobody could tell which is newer.

namespace syslab {
namespace {

struct PnCounterState {
  static constexpr std::string_view kName = "pn_counter";

  Expected<PnCounterState> mutate(const CrdtOptions& options, const Value& operation) const {
    const bool up = operation["op"] == Value("increment");
    if (!up && operation["op"] != Value("decrement")) {
      return no_such_operation(kName, "increment and decrement", operation);
    }
    const auto by = amount_of(operation);
    if (!by) return by.error();
    PnCounterState delta;
    (up ? delta.added : delta.taken) = (up ? added : taken).increment(options, *by);
    return delta;
  }

  bool join(const PnCounterState& other, CrdtBug bug) {
    const bool news = added.join(other.added, bug);
    return taken.join(other.taken, bug) || news;
  }

  Value value() const { return static_cast<double>(added.total()) - static_cast<double>(taken.total()); }
  Value encode() const { return Value::list({added.encode(), taken.encode()}); }

  static Expected<PnCounterState> decode(const Value& value) {
    if (!value.is_list() || value.list().size() != 2) {
      return make_error("malformed", "the state of a pn_counter is two maps of counts");
    }
    const auto added = GCounterState::decode(value.list()[0]);
    const auto taken = GCounterState::decode(value.list()[1]);
    if (!added || !taken) return (added ? taken : added).error();
    return PnCounterState{*added, *taken};
  }

  GCounterState added = {};
  GCounterState taken = {};
};

static_assert(CrdtState<PnCounterState>);

}  // namespace

std::unique_ptr<Crdt> make_pn_counter(CrdtOptions options) {
  return std::make_unique<BasicCrdt<PnCounterState>>(std::move(options));
}

}  // namespace syslab
