// Arguments: what a script passed, checked against the parameters that a descriptor declares.
//
// A constructor takes one option table; arguments given by position fill the parameters in order, and a plain table in
// the last place, where its parameter does not itself take one, is the option table: w:service("db", { slots = 16 }).
// Unknown names, wrong types and values out of range are errors that name the parameter and the nearest right one.
#pragma once

#include <cstdint>
#include <lua.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bindings/host/component.hpp"
#include "core/base/distribution.hpp"
#include "core/base/time.hpp"
#include "core/base/value.hpp"

namespace syslab {

template <class T>
std::shared_ptr<T> shared_at(lua_State* L, int index);

class Arguments {
 public:
  // Checks everything from stack index `first` on. Throws ScriptError. Leaves the checked values on the stack.
  Arguments(lua_State* L, int first, const std::string& owner, const std::vector<Param>& params);

  bool has(std::string_view name) const { return index_of(name) != 0; }

  // Requires: the parameter is declared, of that kind, and was given (or `otherwise` is passed).
  double number(std::string_view name) const;
  double number(std::string_view name, double otherwise) const;
  std::uint64_t count(std::string_view name) const;
  std::uint64_t count(std::string_view name, std::uint64_t otherwise) const;
  bool boolean(std::string_view name, bool otherwise) const;
  std::string string(std::string_view name) const;
  std::string string(std::string_view name, std::string_view otherwise) const;
  Duration duration(std::string_view name) const;
  Duration duration(std::string_view name, Duration otherwise) const;
  std::optional<Duration> maybe_duration(std::string_view name) const;
  // Null where it was left out.
  DistributionPtr distribution(std::string_view name) const;
  Value value(std::string_view name) const;
  template <class T>
  std::shared_ptr<T> object(std::string_view name) const {
    const int index = index_of(name);
    return index == 0 ? nullptr : shared_at<T>(L_, index);
  }
  // The strings of a list; throws where an item is no string.
  std::vector<std::string> strings(std::string_view name) const;

  // Where the value stands on the stack (for tables, functions and lists), 0 where it was left out.
  int index_of(std::string_view name) const;
  // Throws ScriptError: "bad option 'NAME' for OWNER: TEXT".
  [[noreturn]] void reject(std::string_view name, const std::string& text) const;

 private:
  void take(std::size_t param, int index);
  void check(const Param& param, int index) const;

  lua_State* L_;
  const std::string& owner_;
  const std::vector<Param>& params_;
  std::vector<int> where_;  // stack index of each parameter, 0 where it was left out
};

// "number", "string 'abc'", "Cache", "nothing": what stands at a stack index, for messages.
std::string describe_argument(lua_State* L, int index);

// Checks for methods that read the stack themselves. They throw ScriptError naming the parameter.
double number_argument(lua_State* L, int index, const char* name);
std::string_view string_argument(lua_State* L, int index, const char* name);
Duration duration_argument(lua_State* L, int index, const char* name);  // seconds >= 0

}  // namespace syslab
