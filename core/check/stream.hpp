// check_stream: does a history of produces, fetches and commits keep the promises of a replicated log, or of
// shards?
//
// The history has the form of core/stream/recorder.hpp.
//
//   min_insync      what was acknowledged with acks = all had so many in-sync replicas
//   loss            what was acknowledged with acks = all by two or more in-sync replicas is there for
//   whoever reads
//                   on: in its place, unchanged; until retention or compaction may take it, and unless the
//                   ISR has not held (an unclean election, or a last replica that came back without its
//                   memory)
//   divergence      an offset never shows two different records
//   duplicate       a record of an idempotent producer stands at one offset
//   order           a fetch gives ascending offsets from where it was asked, below the high watermark; the
//   sequences of
//                   a producer ascend with the offsets
//   retention       nothing is taken away before its retention is over
//   exclusive       in a generation each partition has one member
//   fencing         a commit of an earlier generation, or of a partition that is another member's, is refused
//   backwards       the committed offset of a group never goes back
//   at_least_once   of a group that claims it: nothing below a committed offset was left undone
//   at_most_once    of a group that claims it: nothing is processed twice
//   parents_first   a reader of shards reads all that the parents took before anything of their child
//   limit           no shard takes more records in one second than it may
//
// What was acknowledged with less (acks = 1, one replica) and is gone is no violation; it is counted in
// `lost`.
//
// Cost: O(n log n) in records. Memory: about 250 bytes a record.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "core/base/time.hpp"
#include "core/check/linearizable.hpp"
#include "core/observe/history.hpp"

namespace syslab {

struct StreamRules {
  enum class Claim { none, at_least_once, at_most_once };
  struct Topic {
    std::optional<Duration> retention = {};  // none: not judged, as where it is by size
    bool compacted = false;
    std::optional<std::size_t> records_per_second = {};  // of shards
  };
  std::map<std::string, Topic> topics = {};
  std::map<std::string, Claim> groups = {};
};

struct StreamVerdict {
  Outcome outcome = Outcome::ok;
  std::string rule = {};     // the first one broken; "" if none
  std::string message = {};  // one sentence
  std::size_t event = 0;     // index of the event that breaks it
  std::size_t operations = 0;
  std::size_t acknowledged = 0;  // records
  std::size_t lost = 0;          // of them, found missing
  std::size_t processed = 0;     // different records, in all groups
  std::size_t repeated = 0;      // times that one was processed again
  std::size_t skipped = 0;       // acknowledged records below a committed offset that were never processed
};

StreamVerdict check_stream(const History& history, const StreamRules& rules);

}  // namespace syslab
