#include "core/store/query.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "core/base/nearest.hpp"
#include "core/store/answer.hpp"

namespace syslab {
namespace {

constexpr std::array<std::string_view, 6> kFunctions = {"average", "count", "distinct", "max", "min", "sum"};

Value put_at(const Value& row, std::string_view path, Value value) {
  const std::size_t dot = path.find('.');
  const std::string_view head = path.substr(0, dot);
  if (dot == std::string_view::npos) return row.with(head, std::move(value));
  const Value& inner = row[head];
  return row.with(head,
                  put_at(inner.is_map() ? inner : Value::map({}), path.substr(dot + 1), std::move(value)));
}

std::string quoted(std::string_view name) {
  return std::string("'").append(name).append("'");
}

Expected<std::vector<std::string>> texts(const Value& given, std::string_view what) {
  std::vector<std::string> out;
  if (given.is_nil()) return out;
  if (given.is_string()) return std::vector<std::string>{std::string(given.string())};
  if (!given.is_list()) return malformed(quoted(what) + " is a list of names");
  for (const Value& one : given.list()) {
    if (!one.is_string() || one.string().empty()) return malformed(quoted(what) + " is a list of names");
    out.emplace_back(one.string());
  }
  return out;
}

Expected<std::size_t> whole(const Value& given, std::string_view what) {
  if (!given.is_number() || given.number() < 0 || given.number() > 1e15) {
    return malformed(quoted(what) + " is a number from 0");
  }
  return static_cast<std::size_t>(given.number());
}

Value computed(const std::string& function, const std::string& path, const std::vector<Value>& rows) {
  double sum = 0, n = 0;
  Value low, high;
  std::set<Value> different;
  for (const Value& row : rows) {
    if (path.empty()) {
      ++n;
      continue;
    }
    const Value& v = value_at(row, path);
    if (v.is_nil()) continue;
    ++n;
    if (v.is_number()) sum += v.number();
    if (low.is_nil() || v < low) low = v;
    if (high.is_nil() || high < v) high = v;
    if (function == "distinct") different.insert(v);
  }
  if (function == "count") return n;
  if (function == "sum") return sum;
  if (function == "average") return n == 0 ? Value() : Value(sum / n);
  if (function == "min") return low;
  if (function == "max") return high;
  return static_cast<double>(different.size());
}

}  // namespace

const std::vector<std::string>& QueryTail::fields() {
  static const std::vector<std::string> fields = {"group",   "compute", "having", "order",
                                                  "columns", "limit",   "offset"};
  return fields;
}

Expected<QueryTail> QueryTail::parse(const Value& body) {
  QueryTail tail;
  auto group = texts(body["group"], "group");
  if (!group) return group.error();
  tail.group_ = *group;
  if (const Value& compute = body["compute"]; !compute.is_nil()) {
    if (!compute.is_map()) return malformed("'compute' is a map: { total = { 'sum', 'amount' } }");
    for (const auto& [name, how] : compute.map()) {
      auto parts = texts(how, "compute." + name);
      if (!parts) return parts.error();
      if (parts->empty() || parts->size() > 2)
        return malformed("'compute." + name + "' is { function, column }");
      if (std::find(kFunctions.begin(), kFunctions.end(), (*parts)[0]) == kFunctions.end()) {
        return malformed("there is no function '" + (*parts)[0] + "'" +
                         did_you_mean((*parts)[0], {kFunctions.begin(), kFunctions.end()}));
      }
      if (parts->size() == 1 && (*parts)[0] != "count") {
        return malformed("'compute." + name + "' needs a column: { '" + (*parts)[0] + "', column }");
      }
      tail.compute_.push_back({name, (*parts)[0], parts->size() == 2 ? (*parts)[1] : ""});
    }
  }
  auto having = Condition::parse(body["having"]);
  if (!having) return having.error();
  tail.having_ = *having;
  if (!tail.groups() && !having->trivial()) return malformed("'having' is for groups: use 'where'");
  auto order = texts(body["order"], "order");
  if (!order) return order.error();
  for (const std::string& path : *order) {
    const bool down = path[0] == '-';
    tail.order_.push_back({down ? path.substr(1) : path, down});
  }
  if (const Value& columns = body["columns"]; columns.is_map()) {
    tail.renamed_ = true;
    for (const auto& [name, path] : columns.map()) {
      if (!path.is_string()) return malformed("'columns' are names, or a map of new names to old ones");
      tail.columns_.emplace_back(name, std::string(path.string()));
    }
  } else {
    auto names = texts(columns, "columns");
    if (!names) return names.error();
    for (const std::string& name : *names) tail.columns_.emplace_back(name, name);
  }
  if (!body["limit"].is_nil()) {
    auto limit = whole(body["limit"], "limit");
    if (!limit) return limit.error();
    tail.limit_ = *limit;
  }
  if (!body["offset"].is_nil()) {
    auto offset = whole(body["offset"], "offset");
    if (!offset) return offset.error();
    tail.offset_ = *offset;
  }
  return tail;
}

std::vector<std::string> QueryTail::paths() const {
  std::vector<std::string> out = group_;
  for (const Compute& c : compute_) {
    if (!c.path.empty()) out.push_back(c.path);
  }
  if (!groups()) {
    for (const Order& o : order_) out.push_back(o.path);
    for (const auto& [name, path] : columns_) out.push_back(path);
  }
  return out;
}

std::vector<Value> QueryTail::run(std::vector<Value> rows) const {
  if (groups()) {
    std::map<Value, std::vector<Value>> all;
    if (group_.empty()) all[Value::list({})];
    for (Value& row : rows) {
      Value::List key;
      for (const std::string& path : group_) key.push_back(value_at(row, path));
      all[Value::list(std::move(key))].push_back(std::move(row));
    }
    rows.clear();
    for (const auto& [key, members] : all) {
      Value row = Value::map({});
      for (std::size_t i = 0; i < group_.size(); ++i) {
        if (!key.list()[i].is_nil()) row = put_at(row, group_[i], key.list()[i]);
      }
      for (const Compute& c : compute_) {
        Value value = computed(c.function, c.path, members);
        if (!value.is_nil()) row = row.with(c.name, std::move(value));
      }
      if (having_.holds(row)) rows.push_back(std::move(row));
    }
  }
  if (!order_.empty()) {
    std::stable_sort(rows.begin(), rows.end(), [&](const Value& a, const Value& b) {
      for (const Order& o : order_) {
        const int c = value_at(a, o.path).compare(value_at(b, o.path));
        if (c != 0) return o.down ? c > 0 : c < 0;
      }
      return false;
    });
  }
  rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(std::min(offset_, rows.size())));
  if (limit_ && rows.size() > *limit_) rows.resize(*limit_);
  if (!columns_.empty()) {
    for (Value& row : rows) {
      Value out = Value::map({});
      for (const auto& [name, path] : columns_) {
        const Value& value = value_at(row, path);
        if (value.is_nil()) continue;
        out = renamed_ ? out.with(name, value) : put_at(out, path, value);
      }
      row = std::move(out);
    }
  }
  return rows;
}

}  // namespace syslab
