// QueryTail: what a query does with the rows that it found: group, having, order, columns, limit.
//
//   group = { "city" }, compute = { n = "count", total = { "sum", "amount" } }, having = { total = { greater
//   = 9 } } order = { "-total", "city" } (minus: largest first), columns = { "city" } or { name =
//   "users.name" }, limit = 10, offset = 20
//
// `compute` knows count, sum, average, min, max and distinct; without `group` all rows are one group. Values
// of rows that lack the path do not count. Output rows are nested as paths are: "users.city" is { users = {
// city = } }.
//
// Cost: O(n log n) to order and group.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/store/condition.hpp"

namespace syslab {

class QueryTail {
 public:
  // The fields of a request that it reads.
  static const std::vector<std::string>& fields();
  // Errors: malformed.
  static Expected<QueryTail> parse(const Value& body);

  std::vector<Value> run(std::vector<Value> rows) const;
  bool groups() const { return !group_.empty() || !compute_.empty(); }
  // Paths into the rows that come in.
  std::vector<std::string> paths() const;

 private:
  struct Compute {
    std::string name;
    std::string function;
    std::string path;
  };
  struct Order {
    std::string path;
    bool down;
  };

  std::vector<std::string> group_;
  std::vector<Compute> compute_;
  Condition having_;
  std::vector<Order> order_;
  std::vector<std::pair<std::string, std::string>> columns_;  // name, path
  bool renamed_ = false;
  std::optional<std::size_t> limit_;
  std::size_t offset_ = 0;
};

}  // namespace syslab
