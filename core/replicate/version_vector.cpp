#include "core/replicate/version_vector.hpp"

#include <algorithm>

namespace syslab {
namespace {

auto entry_before = [](const auto& entry, std::string_view replica) { return entry.first < replica; };

}  // namespace

std::string_view to_string(CausalOrder order) {
  constexpr std::string_view kNames[] = {"equal", "before", "after", "concurrent"};
  return kNames[static_cast<std::size_t>(order)];
}

std::optional<std::uint64_t> whole_number(const Value& value) {
  if (!value.is_number()) return std::nullopt;
  const double n = value.number();
  if (!(n >= 0 && n <= 0x1p53)) return std::nullopt;
  const auto whole = static_cast<std::uint64_t>(n);
  return static_cast<double>(whole) == n ? std::optional(whole) : std::nullopt;
}

// ---- VersionVector

std::uint64_t VersionVector::operator[](std::string_view replica) const {
  const auto at = std::lower_bound(entries_.begin(), entries_.end(), replica, entry_before);
  return at == entries_.end() || at->first != replica ? 0 : at->second;
}

std::uint64_t VersionVector::increment(std::string_view replica) {
  const std::uint64_t next = (*this)[replica] + 1;
  raise(replica, next);
  return next;
}

bool VersionVector::raise(std::string_view replica, std::uint64_t counter) {
  if (counter == 0) return false;
  const auto at = std::lower_bound(entries_.begin(), entries_.end(), replica, entry_before);
  if (at == entries_.end() || at->first != replica) {
    entries_.emplace(at, replica, counter);
    return true;
  }
  if (at->second >= counter) return false;
  at->second = counter;
  return true;
}

bool VersionVector::merge(const VersionVector& other) {
  bool news = false;
  for (const auto& [replica, counter] : other.entries_) news |= raise(replica, counter);
  return news;
}

bool VersionVector::covers(const VersionVector& other) const {
  return std::all_of(other.entries_.begin(), other.entries_.end(),
                     [this](const auto& entry) { return (*this)[entry.first] >= entry.second; });
}

CausalOrder VersionVector::compare(const VersionVector& other) const {
  const bool all = covers(other);
  const bool covered = other.covers(*this);
  if (all && covered) return CausalOrder::equal;
  return all ? CausalOrder::after : covered ? CausalOrder::before : CausalOrder::concurrent;
}

Value VersionVector::encode() const {
  Value::Map map;
  for (const auto& [replica, counter] : entries_) map.emplace_back(replica, static_cast<double>(counter));
  return Value::map(std::move(map));
}

Expected<VersionVector> VersionVector::decode(const Value& value) {
  VersionVector vector;
  // An empty table of Lua is an empty list.
  if (value.is_list() && value.list().empty()) return vector;
  if (!value.is_map()) return make_error("malformed", "a version vector is a map of replica to number");
  for (const auto& [replica, counter] : value.map()) {
    const auto n = whole_number(counter);
    if (!n)
      return make_error("malformed", "the number of '" + replica + "' is no whole number of at least 0");
    vector.raise(replica, *n);
  }
  return vector;
}

// ---- CausalContext

bool CausalContext::add(const Dot& dot) {
  if (covers(dot)) return false;
  others_.insert(dot);
  compact(dot.replica);
  return true;
}

bool CausalContext::merge(const CausalContext& other) {
  bool news = false;
  for (const auto& [replica, counter] : other.vector_.entries()) {
    if (!vector_.raise(replica, counter)) continue;
    news = true;
    compact(replica);
  }
  for (const Dot& dot : other.others_) news |= add(dot);
  return news;
}

void CausalContext::compact(const std::string& replica) {
  auto at = others_.lower_bound({replica, 0});
  while (at != others_.end() && at->replica == replica && at->counter <= vector_[replica] + 1) {
    vector_.raise(replica, at->counter);
    at = others_.erase(at);
  }
}

Value CausalContext::encode() const {
  if (others_.empty()) return vector_.encode();
  Value::List list = {vector_.encode()};
  for (const Dot& dot : others_) {
    list.push_back(Value::list({dot.replica, static_cast<double>(dot.counter)}));
  }
  return Value::list(std::move(list));
}

Expected<CausalContext> CausalContext::decode(const Value& value) {
  const Error error = make_error("malformed", "a causal context is a version vector, and perhaps dots");
  CausalContext context;
  const bool list = value.is_list() && !value.list().empty();
  const auto vector = VersionVector::decode(list ? value.list()[0] : value);
  if (!vector) return error;
  context.vector_ = *vector;
  if (!list) return context;
  for (std::size_t i = 1; i < value.list().size(); ++i) {
    const Value& dot = value.list()[i];
    if (!dot.is_list() || dot.list().size() != 2 || !dot.list()[0].is_string()) return error;
    const auto counter = whole_number(dot.list()[1]);
    if (!counter || *counter == 0) return error;
    context.add({std::string(dot.list()[0].string()), *counter});
  }
  return context;
}

}  // namespace syslab
