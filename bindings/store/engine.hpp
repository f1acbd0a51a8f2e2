// What the engines of databases have in common in Lua: a method is a verb of the engine, its parameters the
// fields of the request. Time is an argument (left out, it is that of the last world).
#pragma once

#include <string>

#include "bindings/host/convert.hpp"
#include "bindings/host/lua_host.hpp"
#include "bindings/host/object.hpp"
#include "core/store/engine.hpp"

namespace syslab {

inline Param engine_now_param() {
  return number("now", "the time in seconds; it does not run backwards")
      .at_least(0)
      .at_most(9e9)
      .optional("the last world's");
}

inline Instant engine_now(lua_State* L, const Arguments& a) {
  return Instant(from_seconds(a.number("now", LuaHost::of(L).seconds())));
}

// The method that is called, whose name is the verb.
inline const Method& engine_method(lua_State* L) {
  return pointer_at<const Method>(L, lua_upvalueindex(1));
}

// The request, of whatever was given.
inline Value engine_body(lua_State* L, const Arguments& a) {
  Value::Map body;
  for (const Param& p : engine_method(L).params) {
    if (p.name != "now" && a.has(p.name)) body.emplace_back(p.name, to_value(L, a.index_of(p.name)));
  }
  return Value::map(std::move(body));
}

// An outcome is returned; a request that is not of its form is the caller's mistake.
inline int push_answer(lua_State* L, const Expected<Value>& answer) {
  if (!answer && answer.error().code == "malformed") {
    throw ScriptError(engine_method(L).name + ": " + answer.error().message);
  }
  return push_result(L, answer);
}

// A verb of an engine whose answers do not wait.
template <class T>
int ask_engine(lua_State* L, T& engine, Arguments& a) {
  return push_answer(L, engine.ask_now(engine_now(L, a), engine_method(L).name, engine_body(L, a)));
}

// A method for a verb: the time comes last.
template <auto F>
Method verb(std::string name, std::vector<Param> params, std::string returns, std::string summary) {
  params.push_back(engine_now_param());
  return method<F>(std::move(name), std::move(params), std::move(returns), std::move(summary));
}

// The engine of a userdata (a Table, a Relational, Documents), or null.
std::shared_ptr<const Engine> engine_at(lua_State* L, int index);

// A relational engine as Lua has it (bindings/store/relational.cpp).
struct RelationalBox;
std::shared_ptr<const Engine> relational_engine(const RelationalBox& box);

}  // namespace syslab
