// What the bindings of all sketches share.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <string>
#include <vector>

#include "bindings/host/convert.hpp"
#include "bindings/workload/workload.hpp"
#include "core/hash/hash64.hpp"
#include "core/sketch/sketch.hpp"

namespace syslab {

// The most memory that one sketch may take, and the most keys of one call.
inline constexpr double kMostSketchBytes = 0x1p31;
inline constexpr double kMostSketchKeys = 1e8;

// Rejects the option where a sketch of it would take too much.
void check_sketch_bytes(const Arguments& a, std::string_view option, double bytes);

// The hash of a key at a stack index: a string, or a number that is not NaN. Throws ScriptError.
std::uint64_t key_hash_argument(lua_State* L, int index);
// A count at a stack index: a whole number from 1 to 2^53; 1 where it was left out. Throws ScriptError.
std::uint64_t count_argument(lua_State* L, int index);

// The ids at a stack index: the requests of a RequestTrace, or 1 to n for a number n. Throws ScriptError.
std::vector<std::uint64_t> ids_argument(lua_State* L, int index);

int push_accuracy(lua_State* L, const Accuracy& accuracy);

namespace sketch_methods {

template <class S>
int accuracy(lua_State* L, S& sketch) {
  return push_accuracy(L, sketch.accuracy(ids_argument(L, 2)));
}
template <class S>
int clear(lua_State*, S& sketch) {
  sketch.clear();
  return 0;
}
template <class S>
int memory(lua_State* L, S& sketch) {
  lua_pushnumber(L, static_cast<double>(sketch.memory_bytes()));
  return 1;
}
template <class S>
int merge(lua_State* L, S& sketch) {
  const S* other = object_at<S>(L, 2);
  if (other == nullptr) {
    throw ScriptError(fmt::format("bad argument 'other': expected a sketch of the same type, got {}",
                                  describe_argument(L, 2)));
  }
  if (const std::optional<Error> wrong = sketch.merge(*other)) return push_failure(L, *wrong);
  lua_pushboolean(L, true);
  return 1;
}
template <class S>
std::string show(lua_State* L, int index) {
  return object_at<S>(L, index)->describe();
}

}  // namespace sketch_methods

// The methods that every sketch has, and its own.
template <class S>
std::vector<Method> with_sketch_methods(std::vector<Method> methods) {
  methods.push_back(
      method<&sketch_methods::accuracy<S>>("accuracy",
                                           "(trace | n) -> {error, measured, theory, quotient, outside, "
                                           "items, keys, memory, theory_memory, memory_quotient, "
                                           "exact_memory}",
                                           "An experiment on fresh sketches of this size: puts in a trace, "
                                           "or the keys 1 to n, and compares the answers with "
                                           "the truth, and the bytes with those of theory and of the keys "
                                           "themselves. A quotient is measured / theory."));
  methods.push_back(method<&sketch_methods::clear<S>>("clear", "()", "As freshly made."));
  methods.push_back(method<&sketch_methods::memory<S>>("memory", "() -> bytes", "What its data takes."));
  methods.push_back(
      method<&sketch_methods::merge<S>>("merge", "(other) -> true | nil, err",
                                        "Makes this the sketch of both inputs. err.code is 'conflict' for "
                                        "sketches of different sizes or kinds."));
  return methods;
}

}  // namespace syslab
