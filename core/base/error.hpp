// Expected outcomes are values: a modelled failure is an Error, never an exception.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "core/base/assert.hpp"

namespace syslab {

// Why an operation failed. `definite` says whether it certainly had no effect: a refused connection is definite, a
// timeout is not, because the request may have been executed and only its answer lost. Code table: error.cpp.
struct Error {
  std::string code;
  std::string message;
  bool definite = true;
};

// An error whose `definite` follows the code table. Requires: the code is in the table.
Error make_error(std::string_view code, std::string message);

// Whether the error speaks of the health of whoever answered (a timeout, an overload, a crash) rather than of the
// request (no such key): what breakers and ejections count. Where the code is not in the table: if it is indefinite.
bool is_fault(const Error& error);

// Whether an error of this code certainly had no effect; none for a code that is not in the table.
std::optional<bool> is_definite(std::string_view code);

template <class T>
class Expected {
 public:
  Expected(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Expected(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  // Requires: ok().
  T& value() {
    SYSLAB_ASSERT(ok());
    return *std::get_if<0>(&state_);
  }
  const T& value() const {
    SYSLAB_ASSERT(ok());
    return *std::get_if<0>(&state_);
  }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  // Requires: !ok().
  const Error& error() const {
    SYSLAB_ASSERT(!ok());
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, Error> state_;
};

}  // namespace syslab
