#include "core/topic/filter_policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace syslab {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// To five decimals. Below 1e9 the product is exact enough that equal texts give equal numbers.
double five_decimals(double n) {
  return std::floor(n * 1e5 + 0.5);
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

// '*' stands for any number of characters; linear but for the last star's retries.
bool wildcard_match(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = pattern.npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != pattern.npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::optional<std::uint32_t> parse_address(std::string_view text) {
  std::uint32_t address = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (int i = 0; i < 4; ++i) {
    unsigned part = 0;
    const auto [next, error] = std::from_chars(at, end, part);
    if (error != std::errc() || part > 255 || (i < 3 ? next == end || *next != '.' : next != end))
      return std::nullopt;
    address = address << 8 | part;
    at = next + 1;
  }
  return address;
}

}  // namespace

class FilterPolicy::Parser {
 public:
  Parser(Dialect dialect, bool nested) : dialect_(dialect), nested_(nested) {}

  Expected<Group> parse(const Value& policy, int depth) {
    if (!policy.is_map() || (policy.map().empty() && depth > 0)) {
      return wrong("a policy is a map of keys and lists of values, got " + policy.json());
    }
    if (depth > 20) return wrong("the policy is nested too deeply");
    Group group;
    for (const auto& [name, wanted] : policy.map()) {
      if (name == "$or") {
        if (!wanted.is_list() || wanted.list().size() < 2)
          return wrong("'$or' is a list of at least two policies");
        std::vector<Group> choice;
        for (const Value& one : wanted.list()) {
          auto parsed = parse(one, depth + 1);
          if (!parsed) return parsed;
          choice.push_back(std::move(*parsed));
        }
        group.choices.push_back(std::move(choice));
        continue;
      }
      Key key{name, {}, nullptr};
      if (wanted.is_map()) {
        if (!nested_)
          return wrong(fmt::format("'{}' holds a policy, but attributes have nothing below them", name));
        auto below = parse(wanted, depth + 1);
        if (!below) return below;
        key.below = std::make_shared<Group>(std::move(*below));
      } else {
        if (!wanted.is_list() || wanted.list().empty()) {
          return wrong(fmt::format("'{}' must be a list of values, got {}", name, wanted.json()));
        }
        for (const Value& value : wanted.list()) {
          auto test = parse_test(name, value);
          if (!test) return test.error();
          key.tests.push_back(std::move(*test));
        }
        ++leaves;
        combinations *= static_cast<double>(wanted.list().size());
      }
      group.keys.push_back(std::move(key));
    }
    return group;
  }

  int leaves = 0;
  double combinations = 1;

  Error wrong(std::string text) const {
    return dialect_ == Dialect::subscription
               ? Error{"InvalidParameter", "Invalid parameter: FilterPolicy: " + std::move(text), true}
               : Error{"InvalidEventPatternException",
                       "Event pattern is not valid. Reason: " + std::move(text), true};
  }

 private:
  Expected<Test> parse_test(const std::string& key, const Value& value) {
    if (value.is_number()) {
      if (auto bad = check_number(value)) return *bad;
      if (dialect_ == Dialect::event) return Test{Test::Kind::equal, value};
      Test test;
      test.kind = Test::Kind::numeric;
      test.low = test.high = five_decimals(value.number());
      test.rounds = true;
      return test;
    }
    if (!value.is_map()) {
      if (value.is_list()) return wrong(fmt::format("'{}': a list within the list of values", key));
      return Test{Test::Kind::equal, value};
    }
    if (value.map().size() != 1)
      return wrong(fmt::format("'{}': a value has one operator, got {}", key, value.json()));
    const auto& [name, operand] = value.map().front();
    using Kind = Test::Kind;
    const auto text_test = [&](Kind kind) -> Expected<Test> {
      if (!operand.is_string() || operand.string().empty()) {
        return wrong(fmt::format("'{}': '{}' needs a text, got {}", key, name, operand.json()));
      }
      Test test;
      test.kind = kind;
      test.text = std::string(operand.string());
      return test;
    };
    if (name == "prefix") return text_test(Kind::prefix);
    if (name == "suffix") return text_test(Kind::suffix);
    if (name == "equals-ignore-case") return text_test(Kind::ignore_case);
    if (name == "wildcard") return text_test(Kind::wildcard);
    if (name == "exists") {
      if (operand != Value(true) && operand != Value(false)) {
        return wrong(fmt::format("'{}': 'exists' is true or false, got {}", key, operand.json()));
      }
      Test test;
      test.kind = operand.truthy() ? Kind::exists : Kind::absent;
      return test;
    }
    if (name == "anything-but") return none_of(key, operand);
    if (name == "numeric") return numeric(key, operand);
    if (name == "cidr") return cidr(key, operand);
    return wrong(fmt::format("'{}': unrecognized match type {}", key, name));
  }

  Expected<Test> none_of(const std::string& key, const Value& operand) {
    Test test;
    test.kind = Test::Kind::none_of;
    const auto add = [&](const Value& one) -> std::optional<Error> {
      if (one.is_map()) {
        const auto& map = one.map();
        if (map.size() != 1 || (map[0].first != "prefix" && map[0].first != "suffix" &&
                                map[0].first != "wildcard" && map[0].first != "equals-ignore-case")) {
          return wrong(fmt::format("'{}': 'anything-but' takes texts, numbers, prefix or suffix, got {}", key,
                                   one.json()));
        }
      } else if (!one.is_string() && !one.is_number()) {
        return wrong(fmt::format("'{}': 'anything-but' takes texts, numbers, prefix or suffix, got {}", key,
                                 one.json()));
      }
      auto parsed = parse_test(key, one);
      if (!parsed) return parsed.error();
      test.others.push_back(std::move(*parsed));
      return std::nullopt;
    };
    if (operand.is_list()) {
      if (operand.list().empty()) return wrong(fmt::format("'{}': the list of 'anything-but' is empty", key));
      for (const Value& one : operand.list()) {
        if (auto bad = add(one)) return *bad;
      }
    } else if (auto bad = add(operand)) {
      return *bad;
    }
    return test;
  }

  std::optional<Error> check_number(const Value& value) const {
    const double n = value.number();
    if (dialect_ == Dialect::subscription && !(n >= -1e9 && n <= 1e9)) {
      return wrong(fmt::format("{} is out of the range from -1e9 to 1e9", value.json()));
    }
    if (!(n > -kInfinity && n < kInfinity)) return wrong("a number is not finite");
    return std::nullopt;
  }

  Expected<Test> numeric(const std::string& key, const Value& operand) {
    const auto bad = [&] {
      return wrong(
          fmt::format("'{}': 'numeric' is a list such as {{\"=\", 5}} or {{\">=\", 0, \"<\", 100}}, got {}",
                      key, operand.json()));
    };
    if (!operand.is_list() || (operand.list().size() != 2 && operand.list().size() != 4)) return bad();
    Test test;
    test.kind = Test::Kind::numeric;
    test.low = -kInfinity;
    test.high = kInfinity;
    bool has_low = false, has_high = false;
    for (std::size_t i = 0; i < operand.list().size(); i += 2) {
      const Value& sign = operand.list()[i];
      const Value& n = operand.list()[i + 1];
      if (!sign.is_string() || !n.is_number()) return bad();
      if (auto error = check_number(n)) return *error;
      const std::string_view s = sign.string();
      if (s == "=" && operand.list().size() == 2) {
        test.low = test.high = n.number();
        has_low = has_high = true;
      } else if ((s == ">" || s == ">=") && !has_low) {
        test.low = n.number();
        test.low_open = s == ">";
        has_low = true;
      } else if ((s == "<" || s == "<=") && !has_high) {
        test.high = n.number();
        test.high_open = s == "<";
        has_high = true;
      } else {
        return bad();
      }
    }
    if (dialect_ == Dialect::subscription) {
      test.rounds = true;
      if (has_low) test.low = five_decimals(test.low);
      if (has_high) test.high = five_decimals(test.high);
    }
    if (test.low > test.high) return wrong(fmt::format("'{}': the lower bound is above the upper one", key));
    return test;
  }

  Expected<Test> cidr(const std::string& key, const Value& operand) {
    const std::string_view text = operand.is_string() ? operand.string() : std::string_view();
    const std::size_t slash = text.find('/');
    unsigned bits = 0;
    const auto address = parse_address(text.substr(0, slash));
    if (address && slash != text.npos) {
      const std::string_view tail = text.substr(slash + 1);
      const auto [end, error] = std::from_chars(tail.data(), tail.data() + tail.size(), bits);
      if (error == std::errc() && end == tail.data() + tail.size() && bits <= 32) {
        Test test;
        test.kind = Test::Kind::cidr;
        test.mask = bits == 0 ? 0 : ~std::uint32_t{0} << (32 - bits);
        test.network = *address & test.mask;
        return test;
      }
    }
    return wrong(fmt::format("'{}': 'cidr' is an address and a length such as \"10.0.0.0/24\", got {}", key,
                             operand.json()));
  }

  Dialect dialect_;
  bool nested_;
};

Expected<FilterPolicy> FilterPolicy::parse(const Value& policy, Dialect dialect, bool nested) {
  Parser parser(dialect, nested);
  auto root = parser.parse(policy, 0);
  if (!root) return root.error();
  const std::size_t bytes = policy.json().size();
  if (dialect == Dialect::subscription) {
    if (parser.leaves > 5) {
      return Error{"FilterPolicyLimitExceeded",
                   fmt::format("a filter policy has at most 5 keys, this one {}", parser.leaves), true};
    }
    if (parser.combinations > 150) {
      return Error{"FilterPolicyLimitExceeded",
                   fmt::format("a filter policy has at most 150 combinations of values, this one {}",
                               parser.combinations),
                   true};
    }
    if (bytes > 262144) return Error{"FilterPolicyLimitExceeded", "a filter policy has at most 256 KB", true};
  } else if (bytes > 2048) {
    return parser.wrong(fmt::format("it has {} characters, 2048 are allowed", bytes));
  }
  FilterPolicy result;
  result.source_ = policy;
  result.root_ = std::make_shared<const Group>(std::move(*root));
  return result;
}

bool FilterPolicy::passes(const Test& test, const Value& value) {
  using Kind = Test::Kind;
  switch (test.kind) {
    case Kind::equal:
      return value == test.value;
    case Kind::prefix:
      return value.is_string() && value.string().starts_with(test.text);
    case Kind::suffix:
      return value.is_string() && value.string().ends_with(test.text);
    case Kind::ignore_case:
      return value.is_string() && equal_ignoring_case(value.string(), test.text);
    case Kind::wildcard:
      return value.is_string() && wildcard_match(test.text, value.string());
    case Kind::none_of:
      return std::none_of(test.others.begin(), test.others.end(),
                          [&](const Test& t) { return passes(t, value); });
    case Kind::numeric: {
      if (!value.is_number()) return false;
      const double n = test.rounds ? five_decimals(value.number()) : value.number();
      return (test.low_open ? n > test.low : n >= test.low) &&
             (test.high_open ? n < test.high : n <= test.high);
    }
    case Kind::cidr: {
      if (!value.is_string()) return false;
      const auto address = parse_address(value.string());
      return address && (*address & test.mask) == test.network;
    }
    case Kind::exists:
      return true;
    case Kind::absent:
      return false;
  }
  return false;
}

bool FilterPolicy::matches(const Key& key, const Value& value) {
  if (key.below != nullptr) {
    if (!value.is_list()) return matches(*key.below, value);
    return std::any_of(value.list().begin(), value.list().end(),
                       [&](const Value& v) { return matches(*key.below, v); });
  }
  return std::any_of(key.tests.begin(), key.tests.end(), [&](const Test& test) {
    if (value.is_nil()) return test.kind == Test::Kind::absent;
    if (!value.is_list()) return passes(test, value);
    return std::any_of(value.list().begin(), value.list().end(),
                       [&](const Value& v) { return passes(test, v); });
  });
}

bool FilterPolicy::matches(const Group& group, const Value& document) {
  return std::all_of(group.keys.begin(), group.keys.end(),
                     [&](const Key& key) { return matches(key, document[key.name]); }) &&
         std::all_of(group.choices.begin(), group.choices.end(), [&](const std::vector<Group>& choice) {
           return std::any_of(choice.begin(), choice.end(),
                              [&](const Group& g) { return matches(g, document); });
         });
}

bool FilterPolicy::matches(const Value& document) const {
  return root_ == nullptr || matches(*root_, document);
}

}  // namespace syslab
