// Userdata: how a C++ object appears in Lua.
//
// Every userdata is a Box: a tag that names its type and a shared pointer. All userdata of a state are ours
// (the sandbox has no other source of them), so a type check is one load and one compare. A box is of one
// size for all types, which keeps Lua's allocations the same in every build.
#pragma once

#include <cstdint>
#include <lua.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include "bindings/host/arguments.hpp"
#include "bindings/host/component.hpp"
#include "bindings/host/script_error.hpp"

namespace syslab {

// The address of a tag is the type; const and plain are one type. Its content is where a state's registry keeps the
// metatable: a number, because a light userdata as a key would make the registry depend on where the program lies.
template <class T>
inline int plain_type_tag = 0;
template <class T>
inline constexpr const void* type_tag = &plain_type_tag<std::remove_const_t<T>>;

// A pointer of ours as an upvalue: a number, exact below 2^53. LuaJIT keeps a table of the 4 GiB regions that light
// userdata point into, so how much it allocates with those, and with that all later addresses and the order of tables
// with object keys, would depend on where the program lies.
inline void push_pointer(lua_State* L, const void* pointer) {
  lua_pushnumber(L, static_cast<double>(reinterpret_cast<std::uintptr_t>(pointer)));
}
template <class T>
T& pointer_at(lua_State* L, int index) {
  return *reinterpret_cast<T*>(static_cast<std::uintptr_t>(lua_tonumber(L, index)));
}

struct Box {
  const void* tag;
  std::shared_ptr<void> object;
};

// Pushes a userdata that shares `object`. The type is the static one: push(L, std::shared_ptr<Cache>(lru)).
void push_box(lua_State* L, const void* tag, std::shared_ptr<void> object);
template <class T>
int push(lua_State* L, std::shared_ptr<T> object) {
  push_box(L, type_tag<T>, std::const_pointer_cast<std::remove_const_t<T>>(std::move(object)));
  return 1;
}
template <class T>
int push(lua_State* L, std::unique_ptr<T> object) {
  return push(L, std::shared_ptr<T>(std::move(object)));
}

// Null for anything but a userdata; light ones are never given to a script.
inline Box* box_at(lua_State* L, int index) { return static_cast<Box*>(lua_touserdata(L, index)); }

// The object at `index`, or null where there is something else.
template <class T>
T* object_at(lua_State* L, int index) {
  Box* box = box_at(L, index);
  return box != nullptr && box->tag == type_tag<T> ? static_cast<T*>(box->object.get()) : nullptr;
}
template <class T>
std::shared_ptr<T> shared_at(lua_State* L, int index) {
  Box* box = box_at(L, index);
  return box != nullptr && box->tag == type_tag<T> ? std::static_pointer_cast<T>(box->object) : nullptr;
}

[[noreturn]] void wrong_self(lua_State* L, const void* tag);

template <class T>
T& self(lua_State* L) {
  // Userdata in the first place is by far the usual case; lua_touserdata gives null for anything else.
  auto* box = static_cast<Box*>(lua_touserdata(L, 1));
  if (box == nullptr || box->tag != type_tag<T>) [[unlikely]] wrong_self(L, type_tag<T>);
  return *static_cast<T*>(box->object.get());
}

namespace internal {
template <class F>
struct MethodOf;
template <class T>
struct MethodOf<int (*)(lua_State*, T&)> {
  template <int (*F)(lua_State*, T&)>
  static int call(lua_State* L) {
    return F(L, self<T>(L));
  }
};
template <class T>
struct MethodOf<int (*)(lua_State*, T&, Arguments&)> {
  template <int (*F)(lua_State*, T&, Arguments&)>
  static int call(lua_State* L) {
    T& object = self<T>(L);
    // The method's own descriptor is the closure's first upvalue (see install_components).
    const auto& method = pointer_at<const Method>(L, lua_upvalueindex(1));
    Arguments arguments(L, 2, method.name, method.params);
    return F(L, object, arguments);
  }
};
}  // namespace internal

// A method that reads its arguments from the stack itself, self at index 1.
template <auto F>
Method method(std::string name, std::string signature, std::string summary) {
  return {std::move(name), std::move(signature), std::move(summary), {},
          &guard<&internal::MethodOf<decltype(F)>::template call<F>>};
}
// A method whose arguments are checked by their descriptors.
template <auto F>
Method method(std::string name, std::vector<Param> params, std::string returns, std::string summary) {
  return {std::move(name), std::move(returns), std::move(summary), std::move(params),
          &guard<&internal::MethodOf<decltype(F)>::template call<F>>};
}
// A method written in Lua: function `function` of lua/`module`.lua.
inline Method lua_method(std::string name, std::string signature, std::string summary, std::string module,
                         std::string function) {
  return {std::move(name), std::move(signature), std::move(summary), {},
          nullptr,         std::move(module),    std::move(function)};
}

// A type's descriptor. `show` gives what tostring prints between the braces.
template <class T>
Type::Description describe_type(std::string name, std::string summary, std::vector<Method> methods,
                                std::string (*show)(lua_State*, int) = nullptr) {
  return {std::move(name), std::move(summary), std::move(methods), show, type_tag<T>};
}

}  // namespace syslab
