// Projection: a read model, kept up to date from the events of a store and asked instead of it.
//
// A filter: the service inside says what a query costs. In the background it reads the store (read_all, which
// waits where there is nothing new), gives each event to `apply`, and keeps what that says: rows by key, and
// the position up to which it has read, the checkpoint. So a read model lags behind the store, and it can be
// thrown away and built again. `apply(event, get)` answers with the rows that change, {KEY = VALUE}, where
// false deletes the row and nil or an empty map changes nothing; get(KEY) is the row as it stands, nil if
// there is none.
//
// How rows and checkpoint are kept decides what a crash does:
//   together   one record of the disk holds both: each event has its effect once
//   after      the checkpoint later, every `checkpoint_every` events: what came in between is applied
//              twice, which is right only where applying twice does no harm
//   before     the checkpoint first: what came in between is lost
//
// Requests:
//   get       {key, at_least, wait}   -> the row; not_found where there is none. at_least: a position that
//             the model must have reached (the one an append was answered with): it waits for that up to
//             `wait` seconds (1), and then says stale
//   query     {prefix, contains, max} -> list of {key, value} by key; contains: a text in the row's JSON
//   status    {}                      -> {position, head, lag, rows, skipped, rebuilding}
//   skipped   {}                      -> list of the events that were put aside
//   rebuild   {}                      -> true. From the first event on; until the new rows have caught up,
//             the old ones are shown. A crash in between leaves the old ones
//   stop, resume                      -> true
//
// An event that `apply` fails for stops the projection, or (on_error skip) is put aside and shown by
// `skipped`. Cost: a read of the store and a write and a sync a batch, and `time` an event.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/observe/history.hpp"
#include "core/runtime/service.hpp"

namespace syslab {

// The row of a key, nil where there is none.
using GetRow = std::function<Value(const std::string& key)>;
using ApplyEvent = std::function<Expected<Value>(const Value& event, const GetRow& get)>;

struct ProjectionOptions {
  enum class Checkpoint : std::uint8_t { together, after, before };
  std::string name = "projection";
  std::string store;     // the node of the event store
  std::string category;  // of streams; "": all
  ApplyEvent apply;
  Checkpoint checkpoint = Checkpoint::together;
  std::uint64_t checkpoint_every = 1;       // of `after`
  std::uint64_t batch = 100;                // events a read
  Duration time = Duration::zero();         // that an event takes
  Duration wait = std::chrono::seconds(5);  // how long a read of the store waits
  Duration retry = std::chrono::seconds(1);
  bool skip_errors = false;
  // Each event that took effect is recorded: "apply", key the name, value {id, stream, version}
  // (core/check/events.hpp).
  std::shared_ptr<History> history = {};
};

Filter make_projection(ProjectionOptions options);

}  // namespace syslab
