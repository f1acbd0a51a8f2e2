#include "bindings/host/arguments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bindings/host/convert.hpp"
#include "bindings/host/object.hpp"
#include "core/base/nearest.hpp"

namespace syslab {
namespace {

bool is_plain_table(lua_State* L, int index) {
  if (lua_type(L, index) != LUA_TTABLE) return false;
  if (lua_getmetatable(L, index) != 0) {
    lua_pop(L, 1);
    return false;
  }
  return true;
}

bool has_array_part(lua_State* L, int index) {
  lua_rawgeti(L, index, 1);
  const bool has = !lua_isnil(L, -1);
  lua_pop(L, 1);
  return has;
}

// Whether the table in the last place is the option table. One that names a parameter is; so is any that is no list in
// the first place, where a misspelt name is likelier than a bare map.
bool is_option_table(lua_State* L, const std::vector<Param>& params, std::size_t slot, int index) {
  if (!is_plain_table(L, index)) return false;
  if (slot >= params.size()) return true;
  switch (params[slot].kind) {
    case Param::Kind::list:
    case Param::Kind::table:
    case Param::Kind::value:
    case Param::Kind::any:
      break;
    default:
      return true;
  }
  if (has_array_part(L, index)) return false;
  if (slot == 0) return true;
  for (const Param& p : params) {
    lua_getfield(L, index, p.name.c_str());
    const bool named = !lua_isnil(L, -1);
    lua_pop(L, 1);
    if (named) return true;
  }
  return false;
}

const char* article(std::string_view noun) {
  return std::string_view("aeiouAEIOU").find(noun.front()) != std::string_view::npos ? "an" : "a";
}

std::string range_text(const Param& p) {
  if (std::isfinite(p.min) && std::isfinite(p.max)) return fmt::format(" from {} to {}", p.min, p.max);
  if (std::isfinite(p.min)) return fmt::format(" {} {}", p.above_min ? "above" : "of at least", p.min);
  if (std::isfinite(p.max)) return fmt::format(" of at most {}", p.max);
  return "";
}

}  // namespace

std::string Param::type_text() const {
  switch (kind) {
    case Kind::number: return "number";
    case Kind::count: return "whole number";
    case Kind::boolean: return "boolean";
    case Kind::string: return "string";
    case Kind::choice: return fmt::format("one of '{}'", fmt::join(choices, "', '"));
    case Kind::duration: return "number of seconds";
    case Kind::size: return "number of bytes";
    case Kind::rate: return "rate per second";
    case Kind::probability: return "probability";
    case Kind::distribution: return "Distribution or number of seconds";
    case Kind::function: return "function";
    case Kind::list: return "list";
    case Kind::table: return "table";
    case Kind::object: return object;
    case Kind::value: return "nil, boolean, number, string, list or map";
    case Kind::any: return "value";
  }
  return "value";
}

std::string describe_argument(lua_State* L, int index) {
  switch (lua_type(L, index)) {
    case LUA_TNONE: return "nothing";
    case LUA_TNUMBER: {
      const double number = lua_tonumber(L, index);
      return std::isnan(number) ? "nan, which is not a number" : fmt::format("the number {}", number);
    }
    case LUA_TBOOLEAN: return lua_toboolean(L, index) ? "true" : "false";
    case LUA_TSTRING: {
      std::size_t length = 0;
      const char* text = lua_tolstring(L, index, &length);
      return length <= 40 ? fmt::format("the string '{}'", std::string_view(text, length)) : "a long string";
    }
    case LUA_TUSERDATA: {
      const Type* type = find_type(box_at(L, index)->tag);
      return type == nullptr ? "an object" : fmt::format("{} {}", article(type->d.name), type->d.name);
    }
    case LUA_TNIL: return "nil";
    default: return fmt::format("a {}", luaL_typename(L, index));
  }
}

Arguments::Arguments(lua_State* L, int first, const std::string& owner, const std::vector<Param>& params)
    : L_(L), owner_(owner), params_(params), where_(params.size(), 0) {
  const int last = lua_gettop(L);
  luaL_checkstack(L, static_cast<int>(params.size()) + 8, "too many arguments");
  int positional_end = last;
  const auto slot = static_cast<std::size_t>(last - first);
  const bool options = last >= first && is_option_table(L, params, slot, last);
  if (options) --positional_end;

  for (int index = first; index <= positional_end; ++index) {
    const auto i = static_cast<std::size_t>(index - first);
    if (i >= params.size()) {
      throw ScriptError(fmt::format("too many arguments for {}: it takes {}, got {} more", owner, params.size(),
                                    positional_end - index + 1));
    }
    if (!lua_isnil(L, index)) where_[i] = index;
  }

  if (options) {
    lua_pushnil(L);
    while (lua_next(L, last) != 0) {  // order does not matter: of several mistakes the first parameter's is reported
      if (lua_type(L, -2) != LUA_TSTRING) {
        throw ScriptError(
            fmt::format("bad option {} for {}: option names are strings", describe_argument(L, -2), owner));
      }
      lua_pop(L, 1);
    }
    std::vector<std::string> unknown;
    lua_pushnil(L);
    while (lua_next(L, last) != 0) {
      const std::string key = lua_tostring(L, -2);
      bool known = false;
      for (const Param& p : params) known = known || p.name == key;
      if (!known) unknown.push_back(key);
      lua_pop(L, 1);
    }
    if (!unknown.empty()) {
      const std::string& bad = *std::min_element(unknown.begin(), unknown.end());
      std::vector<std::string> names;
      for (const Param& p : params) names.push_back(p.name);
      std::string hint = did_you_mean(bad, names);
      if (hint.empty() && !names.empty()) hint = fmt::format(" (it takes {})", fmt::join(names, ", "));
      if (names.empty()) hint = " (it takes no options)";
      throw ScriptError(fmt::format("bad option '{}' for {}{}", bad, owner, hint));
    }
    for (std::size_t i = 0; i < params.size(); ++i) {
      lua_getfield(L, last, params[i].name.c_str());
      if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
      } else if (where_[i] != 0) {
        throw ScriptError(
            fmt::format("option '{}' for {} is given twice, by position and by name", params[i].name, owner));
      } else {
        where_[i] = lua_gettop(L);
      }
    }
  }

  for (std::size_t i = 0; i < params.size(); ++i) {
    if (where_[i] != 0) check(params[i], where_[i]);
  }
  for (std::size_t i = 0; i < params.size(); ++i) {
    if (where_[i] == 0 && params[i].required) {
      throw ScriptError(fmt::format("missing option '{}' for {}: {} ({})", params[i].name, owner, params[i].doc,
                                    params[i].type_text()));
    }
  }
}

void Arguments::reject(std::string_view name, const std::string& text) const {
  throw ScriptError(fmt::format("bad option '{}' for {}: {}", name, owner_, text));
}

void Arguments::check(const Param& p, int index) const {
  const int type = lua_type(L_, index);
  const auto expect = [&](bool ok) {
    if (ok) return;
    const std::string wanted = p.type_text();
    const bool phrase = p.kind == Param::Kind::choice || p.kind == Param::Kind::value;
    std::string hint;
    if (p.kind == Param::Kind::choice && type == LUA_TSTRING) hint = did_you_mean(lua_tostring(L_, index), p.choices);
    reject(p.name, fmt::format("expected {}{}{}{}, got {}{}", phrase ? "" : article(wanted), phrase ? "" : " ", wanted,
                               range_text(p), describe_argument(L_, index), hint));
  };
  const auto expect_number = [&] {
    expect(type == LUA_TNUMBER);
    const double n = lua_tonumber(L_, index);
    expect(std::isfinite(n) && n >= p.min && n <= p.max && !(p.above_min && n <= p.min));
  };
  switch (p.kind) {
    case Param::Kind::number:
    case Param::Kind::duration:
    case Param::Kind::rate:
    case Param::Kind::probability:
      expect_number();
      break;
    case Param::Kind::count:
    case Param::Kind::size:
      expect_number();
      expect(std::floor(lua_tonumber(L_, index)) == lua_tonumber(L_, index) && lua_tonumber(L_, index) <= 0x1p53);
      break;
    case Param::Kind::boolean:
      expect(type == LUA_TBOOLEAN);
      break;
    case Param::Kind::string:
      expect(type == LUA_TSTRING);
      break;
    case Param::Kind::choice: {
      bool found = false;
      if (type == LUA_TSTRING) {
        for (const std::string& c : p.choices) found = found || c == lua_tostring(L_, index);
      }
      expect(found);
      break;
    }
    case Param::Kind::distribution:
      if (type == LUA_TNUMBER) {
        expect_number();
      } else {
        expect(object_at<const Distribution>(L_, index) != nullptr);
      }
      break;
    case Param::Kind::function:
      expect(type == LUA_TFUNCTION);
      break;
    case Param::Kind::list:
    case Param::Kind::table:
      expect(type == LUA_TTABLE);
      break;
    case Param::Kind::object: {
      const Box* box = box_at(L_, index);
      const Type* given = box == nullptr ? nullptr : find_type(box->tag);
      expect(given != nullptr && given->d.name == p.object);
      break;
    }
    case Param::Kind::value:
      try {
        to_value(L_, index);
      } catch (const ScriptError& e) {
        reject(p.name, e.what());
      }
      break;
    case Param::Kind::any:
      break;
  }
}

int Arguments::index_of(std::string_view name) const {
  for (std::size_t i = 0; i < params_.size(); ++i) {
    if (params_[i].name == name) return where_[i];
  }
  SYSLAB_ASSERT(false && "the parameter is declared");
  return 0;
}

double Arguments::number(std::string_view name) const { return lua_tonumber(L_, index_of(name)); }
double Arguments::number(std::string_view name, double otherwise) const { return has(name) ? number(name) : otherwise; }
std::uint64_t Arguments::count(std::string_view name) const { return static_cast<std::uint64_t>(number(name)); }
std::uint64_t Arguments::count(std::string_view name, std::uint64_t otherwise) const {
  return has(name) ? count(name) : otherwise;
}
bool Arguments::boolean(std::string_view name, bool otherwise) const {
  return has(name) ? lua_toboolean(L_, index_of(name)) != 0 : otherwise;
}
std::string Arguments::string(std::string_view name) const {
  std::size_t length = 0;
  const char* text = lua_tolstring(L_, index_of(name), &length);
  return std::string(text, length);
}
std::string Arguments::string(std::string_view name, std::string_view otherwise) const {
  return has(name) ? string(name) : std::string(otherwise);
}
Duration Arguments::duration(std::string_view name) const { return from_seconds(number(name)); }
Duration Arguments::duration(std::string_view name, Duration otherwise) const {
  return has(name) ? duration(name) : otherwise;
}
std::optional<Duration> Arguments::maybe_duration(std::string_view name) const {
  if (!has(name)) return std::nullopt;
  return duration(name);
}

DistributionPtr Arguments::distribution(std::string_view name) const {
  const int index = index_of(name);
  if (index == 0) return nullptr;
  if (lua_type(L_, index) == LUA_TNUMBER) return make_constant({.value = lua_tonumber(L_, index)});
  return shared_at<const Distribution>(L_, index);
}

Value Arguments::value(std::string_view name) const {
  const int index = index_of(name);
  return index == 0 ? Value() : to_value(L_, index);
}

std::vector<std::string> Arguments::strings(std::string_view name) const {
  std::vector<std::string> out;
  const int index = index_of(name);
  if (index == 0) return out;
  const auto n = lua_objlen(L_, index);
  for (std::size_t i = 1; i <= n; ++i) {
    lua_rawgeti(L_, index, static_cast<int>(i));
    if (lua_type(L_, -1) != LUA_TSTRING) {
      reject(name, fmt::format("item {} should be a string, got {}", i, describe_argument(L_, -1)));
    }
    out.emplace_back(lua_tostring(L_, -1));
    lua_pop(L_, 1);
  }
  return out;
}

double number_argument(lua_State* L, int index, const char* name) {
  if (lua_type(L, index) != LUA_TNUMBER) {
    throw ScriptError(fmt::format("bad argument '{}': expected a number, got {}", name, describe_argument(L, index)));
  }
  return lua_tonumber(L, index);
}

std::string_view string_argument(lua_State* L, int index, const char* name) {
  if (lua_type(L, index) != LUA_TSTRING) {
    throw ScriptError(fmt::format("bad argument '{}': expected a string, got {}", name, describe_argument(L, index)));
  }
  std::size_t length = 0;
  const char* text = lua_tolstring(L, index, &length);
  return {text, length};
}

Duration duration_argument(lua_State* L, int index, const char* name) {
  const double seconds = number_argument(L, index, name);
  if (!(seconds >= 0)) {
    throw ScriptError(
        fmt::format("bad argument '{}': expected a number of seconds of at least 0, got {}", name, seconds));
  }
  return from_seconds(seconds);
}

}  // namespace syslab
