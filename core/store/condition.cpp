#include "core/store/condition.hpp"

#include <algorithm>
#include <array>

#include "core/base/nearest.hpp"
#include "core/store/answer.hpp"

namespace syslab {
namespace {

constexpr std::array<std::string_view, 12> kOps = {"equals",   "not_equals", "less",    "at_most",
                                                   "greater",  "at_least",   "between", "begins_with",
                                                   "contains", "one_of",     "exists",  "not_exists"};

// Below zero, zero, above zero; `apart` where they cannot be compared.
int ordered(const Value& a, const Value& b, bool& apart) {
  apart = a.type() != b.type();
  return apart ? 0 : a.compare(b);
}

bool begins_with(const Value& text, const Value& prefix) {
  return text.is_string() && prefix.is_string() && text.string().starts_with(prefix.string());
}

bool contains(const Value& whole, const Value& part) {
  if (whole.is_list()) return std::find(whole.list().begin(), whole.list().end(), part) != whole.list().end();
  return whole.is_string() && part.is_string() &&
         whole.string().find(part.string()) != std::string_view::npos;
}

}  // namespace

bool holds(const Condition::Test& test, const Value& value) {
  using Op = Condition::Op;
  switch (test.op) {
    case Op::exists:
      return value.is_nil() != test.operand.truthy();
    case Op::not_exists:
      return value.is_nil() == test.operand.truthy();
    case Op::not_equals:
      return !(value == test.operand);
    default:
      break;
  }
  if (value.is_nil()) return false;
  bool apart = false;
  switch (test.op) {
    case Op::equals:
      return value == test.operand;
    case Op::less:
      return ordered(value, test.operand, apart) < 0;
    case Op::at_most:
      return ordered(value, test.operand, apart) <= 0 && !apart;
    case Op::greater:
      return ordered(value, test.operand, apart) > 0;
    case Op::at_least:
      return ordered(value, test.operand, apart) >= 0 && !apart;
    case Op::between: {
      const Value::List& ends = test.operand.list();
      return ordered(value, ends[0], apart) >= 0 && !apart && ordered(value, ends[1], apart) <= 0 && !apart;
    }
    case Op::begins_with:
      return begins_with(value, test.operand);
    case Op::contains:
      return contains(value, test.operand);
    case Op::one_of:
      return contains(test.operand, value);
    default:
      return false;
  }
}

Expected<Condition> Condition::parse(const Value& spec) {
  Condition out;
  const auto alternatives = [](const Value& list) -> Expected<std::vector<Condition>> {
    std::vector<Condition> any;
    for (const Value& one : list.list()) {
      auto parsed = parse(one);
      if (!parsed) return parsed.error();
      any.push_back(std::move(*parsed));
    }
    return any;
  };
  // An empty table of Lua is a list: no condition at all.
  if (spec.is_nil() || (spec.is_list() && spec.list().empty())) return out;
  if (spec.is_list()) {
    auto any = alternatives(spec);
    if (!any) return any.error();
    out.any_.push_back(std::move(*any));
    return out;
  }
  if (!spec.is_map())
    return malformed("a condition is a map of tests or a list of such maps, not " + spec.json());
  for (const auto& [path, test] : spec.map()) {
    if (path == "or") {
      if (!test.is_list() || test.list().empty()) return malformed("'or' has a list of conditions");
      auto any = alternatives(test);
      if (!any) return any.error();
      out.any_.push_back(std::move(*any));
    } else if (path == "not") {
      auto none = parse(test);
      if (!none) return none.error();
      out.none_.push_back(std::move(*none));
    } else if (test.is_map()) {
      for (const auto& [name, operand] : test.map()) {
        const auto* const op = std::find(kOps.begin(), kOps.end(), name);
        if (op == kOps.end()) {
          return malformed("'" + path + "': there is no operator '" + name + "'" +
                           did_you_mean(name, {kOps.begin(), kOps.end()}) +
                           "; a map is compared with { equals = ... }");
        }
        Test one{path, static_cast<Op>(op - kOps.begin()), operand};
        if (one.op == Op::between && (!operand.is_list() || operand.list().size() != 2)) {
          return malformed("'" + path + "': between has a list of two values");
        }
        if (one.op == Op::one_of && !operand.is_list()) return malformed("'" + path + "': one_of has a list");
        out.tests_.push_back(std::move(one));
      }
    } else {
      out.tests_.push_back({path, Op::equals, test});
    }
  }
  return out;
}

bool Condition::holds(const Value& row) const {
  for (const Test& test : tests_) {
    const bool fans = test.path.find('.') != std::string::npos;
    if (!fans) {
      if (!syslab::holds(test, row[test.path])) return false;
      continue;
    }
    std::vector<Value> values;
    all_at(row, test.path, values);
    if (values.empty()) values.emplace_back();
    if (std::none_of(values.begin(), values.end(), [&](const Value& v) { return syslab::holds(test, v); })) {
      return false;
    }
  }
  for (const auto& any : any_) {
    if (std::none_of(any.begin(), any.end(), [&](const Condition& c) { return c.holds(row); })) return false;
  }
  return std::none_of(none_.begin(), none_.end(), [&](const Condition& c) { return c.holds(row); });
}

void Condition::paths(std::vector<std::string>& out) const {
  for (const Test& test : tests_) out.push_back(test.path);
  for (const auto& any : any_) {
    for (const Condition& c : any) c.paths(out);
  }
  for (const Condition& c : none_) c.paths(out);
}

Condition Condition::take(std::string_view prefix) {
  Condition taken;
  const auto mine = std::stable_partition(tests_.begin(), tests_.end(),
                                          [&](const Test& t) { return !t.path.starts_with(prefix); });
  for (auto it = mine; it != tests_.end(); ++it) {
    taken.tests_.push_back({it->path.substr(prefix.size()), it->op, std::move(it->operand)});
  }
  tests_.erase(mine, tests_.end());
  return taken;
}

const Value& value_at(const Value& row, std::string_view path) {
  const Value* at = &row;
  for (;;) {
    const std::size_t dot = path.find('.');
    at = &(*at)[path.substr(0, dot)];
    if (dot == std::string_view::npos || at->is_nil()) return *at;
    path.remove_prefix(dot + 1);
  }
}

void all_at(const Value& row, std::string_view path, std::vector<Value>& out) {
  if (row.is_list()) {
    for (const Value& item : row.list()) all_at(item, path, out);
    return;
  }
  const std::size_t dot = path.find('.');
  const Value& here = row[path.substr(0, dot)];
  if (here.is_nil()) return;
  if (dot == std::string_view::npos) {
    out.push_back(here);
  } else {
    all_at(here, path.substr(dot + 1), out);
  }
}

Expected<bool> check_fields(std::string_view verb, const Value& body, const std::vector<std::string>& known) {
  if (body.is_nil() || (body.is_list() && body.list().empty())) return true;
  if (!body.is_map()) return malformed(std::string(verb) + " takes a map");
  for (const auto& [name, value] : body.map()) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return malformed(std::string(verb) + " has no '" + name + "'" + did_you_mean(name, known));
    }
  }
  return true;
}

}  // namespace syslab
