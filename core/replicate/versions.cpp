#include "core/replicate/versions.hpp"

#include <algorithm>

namespace syslab {
namespace {

bool is_vectored(const Value& record) {
  return record["clock"].is_map();
}

Value vectored(Value clock, Value::List versions) {
  std::sort(versions.begin(), versions.end(),
            [](const Value& a, const Value& b) { return a["dot"] < b["dot"]; });
  return Value::map({{"clock", std::move(clock)}, {"versions", Value::list(std::move(versions))}});
}

void keep_if_unknown(Value::List& kept, const Value& record, const Value& other) {
  const Value::List& theirs = other["versions"].list();
  for (const Value& version : record["versions"].list()) {
    const bool shared =
        std::any_of(theirs.begin(), theirs.end(), [&](const Value& v) { return v["dot"] == version["dot"]; });
    if (!shared && !knows(other["clock"], version["dot"])) kept.push_back(version);
  }
}

}  // namespace

bool knows(const Value& clock, const Value& dot) {
  const Value& n = clock[dot.list()[0].string()];
  return n.is_number() && n.number() >= dot.list()[1].number();
}

Value join_clocks(const Value& a, const Value& b) {
  if (!a.is_map()) return b;
  if (!b.is_map()) return a;
  Value joined = a;
  for (const auto& [actor, n] : b.map()) {
    if (!a[actor].is_number() || a[actor].number() < n.number()) joined = joined.with(actor, n);
  }
  return joined;
}

Value merge_records(const Value& a, const Value& b) {
  if (a.is_nil() || a == b) return b;
  if (b.is_nil()) return a;
  if (!is_vectored(a)) return a["stamp"] < b["stamp"] ? b : a;
  Value::List kept;
  for (const Value& version : a["versions"].list()) {
    const Value::List& theirs = b["versions"].list();
    if (std::any_of(theirs.begin(), theirs.end(),
                    [&](const Value& v) { return v["dot"] == version["dot"]; })) {
      kept.push_back(version);
    }
  }
  keep_if_unknown(kept, a, b);
  keep_if_unknown(kept, b, a);
  return vectored(join_clocks(a["clock"], b["clock"]), std::move(kept));
}

Value add_version(const Value& base, const Value& context, std::string_view actor, const Value& content) {
  Value clock = join_clocks(join_clocks(base["clock"], context), Value::map({}));
  const double n = (clock[actor].is_number() ? clock[actor].number() : 0) + 1;
  clock = clock.with(actor, n);
  Value::List versions;
  if (!base.is_nil()) {
    for (const Value& version : base["versions"].list()) {
      if (!knows(context, version["dot"])) versions.push_back(version);
    }
  }
  versions.push_back(content.with("dot", Value::list({Value(actor), n})));
  return vectored(std::move(clock), std::move(versions));
}

Value::List versions_of(const Value& record) {
  if (record.is_nil()) return {};
  return is_vectored(record) ? record["versions"].list() : Value::List{record};
}

bool is_tombstone(const Value& record) {
  const Value::List versions = versions_of(record);
  return !versions.empty() &&
         std::all_of(versions.begin(), versions.end(), [](const Value& v) { return v["deleted"].truthy(); });
}

double tombstone_time(const Value& record) {
  double last = 0;
  for (const Value& version : versions_of(record)) last = std::max(last, version["at"].number());
  return last;
}

}  // namespace syslab
