#include <fmt/format.h>

#include <algorithm>

#include "bindings/event/script_function.hpp"
#include "bindings/host/convert.hpp"
#include "bindings/host/lua_host.hpp"
#include "bindings/host/object.hpp"
#include "core/event/event_log.hpp"
#include "core/event/store.hpp"

namespace syslab {
namespace {

struct LabEventLog {
  EventLog log;
  Reducer reducer;
};

Value whole(std::uint64_t n) {
  return Value(static_cast<double>(n));
}

Param now_param() {
  return number("now", "the time in seconds; it does not run backwards")
      .at_least(0)
      .at_most(9e9)
      .optional("the last world's");
}
Param stream_param() {
  return string("stream", "its name; what stands before the first '-' is its category");
}
Param expected_param() {
  return any("expected", "the version the stream must have: a number, 'any', 'no_stream' or 'stream_exists'")
      .optional("'any'");
}

Instant time_of(lua_State* L, const Arguments& a, const EventLog& log) {
  const Instant now = Instant(from_seconds(a.number("now", LuaHost::of(L).seconds())));
  return log.size() == 0 ? now : std::max(now, log.at(log.size()).at);
}

ExpectedVersion expected_of(lua_State* L, const Arguments& a) {
  if (!a.has("expected")) return ExpectedVersion::any();
  const auto version = ExpectedVersion::parse(to_value(L, a.index_of("expected")));
  if (!version) a.reject("expected", version.error().message);
  return *version;
}

int push_appended(lua_State* L, const Expected<Appended>& done) {
  if (!done) return push_failure(L, done.error());
  push_value(L, Value::map({{"version", whole(done->version)},
                            {"position", whole(done->position)},
                            {"duplicate", done->duplicate}}));
  return 1;
}

int push_events(lua_State* L, const EventLog& log, const std::vector<const StoredEvent*>& events) {
  lua_createtable(L, static_cast<int>(events.size()), 0);
  for (std::size_t i = 0; i < events.size(); ++i) {
    push_value(L, log.describe(*events[i]));
    lua_rawseti(L, -2, static_cast<int>(i + 1));
  }
  return 1;
}

int append(lua_State* L, LabEventLog& l, Arguments& a) {
  auto events = new_events(to_value(L, a.index_of("events")));
  if (!events) a.reject("events", events.error().message);
  return push_appended(
      L, l.log.append(time_of(L, a, l.log), a.string("stream"), expected_of(L, a), std::move(*events)));
}

int read(lua_State* L, LabEventLog& l, Arguments& a) {
  const auto events = l.log.read(a.string("stream"), a.count("from", 0), a.count("max", SIZE_MAX),
                                 a.boolean("backwards", false));
  return events ? push_events(L, l.log, *events) : push_failure(L, events.error());
}

int read_all(lua_State* L, LabEventLog& l, Arguments& a) {
  const EventLog::Page page =
      l.log.read_all(a.count("from", 1), a.count("max", SIZE_MAX), a.string("category", ""));
  push_events(L, l.log, page.events);
  lua_pushnumber(L, static_cast<double>(page.next));
  return 2;
}

int version(lua_State* L, LabEventLog& l, Arguments& a) {
  lua_pushnumber(L, static_cast<double>(l.log.version(a.string("stream"))));
  return 1;
}

int count_events(lua_State* L, LabEventLog& l, Arguments&) {
  lua_pushnumber(L, static_cast<double>(l.log.size()));
  return 1;
}

int streams(lua_State* L, LabEventLog& l, Arguments&) {
  Value::List names;
  for (const std::string& name : l.log.streams()) names.emplace_back(name);
  push_value(L, Value::list(std::move(names)));
  return 1;
}

int remove(lua_State* L, LabEventLog& l, Arguments& a) {
  const auto done = l.log.remove(a.string("stream"), expected_of(L, a));
  if (!done) return push_failure(L, done.error());
  lua_pushboolean(L, 1);
  return 1;
}

std::optional<std::uint64_t> version_option(const Arguments& a) {
  return a.has("version") ? std::optional(a.count("version")) : std::nullopt;
}

int state(lua_State* L, LabEventLog& l, Arguments& a) {
  const auto folded =
      l.log.state(a.string("stream"), version_option(a), l.reducer, !a.boolean("replay", false));
  if (!folded) return push_failure(L, folded.error());
  push_value(L, folded->state);
  lua_pushnumber(L, static_cast<double>(folded->version));
  lua_pushnumber(L, static_cast<double>(folded->applied));
  return 3;
}

int diff(lua_State* L, LabEventLog& l, Arguments& a) {
  const std::string stream = a.string("stream");
  return push_result(L, l.log.diff(stream, a.count("from"), a.count("to", l.log.version(stream)), l.reducer));
}

int take_back(lua_State* L, LabEventLog& l, const Arguments& a, Expected<NewEvent> event) {
  if (!event) return push_failure(L, event.error());
  const std::string stream = a.string("stream");
  return push_appended(L, l.log.append(time_of(L, a, l.log), stream,
                                       ExpectedVersion::exactly(l.log.version(stream)), {std::move(*event)}));
}
int undo(lua_State* L, LabEventLog& l, Arguments& a) {
  return take_back(L, l, a, l.log.undo(a.string("stream"), a.count("version"), l.reducer));
}
int revert(lua_State* L, LabEventLog& l, Arguments& a) {
  return take_back(L, l, a, l.log.revert(a.string("stream"), a.count("version"), l.reducer));
}

int snapshot(lua_State* L, LabEventLog& l, Arguments& a) {
  const std::string stream = a.string("stream");
  const auto folded = l.log.state(stream, version_option(a), l.reducer);
  if (!folded) return push_failure(L, folded.error());
  const auto kept = l.log.put_snapshot(stream, folded->version, folded->state);
  if (!kept) return push_failure(L, kept.error());
  lua_pushnumber(L, static_cast<double>(folded->version));
  return 1;
}

const Type event_log{describe_type<LabEventLog>(
    "EventLog", "An append-only log of events in streams; states are folds over it.",
    {
        method<&append>(
            "append",
            {stream_param(), list("events", "{ { type =, data =, meta =, id = } }: all or none of them"),
             expected_param(), now_param()},
            "{ version =, position =, duplicate = } | nil, err",
            "Adds events to a stream; WrongExpectedVersion where somebody was faster."),
        method<&diff>("diff",
                      {stream_param(), count("from", "a version; 0 is before all events"),
                       count("to", "another").optional("the newest")},
                      "list | nil, err", "What changed between two versions: { path =, from =, to = }."),
        method<&read>("read",
                      {stream_param(), count("from", "the first version wanted").optional("1, or the last"),
                       count("max", "how many").optional("all"),
                       boolean("backwards", "the newest first").optional("false")},
                      "list | nil, err", "Events of a stream."),
        method<&read_all>(
            "read_all",
            {count("from", "the first position wanted").optional("1"),
             count("max", "how many").optional("all"),
             string("category", "only of streams whose names begin so, with a '-'").optional("all")},
            "list, next", "Events of all streams in the order in which they came."),
        method<&remove>("remove", {stream_param(), expected_param()}, "true | nil, err",
                        "Ends a stream for good: StreamDeleted from then on."),
        method<&revert>("revert", {stream_param(), count("version", "the state to go back to"), now_param()},
                        "{ version =, position = } | nil, err",
                        "Appends the event that makes the state what it was at a version."),
        method<&count_events>("size", std::vector<Param>{}, "number", "How many events there are."),
        method<&snapshot>("snapshot",
                          {stream_param(), count("version", "of the state").optional("the newest")},
                          "version | nil, err", "Keeps a state, so that later folds begin there."),
        method<&state>(
            "state",
            {stream_param(), count("version", "after that many events").optional("the newest"),
             boolean("replay", "from the first event on, whatever snapshots there are").optional("false")},
            "state, version, applied | nil, err", "The fold of the events; `applied` is how many that took."),
        method<&streams>("streams", std::vector<Param>{}, "list",
                         "The names of the streams, the oldest first."),
        method<&undo>(
            "undo", {stream_param(), count("version", "of the event").at_least(1), now_param()},
            "{ version =, position = } | nil, err",
            "Appends the event that takes one event back; conflict where a later one changed the same."),
        method<&version>("version", {stream_param()}, "number", "How many events the stream has."),
    },
    [](lua_State* L, int index) {
      const EventLog& log = object_at<LabEventLog>(L, index)->log;
      return fmt::format("events={}, streams={}", log.size(), log.streams().size());
    })};

const Component log{{
    .name = "event.log",
    .summary = "An event log: append with an expected version, read, fold to a state at any version, "
               "snapshot, compare "
               "versions, take back by a compensating event.",
    .params = {function("apply", "(state, event) -> state; events have type, data, version, stream ...")
                   .optional("puts the data over the state"),
               size("append_max", "bytes of one append").at_least(1).optional("1 MiB")},
    .returns = "EventLog",
    .cost = "O(1) an append; a state O(events since the snapshot)",
    .paper = "Fowler, Event Sourcing, 2005; KurrentDB's expected versions and errors",
    .example = R"(
local log = lab.event.log{ apply = function(state, event)
  state.balance = (state.balance or 0) + event.data.amount
  return state
end }
log:append("account-1", { { type = "Paid", data = { amount = 50 } } }, { expected = 0 })
local _, err = log:append("account-1", { { type = "Paid", data = { amount = 9 } } }, { expected = 0 })
log:append("account-1", { { type = "Drawn", data = { amount = -20 } } }, { expected = 1 })
local change = log:diff("account-1", 1, 2)[1]
log:undo("account-1", 2)
return err.code == "WrongExpectedVersion" and change.from == 50 and change.to == 30
  and log:state("account-1").balance == 50 and log:state("account-1", { version = 2 }).balance == 30)",
    .make =
        [](lua_State* L, Arguments& a) {
          Reducer reducer = function_option<Reducer>(L, a, "apply");
          if (!reducer) reducer = merge_reducer;
          return push(L,
                      std::make_shared<LabEventLog>(LabEventLog{
                          EventLog(a.count("append_max", EventLog::kAppendBytesMax)), std::move(reducer)}));
        },
}};

}  // namespace
}  // namespace syslab
