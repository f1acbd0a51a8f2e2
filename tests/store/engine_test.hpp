// Helpers for tests of engines: requests as JSON, answers at once.
#pragma once

#include <catch2/catch.hpp>
#include <string>

#include "core/store/engine.hpp"

namespace syslab::test {

inline Value json(const std::string& text) {
  auto parsed = Value::parse_json(text);
  if (!parsed) FAIL(parsed.error().message << " in " << text);
  return *parsed;
}

inline Instant at(double seconds) {
  return Instant(from_seconds(seconds));
}

// Asks, and expects an answer at once.
inline Expected<Value> ask(Engine& engine, const char* verb, const std::string& body, double now = 0) {
  return engine.ask_now(at(now), verb, json(body));
}
// The answer, which is no error.
inline Value get(Engine& engine, const char* verb, const std::string& body, double now = 0) {
  const auto answer = ask(engine, verb, body, now);
  if (!answer) FAIL(verb << " " << body << ": " << answer.error().code << ": " << answer.error().message);
  return *answer;
}
// The code of the error, or "" where there is none.
inline std::string code(Engine& engine, const char* verb, const std::string& body, double now = 0) {
  const auto answer = ask(engine, verb, body, now);
  return answer ? "" : answer.error().code;
}

}  // namespace syslab::test
