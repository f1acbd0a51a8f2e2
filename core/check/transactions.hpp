// Which isolation level do the transactions of a history keep? By cycles of dependencies between them, as
// Elle does it.
//
// An operation is a transaction: f is "txn", the value a list of micro-operations in order, [f, key, value].
// Two kinds of histories:
//   lists      ["append", k, v], ["r", k, nil]; the completion has the lists read: ["r", k, [1, 2]]. A list
//   shows all that
//              was appended before, so that the order of versions is known.
//   registers  ["w", k, v], ["r", k, nil]; the order of versions is known where a transaction reads one and
//   writes the
//              next, from nil (the first version of all), and, for strict-serializable, from real time.
// No value is written to a key twice.
//
// Dependencies: ww (T2 wrote the version after T1's), wr (T2 read T1's version), rw (T1 read a version and T2
// wrote the next one), rt (T1 was answered before T2 was invoked). Anomalies, with the weakest level that
// forbids them:
//   read-uncommitted     G0 (a cycle of ww), duplicate-elements, incompatible-order and cyclic-versions
//   (reads that no
//                        order of versions explains), thin-air (a read of what nobody wrote)
//   read-committed       G1a (aborted read), G1b (intermediate read), G1c (a cycle of ww and wr)
//   snapshot-isolation   lost-update, internal (a transaction contradicts itself), G-single (a cycle with one
//   rw),
//                        G-nonadjacent (with several, no two in a row)
//   repeatable-read      lost-update, internal, G-single, G2-item (a cycle with several rw), G-nonadjacent
//   serializable         all of these
//   strict-serializable  also cycles that need rt: G0-realtime, G1c-realtime, G-single-realtime,
//   G2-item-realtime
// What is missed: predicates, since operations name their keys; and what the history does not show, since no
// cycle is guessed. A violation is one for sure: every dependency follows from the answers.
//
// Cost: O(operations) to infer, O(edges) to find components; a search within a component for each rw edge, up
// to the budget of steps, then unknown (unless something was found). Memory: about 300 bytes an operation and
// its answers. Papers: Adya, Liskov & O'Neil 2000, "Generalized isolation level definitions"; Kingsbury &
// Alvaro 2020, "Elle: inferring isolation anomalies from experimental observations" (VLDB 14).
#pragma once

#include "core/check/judgement.hpp"

namespace syslab {

enum class IsolationLevel : std::uint8_t {
  read_uncommitted,
  read_committed,
  snapshot_isolation,
  repeatable_read,
  serializable,
  strict_serializable
};
std::string_view to_string(IsolationLevel level);
std::optional<IsolationLevel> isolation_level(std::string_view name);
const std::vector<std::string>& isolation_levels();

struct TransactionOptions {
  IsolationLevel level = IsolationLevel::serializable;
  std::uint64_t steps_max = 50'000'000;
};

// The anomalies that the level forbids; numbers.allowed is a list of the names of others that were found.
// Errors (code "unknown"): an operation that is no transaction, a value that was written twice.
Expected<Judgement> check_list_append(const History& history, const TransactionOptions& options = {});
Expected<Judgement> check_rw_register(const History& history, const TransactionOptions& options = {});

}  // namespace syslab
