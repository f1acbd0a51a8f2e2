// FilterPolicy: which messages a subscriber wants, and the patterns of a bus's rules.
//
// A policy is a map. Every key must match (and); the values of a key are alternatives (or); what the policy
// does not name does not matter. A value is
//   "text", 5, true           equal
//   {prefix = "a"}            begins so; {suffix = "z"} ends so
//   {["equals-ignore-case"] = "Abc"}
//   {wildcard = "a*z"}        '*' stands for any number of characters
//   {["anything-but"] = x}    there, and none of these: a text, a number, a list of them, {prefix =} or
//                             {suffix =}
//   {numeric = {">=", 0, "<", 100}}      with =, <, <=, >, >=
//   {cidr = "10.0.0.0/24"}    an IPv4 address within
//   {exists = true | false}
// The key "$or" holds a list of policies of which one must match. Where the document has a list, one element
// is enough. In a body a key may hold a policy for what lies below it.
//
// Dialects differ in limits and error names. `subscription` (SNS): at most 5 keys and 150 combinations,
// numbers from -1e9 to 1e9 with five decimals, 256 KB; errors InvalidParameter and FilterPolicyLimitExceeded.
// `event` (EventBridge): 2048 characters of JSON; error InvalidEventPatternException. All are definite. Texts
// are compared as bytes, so case matters.
//
// Cost: matching O(values of the policy x log of the document's keys). Source: SNS developer guide,
// subscription filter policies; EventBridge user guide, event patterns.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/value.hpp"

namespace syslab {

class FilterPolicy {
 public:
  enum class Dialect : std::uint8_t { subscription, event };

  // `nested`: keys may hold policies (a body), or not (attributes).
  static Expected<FilterPolicy> parse(const Value& policy, Dialect dialect, bool nested);

  bool matches(const Value& document) const;
  // As it was given.
  const Value& source() const { return source_; }

 private:
  struct Test {
    enum class Kind : std::uint8_t {
      equal,
      prefix,
      suffix,
      ignore_case,
      wildcard,
      none_of,
      numeric,
      cidr,
      exists,
      absent
    };
    Kind kind = Kind::equal;
    Value value = {};               // equal
    std::string text = {};          // prefix, suffix, ignore_case, wildcard
    std::vector<Test> others = {};  // none_of
    double low = 0, high = 0;       // numeric
    bool low_open = false, high_open = false;
    std::uint32_t network = 0, mask = 0;  // cidr
    bool rounds = false;                  // numbers are compared with five decimals
  };
  struct Group;
  struct Key {
    std::string name;
    std::vector<Test> tests;       // alternatives
    std::shared_ptr<Group> below;  // or a policy for what is there
  };
  struct Group {
    std::vector<Key> keys;
    std::vector<std::vector<Group>> choices;  // of each, one must match
  };
  class Parser;

  static bool matches(const Group& group, const Value& document);
  static bool matches(const Key& key, const Value& value);
  static bool passes(const Test& test, const Value& value);

  Value source_;
  std::shared_ptr<const Group> root_;
};

}  // namespace syslab
