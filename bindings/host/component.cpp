#include "bindings/host/component.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "bindings/host/arguments.hpp"
#include "bindings/host/object.hpp"
#include "core/base/nearest.hpp"

namespace syslab {
namespace {

// Registration happens before main, in an order that the linker chooses; the lists are sorted when first read.
template <class T>
std::vector<const T*>& registry() {
  static std::vector<const T*> list;
  return list;
}

template <class T>
const std::vector<const T*>& sorted_registry() {
  auto& list = registry<T>();
  static std::size_t sorted = 0;
  if (sorted != list.size()) {
    std::sort(list.begin(), list.end(), [](const T* a, const T* b) { return a->d.name < b->d.name; });
    for (std::size_t i = 1; i < list.size(); ++i) {
      if (list[i - 1]->d.name == list[i]->d.name) {
        std::fprintf(stderr, "syslab: two registrations are called '%s'\n", list[i]->d.name.c_str());
        std::_Exit(70);
      }
    }
    sorted = list.size();
  }
  return list;
}

int construct(lua_State* L) {
  const auto& component = pointer_at<const Component>(L, lua_upvalueindex(1));
  const std::string owner = "lab." + component.d.name;
  Arguments arguments(L, 1, owner, component.d.params);
  return component.d.make(L, arguments);
}

int collect(lua_State* L) {
  static_cast<Box*>(lua_touserdata(L, 1))->~Box();
  return 0;
}

int show(lua_State* L) {
  Box* box = box_at(L, 1);
  const Type* type = box == nullptr ? nullptr : find_type(box->tag);
  if (type == nullptr) throw ScriptError("tostring of something that is no object");
  const std::string inside = type->d.show == nullptr ? "" : type->d.show(L, 1);
  const std::string text = inside.empty() ? type->d.name : fmt::format("{}{{{}}}", type->d.name, inside);
  lua_pushlstring(L, text.data(), text.size());
  return 1;
}

int unknown_method(lua_State* L) {
  const auto& type = pointer_at<const Type>(L, lua_upvalueindex(1));
  std::vector<std::string> names;
  for (const Method& m : type.d.methods) names.push_back(m.name);
  const std::string key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : describe_argument(L, 2);
  throw ScriptError(fmt::format("a {} has no method '{}'{}", type.d.name, key, did_you_mean(key, names)));
}

int refuse_write(lua_State* L) {
  const std::string key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : describe_argument(L, 2);
  throw ScriptError(fmt::format("cannot set '{}': objects and `lab` are read-only", key));
}

// Reading an absent name of `lab` or of a family.
int unknown_name(lua_State* L) {
  const std::string key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : describe_argument(L, 2);
  // A name that the Lua library provides (lua/lab/NAME.lua) is loaded when it is first read.
  lua_getfield(L, LUA_REGISTRYINDEX, "syslab.library_name");
  if (lua_isfunction(L, -1)) {
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, 2);
    lua_call(L, 2, 1);
    if (!lua_isnil(L, -1)) {
      lua_pushvalue(L, 2);
      lua_pushvalue(L, -2);
      lua_rawset(L, 1);
      return 1;
    }
  }
  lua_settop(L, 2);
  std::vector<std::string> names;
  lua_pushnil(L);
  while (lua_next(L, 1) != 0) {
    if (lua_type(L, -2) == LUA_TSTRING) names.emplace_back(lua_tostring(L, -2));
    lua_pop(L, 1);
  }
  std::sort(names.begin(), names.end());
  throw ScriptError(
      fmt::format("{} has no '{}'{}", lua_tostring(L, lua_upvalueindex(1)), key, did_you_mean(key, names)));
}

// Leaves a table on the stack whose absent names are errors.
void push_namespace(lua_State* L, const std::string& name) {
  lua_newtable(L);
  lua_newtable(L);
  lua_pushlstring(L, name.data(), name.size());
  lua_pushcclosure(L, &guard<&unknown_name>, 1);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, &guard<&refuse_write>);
  lua_setfield(L, -2, "__newindex");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_setmetatable(L, -2);
}

void set_raw(lua_State* L, int table, const std::string& key) {  // table[key] = top; pops
  lua_pushlstring(L, key.data(), key.size());
  lua_insert(L, -2);
  lua_rawset(L, table);
}

// Where the registry keeps a type's metatable: a negative number, clear of luaL_ref's.
int& registry_index(const void* tag) { return *static_cast<int*>(const_cast<void*>(tag)); }

void install_type(lua_State* L, const Type& type) {
  lua_newtable(L);
  const int metatable = lua_gettop(L);
  lua_newtable(L);  // the methods
  const int methods = lua_gettop(L);
  for (const Method& m : type.d.methods) {
    if (m.call != nullptr) {
      push_pointer(L, &m);
      lua_pushcclosure(L, m.call, 1);
    } else {
      // Left in the registry by lua/prelude.lua: makes a function that loads its module when first called.
      lua_getfield(L, LUA_REGISTRYINDEX, "syslab.library_method");
      lua_pushlstring(L, m.module.data(), m.module.size());
      lua_pushlstring(L, m.function.data(), m.function.size());
      lua_call(L, 2, 1);
    }
    set_raw(L, methods, m.name);
  }
  lua_newtable(L);
  push_pointer(L, &type);
  lua_pushcclosure(L, &guard<&unknown_method>, 1);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, methods);
  lua_setfield(L, metatable, "__index");
  lua_pushcfunction(L, &guard<&refuse_write>);
  lua_setfield(L, metatable, "__newindex");
  lua_pushcfunction(L, &guard<&show>);
  lua_setfield(L, metatable, "__tostring");
  if (!type.d.plain) {
    lua_pushcfunction(L, &collect);
    lua_setfield(L, metatable, "__gc");
  }
  lua_pushlstring(L, type.d.name.data(), type.d.name.size());
  lua_setfield(L, metatable, "__metatable");
  lua_rawseti(L, LUA_REGISTRYINDEX, registry_index(type.d.tag));
}

void set_string(lua_State* L, const char* key, const std::string& text) {
  if (text.empty()) return;
  lua_pushlstring(L, text.data(), text.size());
  lua_setfield(L, -2, key);
}

void push_params(lua_State* L, const std::vector<Param>& params) {
  lua_createtable(L, static_cast<int>(params.size()), 0);
  for (std::size_t i = 0; i < params.size(); ++i) {
    const Param& p = params[i];
    lua_createtable(L, 0, 8);
    set_string(L, "name", p.name);
    set_string(L, "doc", p.doc);
    set_string(L, "type", p.type_text());
    set_string(L, "default", p.fallback);
    lua_pushboolean(L, p.required);
    lua_setfield(L, -2, "required");
    if (std::isfinite(p.min)) {
      lua_pushnumber(L, p.min);
      lua_setfield(L, -2, "min");
    }
    if (std::isfinite(p.max)) {
      lua_pushnumber(L, p.max);
      lua_setfield(L, -2, "max");
    }
    lua_rawseti(L, -2, static_cast<int>(i + 1));
  }
}

}  // namespace

Component::Component(Description description) : d(std::move(description)) { registry<Component>().push_back(this); }

Type::Type(Description description) : d(std::move(description)) { registry<Type>().push_back(this); }

const std::vector<const Component*>& components() { return sorted_registry<Component>(); }

const std::vector<const Type*>& types() { return sorted_registry<Type>(); }

const Type* find_type(const void* tag) {
  for (const Type* type : types()) {
    if (type->d.tag == tag) return type;
  }
  return nullptr;
}

void install_components(lua_State* L, bool isolate) {
  for (std::size_t i = 0; i < types().size(); ++i) {
    registry_index(types()[i]->d.tag) = -static_cast<int>(i) - 1;
    install_type(L, *types()[i]);
  }
  push_namespace(L, "lab");
  const int lab = lua_gettop(L);
  for (const Component* c : components()) {
    if (isolate && c->d.privileged) continue;
    const std::size_t dot = c->d.name.find('.');
    int target = lab;
    if (dot != std::string::npos) {
      const std::string family = c->d.name.substr(0, dot);
      lua_pushlstring(L, family.data(), family.size());
      lua_rawget(L, lab);
      if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        push_namespace(L, "lab." + family);
        lua_pushvalue(L, -1);
        set_raw(L, lab, family);
      }
      target = lua_gettop(L);
    }
    push_pointer(L, c);
    lua_pushcclosure(L, &guard<&construct>, 1);
    set_raw(L, target, dot == std::string::npos ? c->d.name : c->d.name.substr(dot + 1));
    lua_settop(L, lab);
  }
  lua_setglobal(L, "lab");
}

const Component* component_at(lua_State* L, int index) {
  if (lua_tocfunction(L, index) != &guard<&construct>) return nullptr;
  lua_getupvalue(L, index, 1);
  const Component* component = &pointer_at<const Component>(L, -1);
  lua_pop(L, 1);
  return component;
}

void push_component_descriptions(lua_State* L) {
  lua_newtable(L);
  int i = 0;
  for (const Component* c : components()) {
    lua_createtable(L, 0, 8);
    set_string(L, "name", c->d.name);
    set_string(L, "summary", c->d.summary);
    set_string(L, "returns", c->d.returns);
    set_string(L, "cost", c->d.cost);
    set_string(L, "paper", c->d.paper);
    set_string(L, "example", c->d.example);
    push_params(L, c->d.params);
    lua_setfield(L, -2, "params");
    lua_rawseti(L, -2, ++i);
  }
}

void push_type_descriptions(lua_State* L) {
  lua_newtable(L);
  int i = 0;
  for (const Type* t : types()) {
    lua_createtable(L, 0, 4);
    set_string(L, "name", t->d.name);
    set_string(L, "summary", t->d.summary);
    lua_newtable(L);
    int j = 0;
    for (const Method& m : t->d.methods) {
      lua_createtable(L, 0, 4);
      set_string(L, "name", m.name);
      set_string(L, "signature", m.signature);
      set_string(L, "summary", m.summary);
      if (!m.params.empty()) {
        push_params(L, m.params);
        lua_setfield(L, -2, "params");
      }
      lua_rawseti(L, -2, ++j);
    }
    lua_setfield(L, -2, "methods");
    lua_rawseti(L, -2, ++i);
  }
}

void push_box(lua_State* L, const void* tag, std::shared_ptr<void> object) {
  if (object == nullptr) {
    lua_pushnil(L);
    return;
  }
  void* memory = lua_newuserdata(L, sizeof(Box));
  new (memory) Box{tag, std::move(object)};
  lua_rawgeti(L, LUA_REGISTRYINDEX, registry_index(tag));
  SYSLAB_ASSERT(lua_istable(L, -1));  // the type is registered
  lua_setmetatable(L, -2);
}

void wrong_self(lua_State* L, const void* tag) {
  const Type* type = find_type(tag);
  throw ScriptError(fmt::format("expected a {} as self, got {} (did you write '.' where ':' is meant?)",
                                type == nullptr ? "?" : type->d.name, describe_argument(L, 1)));
}

}  // namespace syslab
