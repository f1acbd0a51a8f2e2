// Is a history sequentially consistent? That is: is there one order of all operations, in which those of each
// process stand in the order in which it issued them, that explains every answer by the model? Real time does
// not count: a read may be as stale as it likes, as long as everybody can be thought of as slow.
//
// Unlike linearizability this is not judged key by key: two keys, each sequentially consistent, may together
// not be (Herlihy & Wing 1990, section 4), so the search is over all of them at once.
//
// An operation of unknown outcome takes effect once at any time after what its process did before it, or
// never; what the process did later does not wait for it.
//
// Cost: exponential in the number of processes at worst, hence the budget; about as many steps as operations
// where the real order is nearly the one that explains. Histories of registers in which every value is
// written once are first tried by the constraints of register_order.hpp, which find most violations in
// polynomial time. Papers: Lamport 1979 (the definition); Gibbons & Korach 1997, "Testing shared memories"
// (NP-complete).
#pragma once

#include "core/check/judgement.hpp"
#include "core/check/model.hpp"

namespace syslab {

struct SequentialOptions {
  std::uint64_t steps_max = 20'000'000;
  std::size_t memory_bytes_max = std::size_t{1} << 30;  // what the search may remember
  bool shorten = true;                                  // leave out what the violation does not need
  std::function<bool()> give_up = nullptr;              // asked now and then; true ends the search as unknown
};

// Anomaly: "not sequential". Its operations are all that are needed, in the order of their invocations.
// Errors (code "unknown"): an operation that the model does not have, or with malformed arguments.
Expected<Judgement> check_sequential(const History& history, const Model& model,
                                     const SequentialOptions& options = {});

}  // namespace syslab
