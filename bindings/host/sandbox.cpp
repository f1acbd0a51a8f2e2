#include "bindings/host/sandbox.hpp"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "bindings/host/arguments.hpp"
#include "bindings/host/component.hpp"
#include "bindings/host/convert.hpp"
#include "bindings/host/lua_host.hpp"
#include "bindings/host/object.hpp"
#include "bindings/host/script_error.hpp"
#include "core/base/nearest.hpp"

namespace syslab {
namespace {

// ---- pairs and next in a fixed order: numbers ascending, strings by bytes, false, true, then whatever else in the
// table's own order, which the arena makes the same in every run.

int key_rank(lua_State* L, int index) {
  switch (lua_type(L, index)) {
    case LUA_TNUMBER: return 0;
    case LUA_TSTRING: return 1;
    case LUA_TBOOLEAN: return 2;
    default: return 3;
  }
}

struct Key {
  int rank;
  double number;
  std::string_view text;
  int position;  // where it stands in the array of collected keys
};

bool key_less(const Key& a, const Key& b) {
  if (a.rank != b.rank) return a.rank < b.rank;
  if (a.rank == 1) return a.text < b.text;
  if (a.rank == 3) return a.position < b.position;
  return a.number < b.number;
}

Key key_at(lua_State* L, int index, int position) {
  Key key{key_rank(L, index), 0, {}, position};
  if (key.rank == 0) key.number = lua_tonumber(L, index);
  if (key.rank == 2) key.number = lua_toboolean(L, index);
  if (key.rank == 1) {
    std::size_t length = 0;
    const char* text = lua_tolstring(L, index, &length);
    key.text = {text, length};
  }
  return key;
}

// Iterates a table that has the keys 1..n and no other: upvalues are the table and the last index.
int next_item(lua_State* L) {
  const int i = static_cast<int>(lua_tointeger(L, lua_upvalueindex(2))) + 1;
  lua_rawgeti(L, lua_upvalueindex(1), i);
  if (lua_isnil(L, -1)) {
    // Not the end if an item was removed during the loop.
    const int n = static_cast<int>(lua_tointeger(L, lua_upvalueindex(3)));
    for (int k = i + 1; k <= n; ++k) {
      lua_rawgeti(L, lua_upvalueindex(1), k);
      if (!lua_isnil(L, -1)) {
        lua_pushinteger(L, k);
        lua_replace(L, lua_upvalueindex(2));
        lua_pushinteger(L, k);
        lua_insert(L, -2);
        return 2;
      }
      lua_pop(L, 1);
    }
    return 1;
  }
  lua_pushinteger(L, i);
  lua_replace(L, lua_upvalueindex(2));
  lua_pushinteger(L, i);
  lua_insert(L, -2);
  return 2;
}

// Iterates collected keys: upvalues are the table, the sorted keys and the last position.
int next_key(lua_State* L) {
  int i = static_cast<int>(lua_tointeger(L, lua_upvalueindex(3)));
  for (;;) {
    lua_rawgeti(L, lua_upvalueindex(2), ++i);
    if (lua_isnil(L, -1)) return 1;
    lua_pushvalue(L, -1);
    lua_rawget(L, lua_upvalueindex(1));
    if (!lua_isnil(L, -1)) break;  // a key that was removed meanwhile is passed over
    lua_pop(L, 2);
  }
  lua_pushinteger(L, i);
  lua_replace(L, lua_upvalueindex(3));
  return 2;
}

int sorted_pairs(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  const std::size_t n = lua_objlen(L, 1);
  std::size_t keys = 0;
  bool list = true;
  lua_pushnil(L);
  while (lua_next(L, 1) != 0) {
    ++keys;
    if (lua_type(L, -2) != LUA_TNUMBER) {
      list = false;
    } else {
      const double k = lua_tonumber(L, -2);
      list = list && k >= 1 && k <= static_cast<double>(n) && k == std::floor(k);
    }
    lua_pop(L, 1);
  }
  if (list && keys == n) {
    lua_pushvalue(L, 1);
    lua_pushinteger(L, 0);
    lua_pushinteger(L, static_cast<lua_Integer>(n));
    lua_pushcclosure(L, &next_item, 3);
    return 1;
  }
  std::vector<Key> order;
  order.reserve(keys);
  lua_createtable(L, static_cast<int>(keys), 0);  // index 2: as collected, which keeps the strings alive
  lua_pushnil(L);
  while (lua_next(L, 1) != 0) {
    lua_pop(L, 1);
    const int position = static_cast<int>(order.size()) + 1;
    lua_pushvalue(L, -1);
    lua_rawseti(L, 2, position);
    order.push_back(key_at(L, -1, position));
  }
  std::sort(order.begin(), order.end(), key_less);
  lua_pushvalue(L, 1);
  lua_createtable(L, static_cast<int>(keys), 0);
  for (std::size_t i = 0; i < order.size(); ++i) {
    lua_rawgeti(L, 2, order[i].position);
    lua_rawseti(L, -2, static_cast<int>(i + 1));
  }
  lua_pushinteger(L, 0);
  lua_pushcclosure(L, &next_key, 3);
  return 1;
}

// next(t, k) by one scan: the least key after k. O(n), but free of the table's own order.
int sorted_next(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 2);
  const bool first = lua_isnil(L, 2);
  const Key after = first ? Key{} : key_at(L, 2, 0);
  bool found = false;
  bool past = false;  // among keys that have no order of their own: whether k has been passed
  Key best{};
  lua_pushnil(L);  // index 3: the best key so far
  lua_pushnil(L);
  while (lua_next(L, 1) != 0) {
    lua_pop(L, 1);
    const Key key = key_at(L, -1, 0);
    bool later = first || key.rank > after.rank;
    if (!first && key.rank == after.rank) {
      later = key.rank == 3 ? past : key_less(after, key);
      if (key.rank == 3 && lua_rawequal(L, -1, 2)) past = true;
    }
    const bool less = !found || (key.rank != best.rank ? key.rank < best.rank : key.rank != 3 && key_less(key, best));
    if (later && less) {
      found = true;
      best = key;
      lua_pushvalue(L, -1);
      lua_replace(L, 3);
    }
  }
  lua_settop(L, 3);
  if (!found) return 1;
  lua_pushvalue(L, 3);
  lua_rawget(L, 1);
  return 2;
}

// ---- tostring without addresses: objects are numbered in the order in which they are first shown.

int stable_tostring(lua_State* L) {
  luaL_checkany(L, 1);
  if (luaL_callmeta(L, 1, "__tostring") != 0) {
    // A number is one, as in Lua, and is made into one here: nobody who asked for a text gets anything else.
    if (lua_tostring(L, -1) == nullptr) return luaL_error(L, "'__tostring' must return a string");
    return 1;
  }
  switch (lua_type(L, 1)) {
    case LUA_TNIL:
      lua_pushliteral(L, "nil");
      return 1;
    case LUA_TBOOLEAN:
      lua_pushstring(L, lua_toboolean(L, 1) ? "true" : "false");
      return 1;
    case LUA_TNUMBER:
    case LUA_TSTRING:
      lua_pushvalue(L, 1);
      lua_tostring(L, -1);
      return 1;
    default:
      break;
  }
  lua_pushvalue(L, 1);
  lua_rawget(L, lua_upvalueindex(1));
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    const lua_Integer id = lua_tointeger(L, lua_upvalueindex(2)) + 1;
    lua_pushinteger(L, id);
    lua_replace(L, lua_upvalueindex(2));
    lua_pushvalue(L, 1);
    lua_pushinteger(L, id);
    lua_rawset(L, lua_upvalueindex(1));
    lua_pushinteger(L, id);
  }
  lua_pushfstring(L, "%s: %d", luaL_typename(L, 1), static_cast<int>(lua_tointeger(L, -1)));
  return 1;
}

// ---- randomness and time

int random_number(lua_State* L) {
  Rng& rng = LuaHost::of(L).rng;
  const int n = lua_gettop(L);
  if (n == 0) {
    lua_pushnumber(L, rng.unit());
    return 1;
  }
  const double low = n == 1 ? 1 : std::floor(number_argument(L, 1, "m"));
  const double high = std::floor(number_argument(L, n == 1 ? 1 : 2, "n"));
  if (!(low <= high) || high - low >= 0x1p53) throw ScriptError("math.random: the interval is empty or too wide");
  lua_pushnumber(L, low + static_cast<double>(rng.below(static_cast<std::uint64_t>(high - low) + 1)));
  return 1;
}

int random_seed(lua_State* L) {
  LuaHost::of(L).rng = Rng(static_cast<std::uint64_t>(static_cast<std::int64_t>(number_argument(L, 1, "seed"))));
  return 0;
}

int simulated_seconds(lua_State* L) {
  lua_pushnumber(L, LuaHost::of(L).seconds());
  return 1;
}

int simulated_time(lua_State* L) {
  lua_pushnumber(L, std::floor(LuaHost::of(L).seconds()));
  return 1;
}

// ---- output

int print(lua_State* L) {
  const int n = lua_gettop(L);
  std::string line;
  for (int i = 1; i <= n; ++i) {
    lua_pushvalue(L, lua_upvalueindex(1));  // tostring
    lua_pushvalue(L, i);
    lua_call(L, 1, 1);
    std::size_t length = 0;
    const char* text = lua_tolstring(L, -1, &length);
    if (text == nullptr) throw ScriptError("'tostring' must return a string to 'print'");
    if (i > 1) line += '\t';
    line.append(text, length);
    lua_pop(L, 1);
  }
  line += '\n';
  LuaHost::of(L).write(line);
  return 0;
}

int write(lua_State* L) {
  LuaHost::of(L).write(string_argument(L, 1, "text"));
  return 0;
}

// ---- loading code

// load(text | function, name, mode, environment): text only, never bytecode.
int load_text(lua_State* L) {
  std::string text;
  if (lua_type(L, 1) == LUA_TFUNCTION) {
    for (;;) {
      lua_pushvalue(L, 1);
      lua_call(L, 0, 1);
      std::size_t length = 0;
      const char* piece = lua_tolstring(L, -1, &length);
      if (piece == nullptr || length == 0) break;
      text.append(piece, length);
      lua_pop(L, 1);
    }
  } else {
    text = string_argument(L, 1, "chunk");
  }
  const std::string name = lua_isstring(L, 2) ? lua_tostring(L, 2) : text;
  if (luaL_loadbufferx(L, text.data(), text.size(), name.c_str(), "t") != 0) {
    lua_pushnil(L);
    lua_insert(L, -2);
    return 2;
  }
  if (lua_istable(L, 4)) {
    lua_pushvalue(L, 4);
    lua_setfenv(L, -2);
  }
  return 1;
}

int unpack_range(lua_State* L) {
  // LuaJIT's own, but it takes a table's claimed range at its word: refuse what cannot fit the stack.
  luaL_checktype(L, 1, LUA_TTABLE);
  const double first = lua_isnoneornil(L, 2) ? 1 : number_argument(L, 2, "i");
  const double last = lua_isnoneornil(L, 3) ? static_cast<double>(lua_objlen(L, 1)) : number_argument(L, 3, "j");
  if (!(first <= last)) return 0;
  if (last - first >= 8000) throw ScriptError("unpack: too many results");
  const int n = static_cast<int>(last - first) + 1;
  luaL_checkstack(L, n, "unpack: too many results");
  for (int i = 0; i < n; ++i) {
    lua_pushnumber(L, first + i);
    lua_rawget(L, 1);
  }
  return n;
}

int was_interrupted(lua_State* L) {
  lua_pushboolean(L, LuaHost::of(L).interrupted());
  return 1;
}

int require_module(lua_State* L) {
  const std::string name(string_argument(L, 1, "name"));
  lua_settop(L, 1);
  lua_pushvalue(L, 1);
  lua_rawget(L, lua_upvalueindex(1));  // loaded
  if (!lua_isnil(L, -1)) return 1;
  lua_pop(L, 1);
  std::string path = name;
  for (char& c : path) {
    if (c == '.') c = '/';
    if ((std::isalnum(static_cast<unsigned char>(c)) == 0) && std::strchr("/_-", c) == nullptr) {
      throw ScriptError(fmt::format("require: '{}' is no module name", name));
    }
  }
  LuaHost& host = LuaHost::of(L);
  std::string file = LuaHost::data_folder() + "/lua/" + path + ".lua";
  Expected<std::string> text = read_text_file(file);
  const bool library = text.ok();
  if (!library) {
    const std::string beside = (host.script_folder.empty() ? "." : host.script_folder) + "/" + path + ".lua";
    text = read_text_file(beside);
    if (!text) throw ScriptError(fmt::format("require: no module '{}' (looked for {} and {})", name, file, beside));
    file = beside;
  }
  const std::string name_of_chunk = library ? LuaHost::library_chunk("lua/" + path + ".lua") : "@" + file;
  if (luaL_loadbufferx(L, text->data(), text->size(), name_of_chunk.c_str(), "t") != 0) return lua_error(L);
  if (library) {
    lua_pushvalue(L, lua_upvalueindex(2));  // the host table
  } else {
    lua_pushvalue(L, 1);
  }
  lua_call(L, 1, 1);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_pushboolean(L, 1);
  }
  lua_pushvalue(L, 1);
  lua_pushvalue(L, -2);
  lua_rawset(L, lua_upvalueindex(1));
  return 1;
}

// ---- the host table: what only the Lua library gets

int host_components(lua_State* L) { return push_component_descriptions(L), 1; }
int host_types(lua_State* L) { return push_type_descriptions(L), 1; }

int host_component_of(lua_State* L) {
  const Component* component = component_at(L, 1);
  if (component == nullptr) return 0;
  lua_pushlstring(L, component->d.name.data(), component->d.name.size());
  return 1;
}

int host_type_of(lua_State* L) {
  const Box* box = box_at(L, 1);
  const Type* type = box == nullptr ? nullptr : find_type(box->tag);
  if (type == nullptr) return 0;
  lua_pushlstring(L, type->d.name.data(), type->d.name.size());
  return 1;
}

int host_compile(lua_State* L) {
  const std::string_view text = string_argument(L, 1, "text");
  const std::string name(string_argument(L, 2, "name"));
  if (luaL_loadbufferx(L, text.data(), text.size(), name.c_str(), "t") == 0) return 1;
  lua_pushnil(L);
  lua_insert(L, -2);
  return 2;
}

int host_world(lua_State* L) { return lua_getfield(L, LUA_REGISTRYINDEX, "syslab.world"), 1; }

int host_terminal(lua_State* L) {
  const Terminal& terminal = LuaHost::of(L).terminal;
  lua_createtable(L, 0, 4);
  lua_pushboolean(L, terminal.tty);
  lua_setfield(L, -2, "tty");
  lua_pushboolean(L, terminal.color);
  lua_setfield(L, -2, "color");
  lua_pushboolean(L, terminal.unicode);
  lua_setfield(L, -2, "unicode");
  lua_pushinteger(L, terminal.width);
  lua_setfield(L, -2, "width");
  return 1;
}

int host_read_data(lua_State* L) {
  const Expected<std::string> text = LuaHost::read_data(std::string(string_argument(L, 1, "path")));
  if (!text) return 0;
  lua_pushlstring(L, text->data(), text->size());
  return 1;
}

int host_write_file(lua_State* L) {
  const std::string path(string_argument(L, 1, "file"));
  const std::string_view text = string_argument(L, 2, "text");
  std::FILE* file = std::fopen(path.c_str(), "wb");
  bool ok = file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (file != nullptr) ok = std::fclose(file) == 0 && ok;
  if (!ok)
    return push_failure(
        L, make_error("io_error", fmt::format("cannot write {}: {}", path, std::strerror(errno))));
  lua_pushboolean(L, 1);
  return 1;
}

// did_you_mean(word, set of names): " (did you mean 'x'?)" or "".
int host_did_you_mean(lua_State* L) {
  const std::string word(string_argument(L, 1, "word"));
  luaL_checktype(L, 2, LUA_TTABLE);
  std::vector<std::string> names;
  lua_pushnil(L);
  while (lua_next(L, 2) != 0) {
    if (lua_type(L, -2) == LUA_TSTRING) names.emplace_back(lua_tostring(L, -2));
    lua_pop(L, 1);
  }
  std::sort(names.begin(), names.end());
  const std::string hint = did_you_mean(word, names);
  lua_pushlstring(L, hint.data(), hint.size());
  return 1;
}

// definite(code): whether such an error certainly had no effect; nil for an unknown code.
int host_definite(lua_State* L) {
  const std::optional<bool> definite = is_definite(string_argument(L, 1, "code"));
  if (!definite) return 0;
  lua_pushboolean(L, *definite);
  return 1;
}

// Columns that a string takes on a terminal.
int host_width(lua_State* L) {
  const std::string_view text = string_argument(L, 1, "text");
  int width = 0;
  for (std::size_t i = 0; i < text.size();) {
    utf8proc_int32_t point = 0;
    const auto used = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + i,
                                       static_cast<utf8proc_ssize_t>(text.size() - i), &point);
    if (used <= 0) {
      ++width;
      ++i;
    } else {
      width += utf8proc_charwidth(point);
      i += static_cast<std::size_t>(used);
    }
  }
  lua_pushinteger(L, width);
  return 1;
}

void set_function(lua_State* L, const char* name, lua_CFunction function) {  // into the table on top
  lua_pushcfunction(L, function);
  lua_setfield(L, -2, name);
}

void remove_fields(lua_State* L, const char* table, std::initializer_list<const char*> fields) {
  lua_getglobal(L, table);
  for (const char* field : fields) {
    lua_pushnil(L);
    lua_setfield(L, -2, field);
  }
  lua_pop(L, 1);
}

void open_library(lua_State* L, const char* name, lua_CFunction open) {
  lua_pushcfunction(L, open);
  lua_pushstring(L, name);
  lua_call(L, 1, 0);
}

}  // namespace

void install_sandbox(lua_State* L) {
  open_library(L, "", &luaopen_base);
  open_library(L, LUA_TABLIBNAME, &luaopen_table);
  open_library(L, LUA_STRLIBNAME, &luaopen_string);
  open_library(L, LUA_MATHLIBNAME, &luaopen_math);
  open_library(L, LUA_BITLIBNAME, &luaopen_bit);
  // What gives access to files, other environments, bytecode, finalizers, or the collector.
  for (const char* name : {"collectgarbage", "dofile", "gcinfo", "getfenv", "loadfile", "loadstring",
                           "module", "newproxy", "setfenv", "io", "debug", "package", "jit", "ffi"}) {
    lua_pushnil(L);
    lua_setglobal(L, name);
  }
  remove_fields(L, "string", {"dump"});

  lua_getglobal(L, "_G");
  set_function(L, "pairs", &guard<&sorted_pairs>);
  set_function(L, "next", &guard<&sorted_next>);
  set_function(L, "load", &guard<&load_text>);
  set_function(L, "unpack", &guard<&unpack_range>);
  lua_newtable(L);  // shown objects, with weak keys: being shown keeps nothing alive
  lua_newtable(L);
  lua_pushliteral(L, "k");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  lua_pushinteger(L, 0);
  lua_pushcclosure(L, &stable_tostring, 2);
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, "tostring");
  lua_pushcclosure(L, &guard<&print>, 1);
  lua_setfield(L, -2, "print");
  lua_newtable(L);
  set_function(L, "time", &guard<&simulated_time>);
  set_function(L, "clock", &guard<&simulated_seconds>);
  lua_setfield(L, -2, "os");
  lua_getfield(L, -1, "math");
  set_function(L, "random", &guard<&random_number>);
  set_function(L, "randomseed", &guard<&random_seed>);
  lua_pop(L, 2);

  // The string metatable is shared by all code of the state: hide it.
  lua_pushliteral(L, "");
  lua_getmetatable(L, -1);
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 2);

  lua_newtable(L);  // the host table
  set_function(L, "components", &guard<&host_components>);
  set_function(L, "types", &guard<&host_types>);
  set_function(L, "component_of", &guard<&host_component_of>);
  set_function(L, "type_of", &guard<&host_type_of>);
  set_function(L, "compile", &guard<&host_compile>);
  set_function(L, "terminal", &guard<&host_terminal>);
  set_function(L, "write", &guard<&write>);
  set_function(L, "read_data", &guard<&host_read_data>);
  set_function(L, "width", &guard<&host_width>);
  set_function(L, "write_file", &guard<&host_write_file>);
  set_function(L, "definite", &guard<&host_definite>);
  set_function(L, "did_you_mean", &guard<&host_did_you_mean>);
  set_function(L, "world", &guard<&host_world>);
  set_function(L, "interrupted", &guard<&was_interrupted>);
  lua_pushvalue(L, LUA_REGISTRYINDEX);
  lua_setfield(L, -2, "registry");
  lua_pushvalue(L, -1);
  lua_setfield(L, LUA_REGISTRYINDEX, "syslab.host");

  if (!LuaHost::of(L).options().isolate) {
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, LUA_REGISTRYINDEX, "syslab.loaded");
    lua_pushvalue(L, -2);
    lua_pushcclosure(L, &guard<&require_module>, 2);
    lua_setglobal(L, "require");
  }

  // The rest of the sandbox is Lua: lua/prelude.lua, which gets the host table.
  // Read once: the workers of `syslab grade` make states and cannot read files any more.
  static const Expected<std::string> prelude = LuaHost::read_data("lua/prelude.lua");
  if (!prelude) throw ScriptError(prelude.error().message);
  const std::string name = LuaHost::library_chunk("lua/prelude.lua");
  if (luaL_loadbufferx(L, prelude->data(), prelude->size(), name.c_str(), "t") != 0) lua_error(L);
  lua_insert(L, -2);
  lua_call(L, 1, 0);
}

}  // namespace syslab
