// Event store: a service that keeps an EventLog on its node's disk and tells subscribers of what is new.
//
// A filter: the service inside says what a request costs. An append is answered when it is durable, and
// nobody is shown an event before that, so what was read once is never taken back by a crash. Requests, as
// maps:
//
//   append       {stream, events = {{type, data, meta, id}}, expected}  -> {version, position, duplicate}
//   read         {stream, from, max, backwards}                         -> list of events
//   read_all     {from, max, category, wait}                            -> {events, next, head}
//                where there is nothing to read it waits up to `wait` seconds: catch-up and live reading are
//                one request in a loop
//   remove       {stream, expected}                                     -> true
//   streams      {}                                                     -> list of names
//   state        {stream, version, replay}                              -> {state, version, applied}
//   diff         {stream, from, to}                                     -> list of changes
//   undo, revert {stream, version}                                      -> as append
//                these four only where the store was given a reducer
//   snapshot     {stream, version, state}                               -> {version}; without a state: the
//                store's own fold
//   load         {stream, at_most}                                      -> {version, state}: the snapshot
//   subscribe    {to, from, category, name, timeout, retries, wait}     -> {next, name}
//                every event from position `from` (1) on is sent to the node `to` as {type = "event", event,
//                subscription, attempt}, one after the other. Without a name the subscription ends with the
//                process. With one it is kept, continues after a crash where it was acknowledged, and `from`
//                counts only the first time
//   unsubscribe, parked, replay_parked  {name}                          -> true; list of events; how many
//
// A delivery is acknowledged by an answer. A failure is repeated after `wait` (1 s), at most `retries` times
// (10) and then parked, so that a poisonous event holds up nobody for ever; that the node is down does not
// count. An answer that is lost means that the event comes again: at least once. The numbers are those of
// KurrentDB's persistent subscriptions (message timeout 30 s, 10 retries).
//
// Cost: a write and a sync a group of appends; a subscription a call an event.
#pragma once

#include <memory>

#include "core/event/event_log.hpp"
#include "core/observe/history.hpp"
#include "core/runtime/service.hpp"

namespace syslab {

struct StoreOptions {
  Reducer reducer = nullptr;
  std::uint64_t snapshot_every = 0;  // of a stream, in events; 0: only when asked. Needs the reducer
  std::size_t append_bytes_max = EventLog::kAppendBytesMax;
  std::size_t read_max = 4096;
  // Each append is recorded: "publish", key the stream, value {ids} (core/check/events.hpp).
  std::shared_ptr<History> history = {};
};

Filter make_event_store(StoreOptions options);

// The events of an append request. Errors: InvalidArgument.
Expected<std::vector<NewEvent>> new_events(const Value& list);

}  // namespace syslab
