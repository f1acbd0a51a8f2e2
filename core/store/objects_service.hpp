// An object store behind a service.
//
// A filter: the service inside says what a request costs; when it has answered, the operation is carried out.
// The operations are those of ObjectStore (objects.hpp), with the request's type as their name and its body
// as their arguments. For callers that know keys and values only: get, read, head, put, write, set (with
// body, value or payload), delete and list. A request that names no bucket means the first one (so a delivery
// stream's {type = "put_object", key =, records =} lands there).
//
// Durable: every write is a record of a log on the node's disk and is carried out, and answered, when it is
// synced; a new process reads the log. So what was read or answered survives a crash (unless the disk lies).
// What time does (lifecycle, restores) is in the log, too.
//
// Events go to the rule's node as {type = "object_event", event, bucket, key, size, ...}, or, where the rule
// names a queue, as {type = "send", queue =, body = {event ...}} to the broker there. A failed delivery is
// tried again, for ever, with growing waits; a crash can repeat one: at least once, in no order.
//
// Cost: a write and a sync of the disk a write (and a read of an object under tiering, which is an access);
// with `bandwidth`, size / bandwidth more for the bytes of one request.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/runtime/service.hpp"
#include "core/store/objects.hpp"

namespace syslab {

struct ObjectServiceOptions {
  struct Step {  // done at every start before the log is read
    std::string operation;
    Value arguments;
  };
  ObjectStoreOptions store = {};
  std::vector<Step> setup = {};  // Requires: each succeeds
  std::string bucket = {};       // of requests that name none
  double bandwidth = 0;          // bytes a second and request; 0: no limit
  Duration event_timeout = std::chrono::seconds(5);
  Duration event_wait = std::chrono::milliseconds(500);  // after the first failure; doubles up to a minute
};
Filter make_object_service(ObjectServiceOptions options);

}  // namespace syslab
