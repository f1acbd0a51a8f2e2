// What a replica of a leaderless store holds for a key, and how two of them become one.
//
// A record is a Value, nil where nothing is known. There are two kinds, and a store uses one of them:
//
//   stamped    {stamp = {time, node, epoch, n}, value}: of two records the one with the later stamp stays,
//              the other write is lost. Time is a clock of the coordinator or a counter; the rest makes
//              stamps differ.
//   vectored   {clock = {actor = n ...}, versions = {{dot = {actor, n}, value} ...}}: a dotted version
//   vector.
//              The clock says which writes this record knows of, dot n of an actor being its nth write to the
//              key; versions are those that no known write has replaced. Of two records, a version stays that
//              both have, or that one has and the other does not know of. Concurrent versions are siblings.
//
// A deletion is a version like any other, with {deleted = true, at = wall time in seconds}, and no value: a
// tombstone, without which an older value that somebody still has would come back.
// Invariants: merging is commutative, associative and idempotent; equal knowledge is an equal Value. Papers:
// Preguiça, Baquero et al. 2010, "Dotted Version Vectors"; Almeida et al. 2014, "Scalable and Accurate
// Causality Tracking for Eventually Consistent Stores".
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/value.hpp"

namespace syslab {

// Whether a clock (nil: an empty one) knows of a dot.
bool knows(const Value& clock, const Value& dot);
// A clock that knows what either knows.
Value join_clocks(const Value& a, const Value& b);

// Requires: both records are of one kind, or nil.
Value merge_records(const Value& a, const Value& b);
// Whether a knows everything that b knows.
inline bool covers(const Value& a, const Value& b) {
  return merge_records(a, b) == a;
}

// A new version by `actor`, of which base.clock knows all earlier ones: replaces what `context` knows of.
// `content` is {value} or {deleted, at}.
Value add_version(const Value& base, const Value& context, std::string_view actor, const Value& content);

// Whether nothing is left but tombstones; and when the last of them was made. Requires of tombstone_time: it
// is one.
bool is_tombstone(const Value& record);
double tombstone_time(const Value& record);
// The versions of a record (of a stamped one: itself), tombstones included.
Value::List versions_of(const Value& record);

}  // namespace syslab
