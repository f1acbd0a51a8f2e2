// ScriptFunction: a Lua function that the event family calls: apply(state, event), apply(event, rows),
// handle(message, rows). It gets copies of values and answers with a value, or with nil and an error.
//
// It runs at once, in a coroutine of its own, and cannot wait. What it raises is the error `crashed`; an
// error that it returns is definite, unless it says otherwise.
#pragma once

#include <functional>
#include <lua.hpp>
#include <memory>
#include <string>

#include "bindings/host/arguments.hpp"
#include "core/base/error.hpp"
#include "core/base/value.hpp"

namespace syslab {

// The second argument of those that may look at rows: rows:get(key).
struct RowReader {
  const std::function<Value(const std::string&)>* get = nullptr;  // null outside of the call
};

class ScriptFunction {
 public:
  // The function at `index`. The state must outlive it.
  ScriptFunction(lua_State* L, int index);

  Expected<Value> operator()(const Value& first, const Value& second) const;
  Expected<Value> operator()(const Value& first, const std::function<Value(const std::string&)>& get) const;

 private:
  struct Script;
  Expected<Value> call(int arguments) const;

  std::shared_ptr<Script> script_;
};

// The option `name` as a function; empty where it was left out.
template <class Function>
Function function_option(lua_State* L, const Arguments& a, const char* name) {
  if (!a.has(name)) return nullptr;
  return ScriptFunction(L, a.index_of(name));
}

}  // namespace syslab
