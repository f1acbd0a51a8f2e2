#include "core/replicate/g_counter.hpp"

namespace syslab {

static_assert(CrdtState<GCounterState>);
template class BasicCrdt<GCounterState>;

Expected<std::uint64_t> amount_of(const Value& operation) {
  const Value& given = operation["by"];
  if (given.is_nil()) return 1;
  const auto amount = whole_number(given);
  if (!amount) return make_error("malformed", "'by' is a whole number of at least 0, not " + given.json());
  return *amount;
}

GCounterState GCounterState::increment(const CrdtOptions& options, std::uint64_t by) const {
  const std::string slot = options.bug == CrdtBug::one_slot ? std::string("all") : options.replica;
  GCounterState delta;
  delta.counts.raise(slot, counts[slot] + by);
  return delta;
}

std::uint64_t GCounterState::total() const {
  std::uint64_t total = 0;
  for (const auto& [replica, count] : counts.entries()) total += count;
  return total;
}

Expected<GCounterState> GCounterState::mutate(const CrdtOptions& options, const Value& operation) const {
  if (operation["op"] != Value("increment")) return no_such_operation(kName, "increment", operation);
  const auto by = amount_of(operation);
  if (!by) return by.error();
  return increment(options, *by);
}

bool GCounterState::join(const GCounterState& other, CrdtBug bug) {
  if (bug != CrdtBug::sums_counters) return counts.merge(other.counts);
  for (const auto& [replica, count] : other.counts.entries()) counts.raise(replica, counts[replica] + count);
  return !other.counts.entries().empty();
}

Expected<GCounterState> GCounterState::decode(const Value& value) {
  const auto counts = VersionVector::decode(value);
  if (!counts) return counts.error();
  return GCounterState{*counts};
}

std::unique_ptr<Crdt> make_g_counter(CrdtOptions options) {
  return std::make_unique<BasicCrdt<GCounterState>>(std::move(options));
}

}  // namespace syslab
