// Is a history linearizable? That is: is there an order of its operations, in which each stands somewhere
// between its invocation and its completion, that explains every answer by the model?
//
// The verdict is ok (such an order was found), violated (there is none) or unknown (the search was given up).
// The problem is NP-complete; the search is exponential in the number of operations that overlap, hence the
// budget, which is counted in steps and bytes, never in time: the same history gets the same verdict
// everywhere.
//
// Cost: about 20 ns a step; a history without much overlap takes about as many steps as it has operations.
// Papers: Wing & Gong 1993 (the search); Lowe 2017, "Testing for linearizability" (memory of configurations,
// just-in-time linearization); Herlihy & Wing 1990 (locality: every key by itself).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/value.hpp"
#include "core/check/model.hpp"
#include "core/observe/history.hpp"

namespace syslab {

enum class Outcome : std::uint8_t { ok, violated, unknown };
std::string_view to_string(Outcome outcome);

struct LinearizableOptions {
  std::uint64_t steps_max = 50'000'000;                 // for each key, and once more to shorten a violation
  std::size_t memory_bytes_max = std::size_t{1} << 30;  // what the search of a key may remember
  // Keys are searched at the same time on so many threads; 0: as many as the machine runs at once. The
  // verdict, its steps and what it shows are the same for any number. Memory: the above for each thread at
  // worst.
  unsigned threads = 1;
  bool shorten = true;                      // look for the shortest failing history
  std::function<bool()> give_up = nullptr;  // asked now and then; true ends the search as unknown
};

struct Verdict {
  Outcome outcome = Outcome::ok;
  std::string message;  // one line of words; names the offending operation where there is one

  // Where outcome is violated (key also where it is unknown):
  Value key;
  std::optional<History::OpId> offender;  // the first completion that nothing explains, in time
  // The events before that completion: the longest prefix in which `key` is linearizable.
  std::size_t prefix_events = 0;
  History history;      // the shortest failing sub-history that was found
  std::string picture;  // the same as a picture of a few lines

  // An order that explains every operation of the longest linearizable prefix: all of the history where
  // outcome is ok, key after key; what happened to `key` before the offender otherwise. Empty where outcome
  // is unknown.
  std::vector<History::OpId> order;

  std::size_t operations = 0, keys = 0;
  std::uint64_t steps = 0;
};

// The verdict for a terminal: the message, and the picture where there is one. No line end after the last
// line.
std::string to_text(const Verdict& verdict);

// Errors (code "unknown"): an operation that the model does not have, or with malformed arguments.
Expected<Verdict> check_linearizable(const History& history, const Model& model,
                                     const LinearizableOptions& options = {});

}  // namespace syslab
