// Condition: which rows, items or documents are meant, as plain data.
//
//   { city = "Rome", age = { at_least = 18 } }                 all of these hold
//   { { city = "Rome" }, { vip = true } }                      one of these holds
//   { age = 30, ["or"] = { ... }, ["not"] = { ... } }          and one of a list, and not that one
//
// A test is a value (it is equal) or a map of operators: equals, not_equals, less, at_most, greater,
// at_least, between {low, high}, begins_with, contains (a text in a text, an item in a list), one_of {...},
// exists true/false, not_exists true/false. A path with dots goes into nested maps ("address.city"), and into
// each item of a list on the way ("lines.sku": of one of them). Values of different types are neither less
// nor greater. There is no NULL logic: what is absent differs from everything, and all other tests of it
// fail.
//
// Cost: O(tests * log attributes).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/value.hpp"

namespace syslab {

class Condition {
 public:
  enum class Op : std::uint8_t {
    equals,
    not_equals,
    less,
    at_most,
    greater,
    at_least,
    between,
    begins_with,
    contains,
    one_of,
    exists,
    not_exists
  };
  struct Test {
    std::string path;
    Op op = Op::equals;
    Value operand = {};
  };

  // Nil: everything. Errors: malformed, naming the nearest operator.
  static Expected<Condition> parse(const Value& spec);

  bool holds(const Value& row) const;
  bool trivial() const { return tests_.empty() && any_.empty() && none_.empty(); }
  // All of these must hold, whatever else is asked: what an index can serve.
  const std::vector<Test>& tests() const { return tests_; }
  // Every path it looks at.
  void paths(std::vector<std::string>& out) const;
  // Takes the tests whose path begins with `prefix` out of this one, without it.
  Condition take(std::string_view prefix);
  void add(Test test) { tests_.push_back(std::move(test)); }

 private:
  std::vector<Test> tests_;
  std::vector<std::vector<Condition>> any_;  // of each one holds
  std::vector<Condition> none_;
};

bool holds(const Condition::Test& test, const Value& value);

// The value at a path; nil where there is none. A list on the way stops it: see all_at.
const Value& value_at(const Value& row, std::string_view path);
// All values at a path, through lists on the way.
void all_at(const Value& row, std::string_view path, std::vector<Value>& out);

// Errors: malformed, where `body` has a field that is not among `known`: "put has no 'itme' (did you mean
// 'item'?)". A body that is neither a map nor nil is malformed, too.
Expected<bool> check_fields(std::string_view verb, const Value& body, const std::vector<std::string>& known);

}  // namespace syslab
