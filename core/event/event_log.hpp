// EventLog: an append-only log of events in streams, with optimistic concurrency; a state is a fold over it.
//
// Every event has a place in its stream (version 1, 2, 3 ...: the stream's version is how many events it has)
// and one in the whole log (position 1, 2, 3 ...). An append says which version it expects, and adds all of
// its events or none. Events are never changed: what was wrong is taken back by another event.
//
//   expected     any; exists (at least one event); or exactly n, where 0 says that there is no stream yet
//   again        an append whose events have ids and are there already, at the place where they would go,
//                is answered as it was the first time and adds nothing. With `any` they may be anywhere in
//                the stream, in a row; if only some of them are there, it is refused. Exactly the stream's
//                version always adds (KurrentDB's rules; tests/event/event_log_test.cpp has its table)
//   removed      a removed stream says StreamDeleted for ever; its events stay in the log
//
// Errors, by the names and texts of KurrentDB (EventStoreDB): WrongExpectedVersion, StreamDeleted,
// StreamNotFound, MaximumAppendSizeExceeded; InvalidArgument. All are definite. KurrentDB numbers the events
// of a stream from 0 and calls the number of the last one the version; ours are one higher, so that version 0
// is the state before all events.
//
// A state is a fold: reducer(state, event) -> state, from an empty map on, or from the newest snapshot that
// is not newer than the version asked for. An event of the type "Reverted" is not given to the reducer: it
// holds changes (core/event/changes.hpp), and those are applied.
//
// Cost: an append O(1) an event, about 130 bytes and its data; a read O(events read); a state O(events since
// the snapshot).
// Sources: Fowler, "Event Sourcing" (2005); Helland, "Immutability changes everything" (CIDR 2015).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/base/value.hpp"

namespace syslab {

struct NewEvent {
  std::string type;
  Value data = {};
  Value meta = {};
  std::string id = {};  // the client's; "": STREAM@VERSION
};

struct StoredEvent {
  std::uint32_t stream = 0;  // EventLog::name_of
  std::uint64_t version = 0;
  std::uint64_t position = 0;
  Instant at;
  std::string type;
  Value data;
  Value meta;
  std::string id;  // "" where the client gave none
};

struct ExpectedVersion {
  enum class Kind : std::uint8_t { any, exists, exact };
  Kind kind = Kind::any;
  std::uint64_t version = 0;
  static ExpectedVersion any() { return {}; }
  static ExpectedVersion exists() { return {Kind::exists, 0}; }
  static ExpectedVersion exactly(std::uint64_t version) { return {Kind::exact, version}; }
  // nil: any; "any", "no_stream", "stream_exists", or a whole number. Errors: InvalidArgument.
  static Expected<ExpectedVersion> parse(const Value& value);
  std::string text() const;
};

struct Appended {
  std::uint64_t version = 0;   // of the stream, after the last of these events
  std::uint64_t position = 0;  // of the last of them
  bool duplicate = false;      // they were there already
};

using Reducer = std::function<Expected<Value>(const Value& state, const Value& event)>;

class EventLog {
 public:
  static constexpr std::size_t kAppendBytesMax = std::size_t{1} << 20;  // KurrentDB's MaxAppendSize
  static constexpr const char* kReverted = "Reverted";

  explicit EventLog(std::size_t append_bytes_max = kAppendBytesMax) : append_bytes_max_(append_bytes_max) {}

  // Requires: `now` >= that of every earlier append.
  Expected<Appended> append(Instant now, const std::string& stream, ExpectedVersion expected,
                            std::vector<NewEvent> events);
  // Errors: WrongExpectedVersion, StreamNotFound, StreamDeleted.
  Expected<bool> remove(const std::string& stream, ExpectedVersion expected);

  // How many events the stream has; 0 where there is none. Also of a removed stream.
  std::uint64_t version(const std::string& stream) const;
  // How many events the log has; the newest has this position.
  std::uint64_t size() const { return events_.size(); }
  bool removed(const std::string& stream) const;
  std::vector<std::string> streams() const;  // in order of their first events
  const std::string& name_of(const StoredEvent& event) const { return streams_[event.stream].name; }
  // Requires: 1 <= position <= size().
  const StoredEvent& at(std::uint64_t position) const { return events_[position - 1]; }
  // {stream, version, position, type, data, meta, id, time}: what travels, and what reducers see.
  Value describe(const StoredEvent& event) const;

  // Up to `max` events from version `from` on (backwards: from there down; 0 is the last one).
  // Errors: StreamNotFound, StreamDeleted.
  Expected<std::vector<const StoredEvent*>> read(const std::string& stream, std::uint64_t from,
                                                 std::size_t max, bool backwards = false) const;
  // Up to `max` events from position `from` on and not beyond `last`; of a category ("order": streams
  // order-...) only those of its streams. `next` is where to read on.
  struct Page {
    std::vector<const StoredEvent*> events;
    std::uint64_t next = 1;
  };
  Page read_all(std::uint64_t from, std::size_t max, std::string_view category = {},
                std::uint64_t last = UINT64_MAX) const;

  // Keeps a state of the stream for later folds. Errors: StreamNotFound, StreamDeleted; InvalidArgument where
  // the version is beyond the stream's end.
  Expected<bool> put_snapshot(const std::string& stream, std::uint64_t version, Value state);
  struct Snapshot {
    std::uint64_t version;
    Value state;
  };
  // The newest that is not newer than `at_most`; none: the empty state at version 0.
  Snapshot snapshot(const std::string& stream, std::uint64_t at_most = UINT64_MAX) const;

  struct Folded {
    Value state;
    std::uint64_t version = 0;
    std::uint64_t applied = 0;  // how many events were folded, after the snapshot
  };
  // Errors: StreamNotFound, StreamDeleted; InvalidArgument for a version beyond the end; what the reducer
  // says.
  Expected<Folded> state(const std::string& stream, std::optional<std::uint64_t> version,
                         const Reducer& reducer, bool use_snapshots = true) const;
  // The changes between two versions of the stream, in either direction.
  Expected<Value> diff(const std::string& stream, std::uint64_t from, std::uint64_t to,
                       const Reducer& reducer) const;
  // The event that takes back what event `version` did, to be appended. Errors also: conflict where something
  // later changed the same.
  Expected<NewEvent> undo(const std::string& stream, std::uint64_t version, const Reducer& reducer) const;
  // The event that brings the state back to what it was at `version`.
  Expected<NewEvent> revert(const std::string& stream, std::uint64_t version, const Reducer& reducer) const;

  // Versions and positions have no gaps, ids lead to their events. Asserts.
  void check_invariants() const;

 private:
  struct Stream {
    std::string name;
    std::vector<std::uint64_t> positions;                     // of its events, by version
    std::unordered_map<std::string, std::uint64_t> ids = {};  // of clients, to first versions; only looked up
    std::map<std::uint64_t, Value> snapshots = {};
    bool removed = false;
  };
  const Stream* find(const std::string& stream) const;
  Expected<const Stream*> open(const std::string& stream) const;
  Expected<std::optional<Appended>> repeated(const Stream& stream, ExpectedVersion expected,
                                             const std::vector<NewEvent>& events) const;
  Expected<NewEvent> reverting(const Value& changes, Value why) const;

  std::size_t append_bytes_max_;
  std::vector<Stream> streams_;
  std::unordered_map<std::string, std::uint32_t> by_name_;  // only looked up
  std::deque<StoredEvent> events_;  // a vector would copy a million of them when it grows
};

// The reducer that needs no code: the data of an event, a map, is put over the state, key by key.
Expected<Value> merge_reducer(const Value& state, const Value& event);

}  // namespace syslab
