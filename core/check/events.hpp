// check_events: was every event that was published applied by every consumer, exactly once and in order?
//
// The history has operations of two kinds, as core/event records them (a script can write them, too):
//   publish  key: the stream or the publisher, value {ids = {...}}     ok: they are durable
//   apply    key: the consumer, value {id, stream, version}            ok: the effect is durable
// One that never completed, or whose outcome nobody knows, may or may not have happened.
//
//   twice      a consumer applied an event more than once
//   invented   a consumer applied what nobody published, or what certainly was not published
//   order      a consumer applied an event of a stream after a later one of the same stream
//   lost       an event that was published is not applied by a consumer; judged where the history is
//              `settled`: all have had the time they need
//
// Cost: O(n log n).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/check/linearizable.hpp"
#include "core/observe/history.hpp"

namespace syslab {

struct EventRules {
  std::vector<std::string> consumers = {};  // that must apply everything; empty: those that applied something
  std::vector<std::string> publishers = {};  // whose events count (a category: order-...); empty: all
  bool settled = true;
  bool complete = true;  // all who publish are in the history; else nothing is `invented`
};

struct EventsVerdict {
  Outcome outcome = Outcome::ok;
  std::string rule = {};     // the first one broken; "" if none
  std::string message = {};  // one sentence
  std::string id = {};       // of the event
  std::size_t published = 0;
  std::size_t applied = 0;
};

EventsVerdict check_events(const History& history, const EventRules& rules);

}  // namespace syslab
