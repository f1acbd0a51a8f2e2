// What the engines say with: published refusals, malformed requests, numbers, and how to pass errors on.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/value.hpp"

namespace syslab {

// An outcome with a published code. Definite: nothing was changed.
inline Error refused(std::string_view code, std::string message) {
  return Error{std::string(code), std::move(message), true};
}
// A request that is not of its form: see engine.hpp.
inline Error malformed(std::string message) {
  return make_error("malformed", std::move(message));
}

inline Value count(auto n) {
  return static_cast<double>(n);
}

}  // namespace syslab

// Declares `variable` as what the expression holds, or returns its error.
#define SYSLAB_TAKE(variable, expression)           \
  auto variable##_or = (expression);                \
  if (!variable##_or) return variable##_or.error(); \
  auto& variable = *variable##_or
// The same where only whether it succeeded counts.
#define SYSLAB_CHECK(expression) \
  if (const auto checked = (expression); !checked) return checked.error()
