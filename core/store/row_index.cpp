#include "core/store/row_index.hpp"

#include <algorithm>

namespace syslab {

std::vector<Value> RowIndex::keys_of(const Value& row) const {
  std::vector<Value> first, keys;
  all_at(row, paths_[0], first);
  for (const Value& value : first) {
    Value::List key = {value};
    for (std::size_t i = 1; i < paths_.size(); ++i) key.push_back(value_at(row, paths_[i]));
    Value made = Value::list(std::move(key));
    if (std::find(keys.begin(), keys.end(), made) == keys.end()) keys.push_back(std::move(made));
  }
  return keys;
}

RowIndex::Access RowIndex::access(const Condition& condition) const {
  using Op = Condition::Op;
  constexpr std::size_t kPrefixesMax = 10000;
  Access out;
  std::vector<Value::List> prefixes = {{}};
  for (const std::string& path : paths_) {
    const Condition::Test* equal = nullptr;
    for (const Condition::Test& test : condition.tests()) {
      if (test.path != path) continue;
      if (test.op == Op::equals) equal = &test;
      if (test.op == Op::one_of && equal == nullptr &&
          test.operand.list().size() * prefixes.size() <= kPrefixesMax) {
        equal = &test;
      }
    }
    if (equal != nullptr) {
      ++out.matched;
      std::vector<Value::List> longer;
      for (const Value::List& prefix : prefixes) {
        const Value::List one = {equal->operand};
        for (const Value& value : equal->op == Op::equals ? one : equal->operand.list()) {
          longer.push_back(prefix);
          longer.back().push_back(value);
        }
      }
      prefixes = std::move(longer);
      continue;
    }
    for (const Condition::Test& test : condition.tests()) {
      const bool ranged = test.op == Op::less || test.op == Op::at_most || test.op == Op::greater ||
                          test.op == Op::at_least || test.op == Op::between || test.op == Op::begins_with;
      if (test.path == path && ranged) out.next.push_back(test);
    }
    break;
  }
  for (Value::List& prefix : prefixes) out.prefixes.push_back(Value::list(std::move(prefix)));
  std::sort(out.prefixes.begin(), out.prefixes.end());
  out.prefixes.erase(std::unique(out.prefixes.begin(), out.prefixes.end()), out.prefixes.end());
  return out;
}

std::vector<RowId> RowIndex::find(const Access& access) const {
  using Op = Condition::Op;
  std::vector<RowId> rows;
  std::set<RowId> seen;
  for (const Value& prefix : access.prefixes) {
    const std::size_t n = prefix.list().size();
    Value::List from = prefix.list();
    for (const Condition::Test& test : access.next) {
      const Value* low = test.op == Op::between ? &test.operand.list()[0]
                         : test.op == Op::greater || test.op == Op::at_least || test.op == Op::begins_with
                             ? &test.operand
                             : nullptr;
      if (low == nullptr) continue;
      if (from.size() == n) from.push_back(*low);
      if (from[n] < *low) from[n] = *low;
    }
    for (auto it = entries_.lower_bound({Value::list(from), 0}); it != entries_.end(); ++it) {
      const Value::List& key = it->first.list();
      if (!std::equal(prefix.list().begin(), prefix.list().end(), key.begin())) break;
      bool fits = true, beyond = false;
      for (const Condition::Test& test : access.next) {
        if (holds(test, key[n])) continue;
        fits = false;
        const Value* high = test.op == Op::between                          ? &test.operand.list()[1]
                            : test.op == Op::less || test.op == Op::at_most ? &test.operand
                                                                            : nullptr;
        // A text that no longer begins so comes after all that do.
        if ((high != nullptr && !(key[n] < *high)) || (test.op == Op::begins_with)) beyond = true;
      }
      if (beyond) break;
      if (fits && seen.insert(it->second).second) rows.push_back(it->second);
    }
  }
  return rows;
}

}  // namespace syslab
