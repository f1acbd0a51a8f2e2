// Value and Error to and from Lua.
#pragma once

#include <lua.hpp>

#include "core/base/error.hpp"
#include "core/base/value.hpp"

namespace syslab {

void push_value(lua_State* L, const Value& value);
// Throws ScriptError for what cannot travel between nodes: functions, userdata, tables that contain themselves, tables
// that mix list and map.
Value to_value(lua_State* L, int index);

// Pushes nil and an error table { code =, message =, definite = } whose tostring is "code: message". Returns 2.
int push_failure(lua_State* L, const Error& error);
void push_error(lua_State* L, const Error& error);
// An error table or a string made by a script, as an Error; unknown codes become "unknown".
Error to_error(lua_State* L, int index);
// The value, or nil and the error. Returns how many were pushed.
int push_result(lua_State* L, const Expected<Value>& result);

}  // namespace syslab
