// Causal consistency, and the four session guarantees, of registers: histories of read (get) and write (put)
// in which no value is written to a key twice, so that every read names the write that it saw. nil is what
// was there at first.
//
// Causal order is the order of each process and from a write to those that read it. Anomalies (Bouajjani et
// al. 2017):
//   thin-air       a read of what nobody wrote, or whose write failed
//   cyclic-order   an operation is in its own past
//   initial-read   a read of nil, though a write to its key is in its causal past
//   overwritten    a read of a write, though a later one (causally after it) is in the read's causal past
//   cyclic-conflict  only with `convergent`: where two writes to a key are not causally ordered, everybody
//   must settle them
//                  alike (last writer wins), and no such order exists
//
// Session guarantees (Terry et al. 1994), for a process p. In all of them, one process's writes to one key
// are in the order in which it issued them.
//   read-your-writes    p reads its own write or a later one
//   monotonic-reads     p never reads an older version than it has read before
//   monotonic-writes    who has seen a write of p has seen what p wrote before it
//   writes-follow-reads who has seen a write of p has seen what p had read before it
// "Has seen" is about what a process read before, so that the last two are judged with monotonic reads, and
// are only named where monotonic reads by themselves are kept. Versions are older than others as far as the
// answers say so: no order of each key's writes fits.
//
// An operation of unknown outcome counts where somebody read it; what its process did later does not follow
// it. Cost: O(n x processes); memory the same, in 4 bytes, and unknown beyond the budget. All of it is
// polynomial, since values are distinct (for arbitrary values the question is NP-complete). Papers: Ahamad et
// al. 1995, "Causal memory"; Bouajjani, Enea, Guerraoui & Hamza 2017 (POPL), "On verifying causal
// consistency"; Terry et al. 1994, "Session guarantees for weakly consistent replicated data".
#pragma once

#include "core/check/judgement.hpp"

namespace syslab {

struct CausalOptions {
  bool convergent = false;
  std::size_t memory_bytes_max = std::size_t{1} << 30;
};

// Errors (code "unknown"): another operation, a value written twice, a write of nil.
Expected<Judgement> check_causal(const History& history, const CausalOptions& options = {});

struct SessionOptions {
  bool read_your_writes = true, monotonic_reads = true, monotonic_writes = true, writes_follow_reads = true;
};
Expected<Judgement> check_session(const History& history, const SessionOptions& options = {});

// Whether a history of registers with distinct values has no sequential order, found by its constraints
// alone: the reason, or nothing where none was found (which does not prove that there is one). Nothing, too,
// for histories of another kind, or of more than `ops_max` operations, since the cost is O(n^3 / 64) at
// worst.
std::optional<Anomaly> not_sequential(const History& history, std::size_t ops_max = 2000);

}  // namespace syslab
