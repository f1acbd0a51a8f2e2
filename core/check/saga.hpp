// check_saga: did every saga end with all of its steps done, or all of them taken back?
//
// Judged by what the services did, not by what an orchestrator believes. Operations of the history
// (core/event records them; a script can, too):
//   effect      key: the saga's id, value {type}: a service did what a request of that type asked for. An
//               operation that never completed may or may not have happened; one that found nothing to take
//               back ({empty = true} in either value) had no effect
//   saga_start, saga_end   key: the id; saga_end has value {outcome = done | compensated | stuck}
//
//   twice        a step, or its compensation, took effect more than once
//   late         a step took effect after it had been taken back
//   half_done    the saga is done (or, where nobody says how it ended, forward steps stand), and a step is
//                missing or was taken back
//   not_undone   the saga was compensated, and a step that took effect still stands
//   order        compensations did not run in the reverse order of the steps
//   unfinished   a saga was started and has no end, or is stuck: judged where `ended` says that all had the
//                time they need
//
// Cost: O(n log n).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/check/linearizable.hpp"
#include "core/observe/history.hpp"

namespace syslab {

struct SagaRules {
  struct Step {
    std::string action;             // a request's type
    std::string compensation = {};  // "": nothing to take back
  };
  std::vector<Step> steps;
  bool ended = true;
};

struct SagaVerdict {
  Outcome outcome = Outcome::ok;
  std::string rule = {};     // the first one broken; "" if none
  std::string message = {};  // one sentence
  std::string saga = {};     // the id
  std::size_t done = 0;
  std::size_t compensated = 0;
};

SagaVerdict check_saga(const History& history, const SagaRules& rules);

}  // namespace syslab
