// Orchestrator: a service that runs sagas, and goes on with them after a crash.
//
// A filter: the service inside says what a request costs. Every step of a saga is on the disk before the next
// one is asked for, so after a crash each saga is where it was, or one answer behind: that step is asked for
// again, with the same id. Requests:
//
//   start   {saga, id, data, wait}  -> {id, state, results ...} when it has ended (wait = false: has begun).
//           A saga that was compensated is the error SagaAborted (definite), one that is stuck SagaStuck.
//           An id that is known starts nothing: the answer is that of the saga which has it
//   status  {id}                    -> {id, saga, state, step, results, reason}
//   resume  {id}                    -> true: what is stuck is tried again
//   sagas   {}                      -> {running, compensating, done, compensated, stuck}: how many
//
// Cost: a write and a sync a step (group commit over all sagas), and the calls. Sagas that have ended are
// kept.
#pragma once

#include <memory>
#include <vector>

#include "core/event/saga.hpp"
#include "core/observe/history.hpp"
#include "core/runtime/service.hpp"

namespace syslab {

struct OrchestratorOptions {
  std::vector<SagaDefinition> sagas;
  bool durable = true;  // false: a crash forgets them, half done as they are
  // Recorded are "saga_start" and "saga_end", key the saga's id (core/check/saga.hpp).
  std::shared_ptr<History> history = {};
};

// Requires: the sagas have different names, and each has steps.
Filter make_orchestrator(OrchestratorOptions options);

}  // namespace syslab
