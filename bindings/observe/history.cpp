#include "core/observe/history.hpp"

#include <fmt/format.h>

#include <fstream>
#include <sstream>

#include "bindings/host/convert.hpp"
#include "bindings/host/object.hpp"

namespace syslab {
namespace {

// An event as scripts write it: { process = 1, type = "invoke", f = "read", key = "x", value = 4, time = 0.25
// }.
Event event_from(const Value& table) {
  if (!table.is_map())
    throw ScriptError("an event is a table such as { process = 1, type = 'invoke', f = 'read' }");
  Event event;
  for (const auto& [name, given] : table.map()) {
    if (name == "process") {
      if (!given.is_number() || !(given.number() > -0x1p53 && given.number() < 0x1p53) ||
          given.number() != static_cast<double>(static_cast<std::int64_t>(given.number()))) {
        throw ScriptError("the process of an event is a whole number, got " + given.json());
      }
      event.process = static_cast<std::int64_t>(given.number());
    } else if (name == "type") {
      bool known = false;
      for (const auto type : {Event::Type::invoke, Event::Type::ok, Event::Type::fail, Event::Type::info}) {
        if (!given.is_string() || given.string() != to_string(type)) continue;
        event.type = type;
        known = true;
      }
      if (!known) throw ScriptError("the type of an event is invoke, ok, fail or info, got " + given.json());
    } else if (name == "f") {
      if (!given.is_string() || given.string().empty()) {
        throw ScriptError("the f of an event is the name of an operation, got " + given.json());
      }
      event.f = std::string(given.string());
    } else if (name == "key") {
      event.key = given;
    } else if (name == "value") {
      event.value = given;
    } else if (name == "time") {
      if (!given.is_number() || given.number() != given.number()) {
        throw ScriptError("the time of an event is a number of seconds, got " + given.json());
      }
      event.time = Instant(from_seconds(given.number()));
    } else if (name == "node" || name == "error") {
      if (!given.is_string())
        throw ScriptError("the " + name + " of an event is a string, got " + given.json());
      (name == "node" ? event.node : event.error) = given;
    } else {
      throw ScriptError("an event has no '" + name +
                        "': it has process, type, f, key, value, time, node and error");
    }
  }
  if (table["process"].is_nil() || table["type"].is_nil() || table["f"].is_nil()) {
    throw ScriptError("an event needs process, type and f");
  }
  return event;
}

void append_event(History& history, const Value& table) {
  const auto added = history.append(event_from(table));
  if (!added) throw ScriptError(added.error().message);
}

void push_event(lua_State* L, const Event& event) {
  lua_createtable(L, 0, 8);
  lua_pushnumber(L, static_cast<double>(event.process));
  lua_setfield(L, -2, "process");
  const std::string_view type = to_string(event.type);
  lua_pushlstring(L, type.data(), type.size());
  lua_setfield(L, -2, "type");
  lua_pushlstring(L, event.f.data(), event.f.size());
  lua_setfield(L, -2, "f");
  for (const auto& [name, value] : {std::pair{"key", &event.key},
                                    {"value", &event.value},
                                    {"node", &event.node},
                                    {"error", &event.error}}) {
    push_value(L, *value);
    lua_setfield(L, -2, name);
  }
  if (event.time) {
    lua_pushnumber(L, to_seconds(*event.time));
    lua_setfield(L, -2, "time");
  }
}

int append(lua_State* L, History& history) {
  append_event(history, to_value(L, 2));
  lua_pushvalue(L, 1);
  return 1;
}

int events(lua_State* L, History& history) {
  lua_createtable(L, static_cast<int>(history.size()), 0);
  for (std::size_t i = 0; i < history.size(); ++i) {
    push_event(L, history.events()[i]);
    lua_rawseti(L, -2, static_cast<int>(i + 1));
  }
  return 1;
}

int count_events(lua_State* L, History& history) {
  lua_pushnumber(L, static_cast<double>(history.size()));
  return 1;
}

int jsonl(lua_State* L, History& history) {
  std::ostringstream out;
  history.write_jsonl(out);
  const std::string text = out.str();
  lua_pushlstring(L, text.data(), text.size());
  return 1;
}

int save(lua_State* L, History& history) {
  const std::string path(string_argument(L, 2, "file"));
  std::ofstream out(path, std::ios::binary);
  history.write_jsonl(out);
  out.flush();
  if (!out) return push_failure(L, make_error("io_error", fmt::format("cannot write {}", path)));
  return count_events(L, history);
}

const Type history_type{describe_type<History>(
    "History", "What clients asked of a system and what came of it: invocations and completions, in order.",
    {
        method<&append>(
            "append", "(event) -> self",
            "Adds { process =, type =, f =, key =, value =, time = }: an invoke, or the ok, fail or info "
            "that ends it."),
        method<&count_events>("count", "() -> number", "How many events it has."),
        method<&events>("events", "() -> list", "A table for each event; times in seconds."),
        method<&jsonl>("jsonl", "() -> string", "One line of JSON for each event; times in nanoseconds."),
        method<&save>("save", "(file) -> events | nil, err", "Writes the JSON lines, for `syslab check`."),
    },
    [](lua_State* L, int index) -> std::string {
      const History* h = object_at<History>(L, index);
      return fmt::format("{} events, {} operations", h->size(), h->ops().size());
    })};

const Component history_component{{
    .name = "history",
    .summary = "A history of operations: from a file, from a list of events, or empty, to be appended to.",
    .params =
        {list("events", "tables such as { process = 1, type = 'invoke', f = 'read' }").optional("none"),
         string("file", "JSON lines, a Jepsen log or EDN; told apart by what is in it").optional("none")},
    .returns = "History | nil, err",
    .cost = "O(1) an event",
    .example = R"(
local h = lab.history()
h:append{ process = 1, type = "invoke", f = "write", value = 4, time = 0.1 }
h:append{ process = 1, type = "ok", f = "write", time = 0.2 }
return h:count() == 2 and h:events()[1].value == 4)",
    .make = [](lua_State* L, Arguments& a) -> int {
      auto history = std::make_shared<History>();
      if (a.has("file")) {
        if (a.has("events")) a.reject("file", "give a file or events, not both");
        auto read = History::load(a.string("file"));
        if (!read) return push_failure(L, read.error());
        *history = std::move(*read);
      }
      if (const int events = a.index_of("events"); events != 0) {
        const Value all = to_value(L, events);
        for (std::size_t i = 0; i < all.list().size(); ++i) {
          try {
            append_event(*history, all.list()[i]);
          } catch (const ScriptError& e) {
            a.reject("events", fmt::format("event {}: {}", i + 1, e.what()));
          }
        }
      }
      return push(L, history);
    },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
