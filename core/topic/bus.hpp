// Bus: events go in, rules decide by their content which targets get them; archives keep events and play them
// again.
//
// An event is {source, detail_type, detail, id, time}. A rule has a pattern (FilterPolicy, dialect event,
// over the whole event) and targets (a node and a protocol). A filter: the service inside says what a request
// costs. Requests:
//
//   put {entries = {{source, detail_type, detail}}}
//       -> {failed, entries = {{id} or {code, message}}}
//   put_rule {name, pattern, targets, enabled}
//       -> true; replaces the one of that name
//   remove_rule {name}
//       -> whether there was one
//   enable, disable {name}
//       -> true
//   archive {name, pattern, retention}
//       -> true; keeps what matches, from now on
//   replay {archive, from, to, rules, rate}
//       -> how many; plays them in order, to these rules or all, marked with replay = NAME; not archived
//          again
//   rules {}
//       -> list of {name, matched, delivered ...}
//
// Targets get {body = event}: a queue as a message, a function, an http endpoint or a mailbox as a request.
// Failed deliveries are retried for up to 24 hours and 185 attempts, with exponential backoff and jitter, and
// then go to the target's dead-letter queue.
//
// Rules and archives given as options are there again after a crash, without what was archived; deliveries
// under way are lost. Error codes: InvalidEventPatternException, ResourceNotFoundException,
// ValidationException. All are definite. Cost: O(rules) an event; an archive holds every event it matches.
// Source: EventBridge user guide.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/topic/delivery.hpp"
#include "core/topic/filter_policy.hpp"

namespace syslab {

struct BusRule {
  struct Target {
    Endpoint to;
    Endpoint dead_letters = {};
  };
  std::string name;
  FilterPolicy pattern = {};
  std::vector<Target> targets = {};
  bool enabled = true;
};

struct BusArchive {
  std::string name;
  FilterPolicy pattern = {};
  Duration retention = Duration::max();
};

// From maps as in the requests. Errors: InvalidEventPatternException, ValidationException.
Expected<BusRule> parse_rule(const Value& given);
Expected<BusArchive> parse_archive(const Value& given);

struct BusOptions {
  std::string name = "bus";
  std::vector<BusRule> rules = {};
  std::vector<BusArchive> archives = {};
  std::size_t event_bytes_max = 262144;
  std::size_t entries_max = 10;
  std::size_t rules_max = 300;
  std::size_t targets_max = 5;
  std::optional<RetryPlan> retries = {};
};

Filter make_bus(BusOptions options);

}  // namespace syslab
