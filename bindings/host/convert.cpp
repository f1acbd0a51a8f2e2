#include "bindings/host/convert.hpp"

#include <fmt/format.h>

#include "bindings/host/arguments.hpp"
#include "bindings/host/script_error.hpp"

namespace syslab {
namespace {

constexpr int kMaxDepth = 100;
const char kErrorMetatable[] = "syslab.Error";

Value table_to_value(lua_State* L, int index, int depth);

Value to_value_at(lua_State* L, int index, int depth) {
  switch (lua_type(L, index)) {
    case LUA_TNONE:
    case LUA_TNIL:
      return {};
    case LUA_TBOOLEAN:
      return lua_toboolean(L, index) != 0;
    case LUA_TNUMBER:
      return lua_tonumber(L, index);
    case LUA_TSTRING: {
      std::size_t length = 0;
      const char* text = lua_tolstring(L, index, &length);
      return std::string_view(text, length);
    }
    case LUA_TTABLE:
      return table_to_value(L, index, depth);
    default:
      throw ScriptError(fmt::format(
          "{} cannot travel between nodes: only nil, booleans, numbers, strings, lists and maps can",
          describe_argument(L, index)));
  }
}

Value table_to_value(lua_State* L, int index, int depth) {
  if (depth > kMaxDepth)
    throw ScriptError("a table that is nested over 100 levels (does it contain itself?) cannot travel");
  luaL_checkstack(L, 4, "value too deep");
  if (index < 0) index = lua_gettop(L) + index + 1;
  Value::List items;
  Value::Map entries;
  const std::size_t n = lua_objlen(L, index);
  items.reserve(n);
  for (std::size_t i = 1; i <= n; ++i) {
    lua_rawgeti(L, index, static_cast<int>(i));
    items.push_back(to_value_at(L, -1, depth + 1));
    lua_pop(L, 1);
  }
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {
    if (lua_type(L, -2) == LUA_TSTRING) {
      std::size_t length = 0;
      const char* key = lua_tolstring(L, -2, &length);
      entries.emplace_back(std::string(key, length), to_value_at(L, -1, depth + 1));
    } else if (lua_type(L, -2) != LUA_TNUMBER) {
      throw ScriptError(
          fmt::format("a table with {} as a key cannot travel: keys are strings", describe_argument(L, -2)));
    } else {
      const double k = lua_tonumber(L, -2);
      if (!(k >= 1 && k <= static_cast<double>(n))) {
        throw ScriptError(fmt::format(
            "a list with a hole or the key {} cannot travel: number keys run from 1 without gaps", k));
      }
    }
    lua_pop(L, 1);
  }
  if (!items.empty() && !entries.empty()) {
    throw ScriptError("a table that is both a list and a map cannot travel: use one or the other");
  }
  return entries.empty() ? Value::list(std::move(items)) : Value::map(std::move(entries));
}

int error_to_string(lua_State* L) {
  lua_getfield(L, 1, "code");
  lua_getfield(L, 1, "message");
  const char* code = lua_tostring(L, -2);
  const char* message = lua_tostring(L, -1);
  lua_pushfstring(L, "%s: %s", code == nullptr ? "unknown" : code, message == nullptr ? "" : message);
  return 1;
}

}  // namespace

void push_value(lua_State* L, const Value& value) {
  luaL_checkstack(L, 4, "value too deep");
  switch (value.type()) {
    case Value::Type::nil:
      lua_pushnil(L);
      break;
    case Value::Type::boolean:
      lua_pushboolean(L, value.boolean());
      break;
    case Value::Type::number:
      lua_pushnumber(L, value.number());
      break;
    case Value::Type::string:
      lua_pushlstring(L, value.string().data(), value.string().size());
      break;
    case Value::Type::list: {
      const auto& items = value.list();
      lua_createtable(L, static_cast<int>(items.size()), 0);
      for (std::size_t i = 0; i < items.size(); ++i) {
        push_value(L, items[i]);
        lua_rawseti(L, -2, static_cast<int>(i + 1));
      }
      break;
    }
    case Value::Type::map: {
      const auto& entries = value.map();
      lua_createtable(L, 0, static_cast<int>(entries.size()));
      for (const auto& [key, item] : entries) {
        lua_pushlstring(L, key.data(), key.size());
        push_value(L, item);
        lua_rawset(L, -3);
      }
      break;
    }
  }
}

Value to_value(lua_State* L, int index) { return to_value_at(L, index, 0); }

void push_error(lua_State* L, const Error& error) {
  lua_createtable(L, 0, 3);
  lua_pushlstring(L, error.code.data(), error.code.size());
  lua_setfield(L, -2, "code");
  lua_pushlstring(L, error.message.data(), error.message.size());
  lua_setfield(L, -2, "message");
  lua_pushboolean(L, error.definite);
  lua_setfield(L, -2, "definite");
  if (luaL_newmetatable(L, kErrorMetatable) != 0) {
    lua_pushcfunction(L, &error_to_string);
    lua_setfield(L, -2, "__tostring");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
  }
  lua_setmetatable(L, -2);
}

int push_failure(lua_State* L, const Error& error) {
  lua_pushnil(L);
  push_error(L, error);
  return 2;
}

Error to_error(lua_State* L, int index) {
  if (lua_type(L, index) == LUA_TTABLE) {
    const auto text = [&](const char* field, const char* otherwise) {
      lua_getfield(L, index, field);
      std::string s = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : otherwise;
      lua_pop(L, 1);
      return s;
    };
    Error error{text("code", "unknown"), text("message", "no message"), true};
    lua_getfield(L, index, "definite");
    error.definite = lua_isboolean(L, -1) ? lua_toboolean(L, -1) != 0 : false;
    lua_pop(L, 1);
    return error;
  }
  const char* text = lua_tostring(L, index);
  return make_error("unknown", text == nullptr ? "no message" : text);
}

int push_result(lua_State* L, const Expected<Value>& result) {
  if (!result) return push_failure(L, result.error());
  push_value(L, result.value());
  return 1;
}

}  // namespace syslab
