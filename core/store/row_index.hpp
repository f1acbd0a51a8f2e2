// RowIndex: an ordered secondary index from the values at some paths to row numbers; and which part of it a
// condition needs.
//
// A row without a value at the first path is not in it. Where there is one path, a list on the way to it
// gives an entry for each item (documents). Cost: O(log entries) a change; a range costs what it visits.
// Scripts see rows in the order of keys, then of row numbers.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/store/condition.hpp"

namespace syslab {

using RowId = std::uint64_t;

class RowIndex {
 public:
  RowIndex(std::string name, std::vector<std::string> paths, bool unique)
      : name_(std::move(name)), paths_(std::move(paths)), unique_(unique) {}

  const std::string& name() const { return name_; }
  const std::vector<std::string>& paths() const { return paths_; }
  bool unique() const { return unique_; }
  std::size_t size() const { return entries_.size(); }

  // The keys of a row, lists of values.
  std::vector<Value> keys_of(const Value& row) const;
  void add(const Value& key, RowId id) { entries_.emplace(key, id); }
  void remove(const Value& key, RowId id) { entries_.erase({key, id}); }

  // What of a condition this index can serve: equal values at the first paths, then perhaps a test of the
  // next.
  struct Access {
    std::vector<Value> prefixes = {};  // lists of equal values, in order
    std::vector<Condition::Test> next = {};
    std::size_t matched = 0;  // paths with equal values
    // Larger is better; 0: not at all.
    std::size_t score() const { return 2 * matched + (next.empty() ? 0 : 1); }
  };
  Access access(const Condition& condition) const;
  // The rows in question, once each; others may be among them, so test each.
  std::vector<RowId> find(const Access& access) const;
  std::vector<RowId> find(const Value& prefix) const {
    return find(Access{{prefix}, {}, prefix.list().size()});
  }

 private:
  std::string name_;
  std::vector<std::string> paths_;
  bool unique_;
  std::set<std::pair<Value, RowId>> entries_;
};

}  // namespace syslab
