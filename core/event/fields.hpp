// Fields of a request, and the errors for those that are not as they should be. For the services of this
// family.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/base/value.hpp"
#include "core/observe/history.hpp"

namespace syslab::fields {

// A definite error with a published name.
inline Error refused(std::string_view code, std::string message) {
  return Error{std::string(code), std::move(message), true};
}

inline std::string text_of(const Value& value) {
  return value.is_string() ? std::string(value.string()) : std::string();
}

inline Value number(std::uint64_t n) {
  return Value(static_cast<double>(n));
}

// Instants on the disk, in nanoseconds: exact for the first hundred days.
inline Value nanoseconds(Instant t) {
  return Value(static_cast<double>(t.time_since_epoch().count()));
}
inline Instant instant_of(const Value& value) {
  return Instant(Duration(value.is_number() ? static_cast<std::int64_t>(value.number()) : 0));
}
inline std::uint64_t number_of(const Value& value) {
  return value.is_number() && value.number() > 0 ? static_cast<std::uint64_t>(value.number()) : 0;
}

// When something is recorded in a history that nodes share: their clocks differ, and its times do not run
// back.
inline Instant recorded_at(const History& history, Instant now) {
  if (history.empty()) return now;
  const std::optional<Instant>& last = history.events().back().time;
  return last && *last > now ? *last : now;
}

// A text that must be there.
inline Expected<std::string> required_text(const Value& body, const char* name) {
  const Value& given = body[name];
  if (!given.is_string() || given.string().empty()) {
    return refused("InvalidArgument", std::string("the request must have a text '") + name + "'");
  }
  return std::string(given.string());
}
inline Expected<std::string> optional_text(const Value& body, const char* name) {
  return body[name].is_nil() ? Expected<std::string>(std::string()) : required_text(body, name);
}

inline Expected<std::uint64_t> optional_count(const Value& body, const char* name, std::uint64_t otherwise) {
  const Value& given = body[name];
  if (given.is_nil()) return otherwise;
  if (!given.is_number() || !(given.number() >= 0 && given.number() <= 0x1p53) ||
      given.number() != static_cast<double>(static_cast<std::uint64_t>(given.number()))) {
    return refused("InvalidArgument", std::string(name) + " is no whole number of at least 0");
  }
  return static_cast<std::uint64_t>(given.number());
}

inline Expected<Duration> optional_duration(const Value& body, const char* name, Duration otherwise) {
  const Value& given = body[name];
  if (given.is_nil()) return otherwise;
  if (!given.is_number() || !(given.number() >= 0)) {
    return refused("InvalidArgument", std::string(name) + " is no number of seconds");
  }
  return from_seconds(given.number());
}

}  // namespace syslab::fields
