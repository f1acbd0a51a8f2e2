// RaftBug: mistakes that can be planted in Raft; see planted_bugs.hpp.
#pragma once

#include <cstdint>

#include "core/replicate/planted_bugs.hpp"

namespace syslab {

enum class RaftBug : std::uint8_t {
  none,
  ack_before_commit,         // the leader answers when the entry is in its own log
  ack_before_disk,           // a follower acknowledges entries that are not synced yet
  vote_not_persisted,        // a vote is not on disk when it is given
  votes_twice,               // votes for whoever asks, also the second in a term
  votes_for_anyone,          // without looking whether the candidate's log is up to date
  compares_length_only,      // a longer log is better, whatever the term of its last entry
  minority_elects,           // half of the members are enough for a leader
  minority_commits,          // half of the members are enough for an entry
  commits_older_term,        // entries of earlier terms are committed by counting (figure 8)
  ignores_previous_term,     // appends behind an entry of another term
  truncates_always,          // an append drops what follows it, also when the message is old
  never_truncates,           // an entry that conflicts stays
  commits_past_match,        // a follower commits up to the leader's mark, also what it has not compared
  answers_by_index,          // the request of an entry that was replaced is answered all the same
  stale_reads,               // the leader reads its own store without asking anybody
  lease_without_bound,       // a lease as long as the longest election timeout, drift or not
  reads_before_own_entry,    // read index before an entry of the leader's term is committed
  executes_twice,            // repeated requests are executed again
  snapshot_forgets_clients,  // a snapshot lacks the answers to the clients
  snapshot_keeps_state,      // a snapshot from the leader moves the log on, but not the store
  members_at_once,           // a change of members does not wait for the one before it
};

inline constexpr PlantedBugs<RaftBug, 21> kRaftBugs{{
    "ack_before_commit",
    "ack_before_disk",
    "vote_not_persisted",
    "votes_twice",
    "votes_for_anyone",
    "compares_length_only",
    "minority_elects",
    "minority_commits",
    "commits_older_term",
    "ignores_previous_term",
    "truncates_always",
    "never_truncates",
    "commits_past_match",
    "answers_by_index",
    "stale_reads",
    "lease_without_bound",
    "reads_before_own_entry",
    "executes_twice",
    "snapshot_forgets_clients",
    "snapshot_keeps_state",
    "members_at_once",
}};

}  // namespace syslab
