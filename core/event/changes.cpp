#include "core/event/changes.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

namespace syslab {
namespace {

using Path = std::vector<std::string>;

const Value::Map& entries_of(const Value& state) {
  static const Value::Map none;
  return state.is_map() ? state.map() : none;
}

Value change_at(const Path& path, const Value& from, const Value& to) {
  Value::List keys;
  for (const std::string& key : path) keys.emplace_back(key);
  Value::Map change = {{"path", Value::list(std::move(keys))}};
  if (!from.is_nil()) change.emplace_back("from", from);
  if (!to.is_nil()) change.emplace_back("to", to);
  return Value::map(std::move(change));
}

void compare(Path& path, const Value& from, const Value& to, Value::List& out) {
  if (from == to) return;
  const bool both = (from.is_map() && to.is_map()) || path.empty();
  if (!both) {
    out.push_back(change_at(path, from, to));
    return;
  }
  const Value::Map &a = entries_of(from), &b = entries_of(to);
  std::size_t i = 0, j = 0;
  static const Value none;
  while (i < a.size() || j < b.size()) {
    const bool left = j == b.size() || (i < a.size() && a[i].first <= b[j].first);
    const bool right = i == a.size() || (j < b.size() && b[j].first <= a[i].first);
    path.push_back(left ? a[i].first : b[j].first);
    compare(path, left ? a[i].second : none, right ? b[j].second : none, out);
    path.pop_back();
    i += left;
    j += right;
  }
}

std::string path_text(const Value::List& path) {
  std::string text;
  for (const Value& key : path) {
    if (!text.empty()) text += '.';
    text += key.string();
  }
  return text;
}

// The state with `to` at path[depth...]; the empty Value where it became nothing.
Value with_at(const Value& state, const Value::List& path, std::size_t depth, const Value& to) {
  if (depth == path.size()) return to;
  const std::string_view key = path[depth].string();
  Value inner = with_at(state[key], path, depth + 1, to);
  Value::Map map;
  for (const auto& [name, value] : entries_of(state)) {
    if (name != key) map.emplace_back(name, value);
  }
  if (!inner.is_nil()) map.emplace_back(std::string(key), std::move(inner));
  return Value::map(std::move(map));
}

bool is_change(const Value& change) {
  if (!change.is_map() || !change["path"].is_list() || change["path"].list().empty()) return false;
  for (const Value& key : change["path"].list()) {
    if (!key.is_string()) return false;
  }
  return true;
}

}  // namespace

Value changes_between(const Value& from, const Value& to) {
  Value::List out;
  Path path;
  compare(path, from, to, out);
  return Value::list(std::move(out));
}

Expected<Value> apply_changes(const Value& state, const Value& changes) {
  if (!changes.is_list()) return make_error("malformed", "changes are a list");
  Value now = state.is_map() ? state : Value::map({});
  for (const Value& change : changes.list()) {
    if (!is_change(change))
      return make_error("malformed", "a change is { path = { KEY, ... }, from =, to = }");
    const Value::List& path = change["path"].list();
    Value old = now;
    for (const Value& key : path) old = Value(old[key.string()]);
    if (!(old == change["from"])) {
      return make_error("conflict", fmt::format("'{}' is {} and no longer {}", path_text(path), old.json(),
                                                change["from"].json()));
    }
    now = with_at(now, path, 0, change["to"]);
  }
  return now;
}

Value inverse_changes(const Value& changes) {
  if (!changes.is_list()) return changes;
  Value::List out;
  for (auto change = changes.list().rbegin(); change != changes.list().rend(); ++change) {
    Value::Map turned;
    for (const auto& [name, value] : entries_of(*change)) {
      turned.emplace_back(name == "from" ? "to" : name == "to" ? "from" : name, value);
    }
    out.push_back(Value::map(std::move(turned)));
  }
  return Value::list(std::move(out));
}

}  // namespace syslab
