#include "core/event/event_log.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/assert.hpp"
#include "core/event/changes.hpp"

namespace syslab {
namespace {

Error refused(std::string_view code, std::string message) {
  return Error{std::string(code), std::move(message), true};
}

Error wrong_version(const std::string& stream, ExpectedVersion expected, std::uint64_t actual) {
  return refused(
      "WrongExpectedVersion",
      fmt::format("Append failed due to WrongExpectedVersion. Stream: {}, Expected version: {}, Actual "
                  "version: {}",
                  stream, expected.text(), actual));
}

Error deleted(const std::string& stream) {
  return refused("StreamDeleted", fmt::format("Event stream '{}' is deleted.", stream));
}

Error absent(const std::string& stream) {
  return refused("StreamNotFound", fmt::format("Event stream '{}' is not found.", stream));
}

bool is_version(const Value& value) {
  return value.is_number() && value.number() >= 0 && value.number() <= 0x1p53 &&
         value.number() == static_cast<double>(static_cast<std::uint64_t>(value.number()));
}

bool allows(ExpectedVersion expected, std::uint64_t actual) {
  switch (expected.kind) {
    case ExpectedVersion::Kind::any:
      return true;
    case ExpectedVersion::Kind::exists:
      return actual > 0;
    case ExpectedVersion::Kind::exact:
      return actual == expected.version;
  }
  return false;
}

}  // namespace

Expected<ExpectedVersion> ExpectedVersion::parse(const Value& value) {
  if (value.is_nil() || value == Value("any")) return any();
  if (value == Value("no_stream")) return exactly(0);
  if (value == Value("stream_exists")) return exists();
  if (is_version(value)) return exactly(static_cast<std::uint64_t>(value.number()));
  return refused("InvalidArgument",
                 "the expected version is 'any', 'no_stream', 'stream_exists' or a whole number, "
                 "not " +
                     value.json());
}

std::string ExpectedVersion::text() const {
  return kind == Kind::any ? "Any" : kind == Kind::exists ? "StreamExists" : std::to_string(version);
}

const EventLog::Stream* EventLog::find(const std::string& stream) const {
  const auto found = by_name_.find(stream);
  return found == by_name_.end() ? nullptr : &streams_[found->second];
}

Expected<const EventLog::Stream*> EventLog::open(const std::string& stream) const {
  const Stream* found = find(stream);
  if (found != nullptr && found->removed) return deleted(stream);
  if (found == nullptr || found->positions.empty()) return absent(stream);
  return found;
}

// The earlier append of the same events, if this is a repetition of it; an error if it is one only in part.
Expected<std::optional<Appended>> EventLog::repeated(const Stream& stream, ExpectedVersion expected,
                                                     const std::vector<NewEvent>& events) const {
  const auto known = [&](const NewEvent& e) { return !e.id.empty() && stream.ids.contains(e.id); };
  const bool exact = expected.kind == ExpectedVersion::Kind::exact;
  if (!exact && std::none_of(events.begin(), events.end(), known)) return std::optional<Appended>();
  const std::uint64_t first = exact                   ? expected.version + 1
                              : known(events.front()) ? stream.ids.at(events.front().id)
                                                      : stream.positions.size() + 1;
  bool same = first + events.size() - 1 <= stream.positions.size();
  for (std::size_t i = 0; same && i < events.size(); ++i) {
    same = !events[i].id.empty() && events[i].id == at(stream.positions[first - 1 + i]).id;
  }
  if (same) {
    const std::uint64_t last = first + events.size() - 1;
    return std::optional(Appended{last, stream.positions[last - 1], true});
  }
  if (exact) return std::optional<Appended>();
  return wrong_version(stream.name, expected, stream.positions.size());
}

Expected<Appended> EventLog::append(Instant now, const std::string& stream, ExpectedVersion expected,
                                    std::vector<NewEvent> events) {
  if (stream.empty()) return refused("InvalidArgument", "a stream has a name");
  if (events.empty()) return refused("InvalidArgument", "an append has at least one event");
  std::size_t bytes = 0;
  for (const NewEvent& e : events) {
    if (e.type.empty()) return refused("InvalidArgument", "an event has a type");
    bytes += e.type.size() + e.id.size() + e.data.size_bytes() + e.meta.size_bytes();
  }
  if (bytes > append_bytes_max_) {
    return refused("MaximumAppendSizeExceeded",
                   fmt::format("Maximum Append Size of {} Exceeded.", append_bytes_max_));
  }
  auto found = by_name_.find(stream);
  const std::uint64_t actual = found == by_name_.end() ? 0 : streams_[found->second].positions.size();
  if (found != by_name_.end()) {
    const Stream& s = streams_[found->second];
    if (s.removed) return deleted(stream);
    const auto before = repeated(s, expected, events);
    if (!before) return before.error();
    if (*before) return **before;
  }
  if (!allows(expected, actual)) return wrong_version(stream, expected, actual);
  if (found == by_name_.end()) {
    found = by_name_.emplace(stream, static_cast<std::uint32_t>(streams_.size())).first;
    streams_.push_back({stream, {}});
  }
  Stream& s = streams_[found->second];
  for (NewEvent& e : events) {
    const std::uint64_t position = events_.size() + 1;
    s.positions.push_back(position);
    if (!e.id.empty()) s.ids.emplace(e.id, s.positions.size());
    events_.push_back({found->second, s.positions.size(), position, now, std::move(e.type), std::move(e.data),
                       std::move(e.meta), std::move(e.id)});
  }
  return Appended{s.positions.size(), events_.size(), false};
}

Expected<bool> EventLog::remove(const std::string& stream, ExpectedVersion expected) {
  const auto found = open(stream);
  if (!found) return found.error();
  if (!allows(expected, (*found)->positions.size())) {
    return wrong_version(stream, expected, (*found)->positions.size());
  }
  streams_[by_name_.at(stream)].removed = true;
  return true;
}

std::uint64_t EventLog::version(const std::string& stream) const {
  const Stream* found = find(stream);
  return found == nullptr ? 0 : found->positions.size();
}

bool EventLog::removed(const std::string& stream) const {
  const Stream* found = find(stream);
  return found != nullptr && found->removed;
}

std::vector<std::string> EventLog::streams() const {
  std::vector<std::string> names;
  for (const Stream& s : streams_) {
    if (!s.positions.empty()) names.push_back(s.name);
  }
  return names;
}

Value EventLog::describe(const StoredEvent& e) const {
  const std::string& stream = name_of(e);
  Value::Map map = {{"stream", stream},
                    {"version", static_cast<double>(e.version)},
                    {"position", static_cast<double>(e.position)},
                    {"type", e.type},
                    {"id", e.id.empty() ? fmt::format("{}@{}", stream, e.version) : e.id},
                    {"time", to_seconds(e.at)}};
  if (!e.data.is_nil()) map.emplace_back("data", e.data);
  if (!e.meta.is_nil()) map.emplace_back("meta", e.meta);
  return Value::map(std::move(map));
}

Expected<std::vector<const StoredEvent*>> EventLog::read(const std::string& stream, std::uint64_t from,
                                                         std::size_t max, bool backwards) const {
  const auto found = open(stream);
  if (!found) return found.error();
  const auto& positions = (*found)->positions;
  std::vector<const StoredEvent*> events;
  if (backwards) {
    std::uint64_t v = from == 0 ? positions.size() : std::min<std::uint64_t>(from, positions.size());
    for (; v >= 1 && events.size() < max; --v) events.push_back(&at(positions[v - 1]));
  } else {
    for (std::uint64_t v = std::max<std::uint64_t>(from, 1); v <= positions.size() && events.size() < max;
         ++v) {
      events.push_back(&at(positions[v - 1]));
    }
  }
  return events;
}

EventLog::Page EventLog::read_all(std::uint64_t from, std::size_t max, std::string_view category,
                                  std::uint64_t last) const {
  Page page;
  page.next = std::max<std::uint64_t>(from, 1);
  last = std::min<std::uint64_t>(last, events_.size());
  for (; page.next <= last && page.events.size() < max; ++page.next) {
    const StoredEvent& e = at(page.next);
    if (!category.empty()) {
      const std::string& name = name_of(e);
      if (name.size() <= category.size() || name[category.size()] != '-' || !name.starts_with(category))
        continue;
    }
    page.events.push_back(&e);
  }
  return page;
}

Expected<bool> EventLog::put_snapshot(const std::string& stream, std::uint64_t version, Value state) {
  const auto found = open(stream);
  if (!found) return found.error();
  if (version > (*found)->positions.size()) {
    return refused("InvalidArgument",
                   fmt::format("the stream '{}' has {} events, so there is no state at version {}", stream,
                               (*found)->positions.size(), version));
  }
  streams_[by_name_.at(stream)].snapshots[version] = std::move(state);
  return true;
}

EventLog::Snapshot EventLog::snapshot(const std::string& stream, std::uint64_t at_most) const {
  const Stream* found = find(stream);
  if (found != nullptr) {
    auto after = found->snapshots.upper_bound(at_most);
    if (after != found->snapshots.begin()) {
      --after;
      return {after->first, after->second};
    }
  }
  return {0, Value::map({})};
}

Expected<EventLog::Folded> EventLog::state(const std::string& stream, std::optional<std::uint64_t> version,
                                           const Reducer& reducer, bool use_snapshots) const {
  const auto found = open(stream);
  if (!found) return found.error();
  const auto& positions = (*found)->positions;
  const std::uint64_t to = version.value_or(positions.size());
  if (to > positions.size()) {
    return refused("InvalidArgument", fmt::format("the stream '{}' has {} events, so there is no version {}",
                                                  stream, positions.size(), to));
  }
  const Snapshot start = use_snapshots ? snapshot(stream, to) : Snapshot{0, Value::map({})};
  Folded folded{start.state, to, to - start.version};
  for (std::uint64_t v = start.version + 1; v <= to; ++v) {
    const StoredEvent& e = at(positions[v - 1]);
    auto next = e.type == kReverted ? apply_changes(folded.state, e.data["changes"])
                                    : reducer(folded.state, describe(e));
    if (!next) return next.error();
    folded.state = std::move(*next);
  }
  return folded;
}

Expected<Value> EventLog::diff(const std::string& stream, std::uint64_t from, std::uint64_t to,
                               const Reducer& reducer) const {
  const auto a = state(stream, from, reducer);
  if (!a) return a.error();
  const auto b = state(stream, to, reducer);
  if (!b) return b.error();
  return changes_between(a->state, b->state);
}

Expected<NewEvent> EventLog::reverting(const Value& changes, Value why) const {
  return NewEvent{kReverted, why.with("changes", changes), {}, {}};
}

Expected<NewEvent> EventLog::undo(const std::string& stream, std::uint64_t version,
                                  const Reducer& reducer) const {
  if (version == 0) return refused("InvalidArgument", "the first event has version 1");
  const auto done = diff(stream, version - 1, version, reducer);
  if (!done) return done.error();
  const auto now = state(stream, std::nullopt, reducer);
  if (!now) return now.error();
  const Value back = inverse_changes(*done);
  if (const auto after = apply_changes(now->state, back); !after) return after.error();
  return reverting(back, Value::map({{"undoes", static_cast<double>(version)}}));
}

Expected<NewEvent> EventLog::revert(const std::string& stream, std::uint64_t version,
                                    const Reducer& reducer) const {
  const auto back = diff(stream, this->version(stream), version, reducer);
  if (!back) return back.error();
  return reverting(*back, Value::map({{"to", static_cast<double>(version)}}));
}

void EventLog::check_invariants() const {
  std::vector<std::uint64_t> seen(streams_.size(), 0);
  for (std::size_t i = 0; i < events_.size(); ++i) {
    const StoredEvent& e = events_[i];
    SYSLAB_ASSERT(e.position == i + 1);
    SYSLAB_ASSERT(e.version == ++seen[e.stream]);
    SYSLAB_ASSERT(streams_[e.stream].positions[e.version - 1] == e.position);
    SYSLAB_ASSERT(i == 0 || events_[i - 1].at <= e.at);
    if (!e.id.empty()) SYSLAB_ASSERT(streams_[e.stream].ids.at(e.id) <= e.version);
  }
  for (std::size_t s = 0; s < streams_.size(); ++s) {
    SYSLAB_ASSERT(streams_[s].positions.size() == seen[s]);
    SYSLAB_ASSERT(by_name_.at(streams_[s].name) == s);
  }
}

Expected<Value> merge_reducer(const Value& state, const Value& event) {
  Value next = state.is_map() ? state : Value::map({});
  if (event["data"].is_map()) {
    for (const auto& [key, value] : event["data"].map()) next = next.with(key, value);
  }
  return next;
}

}  // namespace syslab
