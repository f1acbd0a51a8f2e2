// QuorumBug: mistakes that can be planted in Quorum; see planted_bugs.hpp.
#pragma once

#include <cstdint>

#include "core/replicate/planted_bugs.hpp"

namespace syslab {

enum class QuorumBug : std::uint8_t {
  none,
  small_read_quorum,     // a read waits for one replica less: R + W <= N
  ack_before_quorum,     // a write is answered when the first replica has it
  ack_before_disk,       // a replica acknowledges what is not synced yet
  reads_before_disk,     // a replica answers with what is not synced yet
  no_write_back,         // a read answers before a write quorum has what it read
  write_back_is_new,     // what a read repairs with gets a stamp of its own
  skips_query,           // a write takes the next number without asking who has a higher one
  stamps_tie,            // a stamp does not tell coordinators apart
  applies_older,         // a replica takes what it is sent, also when it is older
  asks_any_replica,      // the answers of stand-ins count for reads, and hints for writes, of a strict quorum
  hint_is_new,           // a hint is delivered with a stamp of its own
  hint_forgotten_early,  // a hint goes when it is sent, not when it is acknowledged
  hints_in_memory,       // hints are not on disk
  hint_counts_twice,     // the home and its stand-in count as two
  tombstone_forgotten,   // a deletion leaves nothing behind
  tombstone_purged_early,  // tombstones go at the next occasion, without a grace period
  tree_not_updated,        // a hash tree is made once and stays as it was
  tree_copies,             // who finds a difference takes what the other has, newer or not
  clock_not_merged,        // a new version's clock lacks what its replica knew
  context_ignored,         // a write does not replace what its client had read
  dot_reused,              // after a restart the same actor counts from one again
  siblings_dropped,        // of concurrent versions one is kept
};

inline constexpr PlantedBugs<QuorumBug, 22> kQuorumBugs{{
    "small_read_quorum", "ack_before_quorum", "ack_before_disk",     "reads_before_disk",
    "no_write_back",     "write_back_is_new", "skips_query",         "stamps_tie",
    "applies_older",     "asks_any_replica",  "hint_is_new",         "hint_forgotten_early",
    "hints_in_memory",   "hint_counts_twice", "tombstone_forgotten", "tombstone_purged_early",
    "tree_not_updated",  "tree_copies",       "clock_not_merged",    "context_ignored",
    "dot_reused",        "siblings_dropped",
}};

}  // namespace syslab
