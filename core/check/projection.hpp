// check_projection: are the rows of a read model what a fold over the log gives?
//
//   missing   a row that the fold has is not there      extra     a row is there that the fold does not have
//   differs   a row has another value                   apply     the fold fails
//
// Cost: O(events) calls of `apply`, and a comparison of all rows.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/value.hpp"
#include "core/check/linearizable.hpp"

namespace syslab {

// The rows that an event changes, {KEY = VALUE}, false for a row that goes; `get` gives a row as it stands.
using FoldEvent = std::function<Expected<Value>(const Value& event,
                                                const std::function<Value(const std::string& key)>& get)>;

struct ProjectionVerdict {
  Outcome outcome = Outcome::ok;
  std::string rule = {};
  std::string message = {};
  std::string key = {};  // of the first row that is wrong
  std::size_t events = 0;
  std::size_t rows = 0;
};

// `rows` is a map by key. Errors of the fold are a verdict.
ProjectionVerdict check_projection(const std::vector<Value>& events, const Value& rows,
                                   const FoldEvent& apply);

}  // namespace syslab
