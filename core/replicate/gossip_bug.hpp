// GossipBug: mistakes that can be planted in Gossip; see planted_bugs.hpp.
#pragma once

#include <cstdint>

#include "core/replicate/planted_bugs.hpp"

namespace syslab {

enum class GossipBug : std::uint8_t {
  none,
  incarnation_ignored,   // what was said last counts, whichever incarnation it was about
  refutes_nothing,       // who is suspected does not object
  bumps_others,          // who suspects a node counts its incarnation up
  dead_at_once,          // no suspicion before death
  dead_for_ever,         // a higher incarnation does not bring back who was declared dead
  tells_nobody,          // who is taken for dead is not told so
  told_once,             // a rumour is passed on to one other, once, and nobody compares
  ack_before_disk,       // a broadcast is acknowledged before it is on disk
  values_in_memory,      // ... or is never
  compares_counts_only,  // as many values are taken for the same values
};

inline constexpr PlantedBugs<GossipBug, 10> kGossipBugs{{
    "incarnation_ignored",
    "refutes_nothing",
    "bumps_others",
    "dead_at_once",
    "dead_for_ever",
    "tells_nobody",
    "told_once",
    "ack_before_disk",
    "values_in_memory",
    "compares_counts_only",
}};

}  // namespace syslab
