#include "bindings/replicate/crdt.hpp"

#include <fmt/format.h>

#include "bindings/host/convert.hpp"

namespace syslab {
namespace {

int push_applied(lua_State* L, Crdt& crdt, const Value& operation) {
  const Expected<Value> delta = crdt.apply(operation);
  if (!delta) throw ScriptError(delta.error().message);
  push_value(L, *delta);
  return 1;
}

// The arguments as an operation: absent ones are left out.
int apply_named(lua_State* L, Crdt& crdt, const char* op, const Arguments& a,
                std::initializer_list<const char*> names) {
  Value::Map operation = {{"op", op}};
  for (const char* name : names) {
    if (a.has(name)) operation.emplace_back(name, a.value(name));
  }
  return push_applied(L, crdt, Value::map(std::move(operation)));
}

int add(lua_State* L, Crdt& c, Arguments& a) {
  return apply_named(L, c, "add", a, {"value"});
}
int decrement(lua_State* L, Crdt& c, Arguments& a) {
  return apply_named(L, c, "decrement", a, {"by"});
}
int erase(lua_State* L, Crdt& c, Arguments& a) {
  return apply_named(L, c, "delete", a, {"at", "count"});
}
int increment(lua_State* L, Crdt& c, Arguments& a) {
  return apply_named(L, c, "increment", a, {"by"});
}
int insert(lua_State* L, Crdt& c, Arguments& a) {
  return apply_named(L, c, "insert", a, {"at", "text"});
}
int put(lua_State* L, Crdt& c, Arguments& a) {
  return apply_named(L, c, "put", a, {"field", "value", "time"});
}
int set(lua_State* L, Crdt& c, Arguments& a) {
  return apply_named(L, c, "set", a, {"value", "time"});
}
// An operation is a table, which would be taken for the option table; so it reads its argument itself, as
// merge does.
int apply(lua_State* L, Crdt& c) {
  return push_applied(L, c, to_value(L, 2));
}

// A field of a map, an element of a set: whichever this one has.
int remove(lua_State* L, Crdt& c, Arguments& a) {
  const Value what = a.value("what");
  Value::Map operation = {{"op", "remove"}, {c.name().ends_with("_map") ? "field" : "value", what}};
  if (a.has("time")) operation.emplace_back("time", a.value("time"));
  return push_applied(L, c, Value::map(std::move(operation)));
}

int merge(lua_State* L, Crdt& crdt) {
  Value state;
  if (const Crdt* other = object_at<Crdt>(L, 2)) {
    if (other->name() != crdt.name()) {
      throw ScriptError(fmt::format("a {} does not merge with a {}", crdt.name(), other->name()));
    }
    state = other->state();
  } else {
    state = to_value(L, 2);
  }
  const Expected<bool> news = crdt.merge(state);
  if (!news) throw ScriptError(news.error().message);
  lua_pushboolean(L, *news);
  return 1;
}

int value(lua_State* L, Crdt& crdt) {
  push_value(L, crdt.value());
  return 1;
}

int delta(lua_State* L, Crdt& crdt, Arguments& a) {
  push_value(L, crdt.delta_since(a.count("since", 0)));
  return 1;
}

int state(lua_State* L, Crdt& crdt) {
  push_value(L, crdt.state());
  return 1;
}

int version(lua_State* L, Crdt& crdt) {
  lua_pushnumber(L, static_cast<double>(crdt.version()));
  return 1;
}

int size_bytes(lua_State* L, Crdt& crdt) {
  lua_pushnumber(L, static_cast<double>(crdt.size_bytes()));
  lua_pushnumber(L, static_cast<double>(crdt.value().size_bytes()));
  return 2;
}

const Param by = count("by", "how much").optional("1");
const Param time_of_write = number("time", "the later one stays; of a last-write-wins type")
                                .optional("one more than the latest that is known");

const Type crdt{describe_type<Crdt>(
    "Crdt",
    "A replicated data type: every copy changes at once, and copies that know the same changes have the same "
    "value. Operations return their delta, which other copies merge.",
    {
        method<&add>("add", {syslab::value("value", "the element")}, "delta", "Adds to a set."),
        method<&apply>("apply", "(operation) -> delta",
                       "Does an operation, given as a table such as { op = 'add', value = 1 }."),
        method<&decrement>("decrement", {by}, "delta", "Takes off a pn_counter."),
        method<&erase>("delete",
                       {count("at", "the first character's place, from 1").at_least(1),
                        count("count", "how many characters").optional("1")},
                       "delta", "Deletes from a text."),
        method<&delta>("delta", {count("since", "a version of this copy").optional("0: everything")}, "delta",
                       "What changed here after that version."),
        method<&increment>("increment", {by}, "delta", "Counts."),
        method<&insert>("insert",
                        {count("at", "the place that its first character will have").at_least(1),
                         string("text", "what is typed")},
                        "delta", "Types into a text."),
        method<&merge>("merge", "(other) -> boolean",
                       "Joins what others did: another copy, its state, or a delta. Whether it was news."),
        method<&put>(
            "put", {string("field", "the field's name"), syslab::value("value", "its value"), time_of_write},
            "delta", "Puts into a map."),
        method<&remove>("remove",
                        {syslab::value("what", "an element of a set, a field of a map"), time_of_write},
                        "delta", "Removes from a set or a map."),
        method<&set>("set", {syslab::value("value", "its value"), time_of_write}, "delta",
                     "Writes a register."),
        method<&size_bytes>("size_bytes", "() -> number, number",
                            "Bytes of the state on the wire, and of the value alone: the rest is metadata."),
        method<&state>("state", "() -> value", "Everything, as other copies may merge it."),
        method<&value>("value", "() -> value", "What it is worth: a number, a list, a table, a text."),
        method<&version>("version", "() -> number", "How many changes this copy has seen; for delta(since)."),
    },
    [](lua_State* L, int index) {
      const Crdt* c = object_at<Crdt>(L, index);
      std::string shown = c->value().json();
      if (shown.size() > 60) shown = shown.substr(0, 57) + "...";
      return fmt::format("{}, {}: {}", c->name(), c->options().replica, shown);
    })};

}  // namespace

Component::Description describe_crdt(CrdtDescription d) {
  return {.name = "replicate." + d.name,
          .summary = std::move(d.summary),
          .params = {string("replica", "the name of this copy, which no other one has").optional("'a'"),
                     count("deltas_kept", "changes kept for delta(since); older ones take the whole state")
                         .optional("1000"),
                     bug_param(kCrdtBugs)},
          .returns = "Crdt",
          .cost = std::move(d.cost),
          .paper = std::move(d.paper),
          .example = std::move(d.example),
          .make = d.make};
}

}  // namespace syslab
