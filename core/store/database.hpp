// Database: a service that holds engines (tables, a relational engine, documents) and answers for them.
//
// A filter: the service inside says what a request costs at least (its time, its slots, whether it fails);
// when it has answered, the request is carried out. The request's type is the engine's verb, its body the
// verb's map, and `in` the name of the engine (which may be left out where there is one). What no engine
// knows, the service inside has answered. A request that waits for a lock holds no slot.
//
// Work: each row, item or document that a request looks at or writes costs `row_time` of one of `workers`;
// requests wait for a worker in their order, and so a scan is slow, and makes others slow.
//
// Durable (the default): every request that changed something, or belongs to a transaction, is appended to a
// log on the node's disk, and a change is answered when the log is synced (within a transaction: its commit);
// so is what was asked meanwhile: no answer shows what a crash can undo. At a start the log is carried out
// again, and transactions under way are rolled back.
//
// Cost: an append and a sync of the disk a change. A start costs the time to run the log, which is not
// shortened.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/runtime/service.hpp"
#include "core/store/engine.hpp"

namespace syslab {

struct DatabaseOptions {
  std::map<std::string, std::shared_ptr<const Engine>> holds =
      {};  // each as made: its content is not taken over
  bool durable = true;
  Duration row_time = Duration::zero();
  std::size_t workers = 1;
};
Filter make_database(DatabaseOptions options);

}  // namespace syslab
