// Checkers that count: what a history must keep whatever the order of its operations was. Each is linear or
// nearly so, and says for sure what it says; where the history does not show enough, the outcome is unknown.
//
// Paper: Kingsbury, Jepsen (github.com/jepsen-io/jepsen, checker.clj and tests/), from where the workloads
// are.
#pragma once

#include "core/check/judgement.hpp"

namespace syslab {

// A queue whose messages are all distinct: enqueue v, dequeue -> v (nil or fail: empty), drain -> list. What
// is accepted comes out at least once.
//   lost         its enqueue was acknowledged, nobody ever got it, and later a drain was answered, or a
//   dequeue found
//                the queue empty; unless a dequeue was never answered, which may have taken it
//   unexpected   it came out and nobody enqueued it
// Counted, not judged: duplicated (came out twice; `once` makes it an anomaly), recovered (came out though
// its enqueue's outcome was unknown or failed). An enqueue that failed and comes out is unexpected. Cost: O(n
// log n).
Judgement check_total_queue(const History& history, bool once = false);

// A set to which elements are added once each, and which is read as a whole: add v, read -> list.
//   lost         the add was acknowledged, or a read saw it, and the last read, invoked after that, does not
//   have it unexpected   a read has what nobody added, or whose add failed stale        a read that was
//   invoked after the add was acknowledged, or after another read that saw it was
//                answered, does not have it, and a later read does; only with `linearizable`, else counted
//   duplicated   a read has it twice
// Unknown where no read was answered. Counted: ok, recovered (its add's outcome was unknown), never_read.
// Cost: O(total size of the reads x log n).
Expected<Judgement> check_set(const History& history, bool linearizable = false);

// Accounts between which money moves: read -> map of balances or list of them, transfer {from, to, amount}.
//   wrong-total  the balances of a read do not add up to `total` (that of the first read, where none is
//   given) negative     a balance is below 0; only where `negative` is false null-balance a balance is no
//   number
// Cost: O(n x accounts). Unknown where nobody read.
Expected<Judgement> check_bank(const History& history, std::optional<double> total = {},
                               bool negative = false);

// Keys that are written once each, and reads of several of them at a time: write k, read -> map of keys to
// what was there (nil or false: not yet written). A transaction of f "txn" with [["w", k, v]] or [["r", k, v]
// ...] does as well.
//   long-fork    two reads: one saw the write of x and not that of y, the other that of y and not that of x.
//   Snapshot
//                isolation forbids it, parallel snapshot isolation does not.
// Cost: O(reads^2 x keys of a read) within reads that share two keys. Paper: Sovran et al. 2011 (SOSP),
// "Transactional storage for geo-replicated systems".
Expected<Judgement> check_long_fork(const History& history);

// Once writes have stopped, does everybody come to see the same? Any operation but read, get, contains and
// drain changes its key (a failed one does not).
//   diverged       the last reads of two processes, invoked at least `settle` after the last change was
//   answered, differ lost           what all agree on lacks an acknowledged add or append (where the reads
//   are lists) thin-air       a register's last value was never written
// Unknown where no key has last reads of two processes; a key with a change that was never answered, and so
// may come at any time, is not judged. Reads of lists are compared as sets where `ordered` is false. Cost:
// O(n log n).
Judgement check_convergence(const History& history, Duration settle = Duration::zero(), bool ordered = false);

}  // namespace syslab
