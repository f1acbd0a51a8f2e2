// VrBug: mistakes that can be planted in Vr; see planted_bugs.hpp.
#pragma once

#include <cstdint>

#include "core/replicate/planted_bugs.hpp"

namespace syslab {

enum class VrBug : std::uint8_t {
  none,
  ack_before_commit,     // the primary answers when it has the entry itself
  minority_commits,      // one acknowledgement less is enough
  minority_changes,      // a new primary starts with one replica's log less than a majority
  longest_log_wins,      // ... takes the longest log, whichever view it is from
  own_log_wins,          // ... or its own
  restarts_empty,        // after a crash it goes on with an empty log, as if nothing had been
  recovers_from_anyone,  // ... or takes the first log that it is sent
  old_view_accepted,     // a backup takes what the primary of an earlier view sends
  gap_accepted,          // a backup acknowledges an entry without those before it
  suffix_kept,           // who comes late into a view keeps what the last one had not committed
  executes_twice,        // repeated requests are executed again
};

inline constexpr PlantedBugs<VrBug, 11> kVrBugs{{
    "ack_before_commit",
    "minority_commits",
    "minority_changes",
    "longest_log_wins",
    "own_log_wins",
    "restarts_empty",
    "recovers_from_anyone",
    "old_view_accepted",
    "gap_accepted",
    "suffix_kept",
    "executes_twice",
}};

}  // namespace syslab
