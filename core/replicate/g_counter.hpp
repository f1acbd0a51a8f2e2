// The state of a grow-only counter: for each replica, how much it has counted itself. Only that replica ever
// raises its number, so of two states the larger number is the newer one, and the value is the sum.
#pragma once

#include "core/replicate/basic_crdt.hpp"
#include "core/replicate/version_vector.hpp"

namespace syslab {

struct GCounterState {
  static constexpr std::string_view kName = "g_counter";

  GCounterState increment(const CrdtOptions& options, std::uint64_t by) const;
  std::uint64_t total() const;

  Expected<GCounterState> mutate(const CrdtOptions& options, const Value& operation) const;
  bool join(const GCounterState& other, CrdtBug bug);
  Value value() const { return static_cast<double>(total()); }
  Value encode() const { return counts.encode(); }
  static Expected<GCounterState> decode(const Value& value);

  VersionVector counts;
};

// `by` of an operation, 1 where none is given. Errors: malformed.
Expected<std::uint64_t> amount_of(const Value& operation);

}  // namespace syslab
