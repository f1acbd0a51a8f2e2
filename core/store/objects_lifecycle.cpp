// What happens to objects by themselves, and what they cost: the half of ObjectStore that time drives.
//
// Every bucket knows when something in it falls due at the earliest; until then nothing is looked at. On that
// day all keys of the bucket are asked what is due (an expiration, a transition, a tier, the end of a restore
// ...), it is carried out, and the next such day follows from their answers. Everything that depends on days
// is due at midnight, so a bucket is walked once a day at most, however many objects it has.
//
// Money: a meter for each class (and each tier) has the bytes that are stored, and the sum of bytes times
// seconds until its last change. So storage costs are exact and cost O(1) a change.
#include <algorithm>
#include <cmath>

#include "core/base/nearest.hpp"
#include "core/store/objects.hpp"

namespace syslab {
namespace {

constexpr Duration kDay = std::chrono::hours(24);
constexpr double kMonthSeconds = 30 * 86400.0;
constexpr double kGb = 0x1p30;

Error invalid(std::string message) {
  return Error{"InvalidArgument", std::move(message), true};
}

template <class T>
Value count(T n) {
  return static_cast<double>(n);
}

// The midnight at or after `at` + days.
Instant midnight(Instant at, std::int64_t days) {
  constexpr std::int64_t day = kDay.count();
  if (days > (Instant::max() - at) / kDay - 1) return Instant::max();
  const std::int64_t ns = (at + days * kDay).time_since_epoch().count();
  const std::int64_t whole = (ns + day - 1) / day;
  return Instant(Duration(whole * day));
}

}  // namespace

// ---- rules

Expected<std::vector<ObjectStore::Transition>> ObjectStore::transitions_of(const Value& given,
                                                                           const char* what) const {
  std::vector<Transition> out;
  if (given.is_nil()) return out;
  if (!given.is_list()) return invalid(std::string(what) + " is a list of {days, class}");
  for (const Value& t : given.list()) {
    if (!t["days"].is_number() || t["days"].number() < 0 ||
        t["days"].number() != std::floor(t["days"].number())) {
      return invalid(std::string(what) + ": days is a whole number of at least 0");
    }
    const auto cls = class_of(t);
    if (!cls) return cls.error();
    if (t["class"].is_nil() || *cls == 0) {
      return invalid(std::string(what) + ": nothing moves into " + options_.profile.classes[0].name);
    }
    const auto days = static_cast<std::int64_t>(std::min(t["days"].number(), 1e6));
    // As published: the first month of an object is not for classes that are for the infrequent.
    const StorageClass& c = options_.profile.classes[*cls];
    if (c.duration_min == options_.profile.transition_age_min && c.bytes_min > 0 &&
        days * kDay < options_.profile.transition_age_min) {
      return invalid(std::string(what) + ": into " + c.name + " after " +
                     std::to_string(options_.profile.transition_age_min / kDay) + " days at the earliest");
    }
    for (const Transition& other : out) {
      const bool later = days > other.days;
      if (other.cls == *cls || later != (*cls > other.cls)) {
        return invalid(std::string(what) +
                       ": classes follow each other as they get colder, each at its time");
      }
    }
    out.push_back({days, *cls});
  }
  return out;
}

Expected<ObjectStore::Rule> ObjectStore::rule_of(const Value& given, std::size_t index) const {
  static const std::vector<std::string> known = {"id",
                                                 "prefix",
                                                 "tags",
                                                 "bytes_above",
                                                 "bytes_below",
                                                 "enabled",
                                                 "expire_days",
                                                 "expire_markers",
                                                 "transitions",
                                                 "noncurrent_days",
                                                 "noncurrent_keep",
                                                 "noncurrent_transitions",
                                                 "abort_days"};
  if (!given.is_map()) return invalid("a rule is a map such as { prefix = 'logs/', expire_days = 30 }");
  for (const auto& [field, value] : given.map()) {
    if (std::find(known.begin(), known.end(), field) == known.end()) {
      return invalid("a rule has no '" + field + "'" + did_you_mean(field, known));
    }
  }
  const auto days = [&](const char* name, double low) -> Expected<std::optional<std::int64_t>> {
    const Value& v = given[name];
    if (v.is_nil()) return std::optional<std::int64_t>();
    if (!v.is_number() || v.number() < low || v.number() != std::floor(v.number()) || v.number() > 9e15) {
      return invalid(std::string(name) + " is a whole number of at least " +
                     std::to_string(static_cast<int>(low)));
    }
    return std::optional(static_cast<std::int64_t>(v.number()));
  };
  Rule rule;
  rule.id = given["id"].is_string() ? std::string(given["id"].string()) : "rule-" + std::to_string(index + 1);
  rule.prefix = given["prefix"].is_string() ? std::string(given["prefix"].string()) : "";
  rule.tags = given["tags"];
  rule.enabled = given["enabled"].is_nil() || given["enabled"].truthy();
  rule.expire_markers = given["expire_markers"].truthy();
  const auto above = days("bytes_above", 0), below = days("bytes_below", 0),
             keep = days("noncurrent_keep", 0);
  const auto expire = days("expire_days", 1), noncurrent = days("noncurrent_days", 1),
             abort = days("abort_days", 1);
  for (const auto* d : {&above, &below, &keep, &expire, &noncurrent, &abort}) {
    if (!*d) return d->error();
  }
  if (*above) rule.bytes_above = static_cast<std::uint64_t>(**above);
  if (*below) rule.bytes_below = static_cast<std::uint64_t>(**below);
  if (*keep) rule.noncurrent_keep = static_cast<std::uint64_t>(**keep);
  rule.expire_days = *expire;
  rule.noncurrent_days = *noncurrent;
  rule.abort_days = *abort;
  auto transitions = transitions_of(given["transitions"], "transitions");
  if (!transitions) return transitions.error();
  auto old = transitions_of(given["noncurrent_transitions"], "noncurrent_transitions");
  if (!old) return old.error();
  rule.transitions = *transitions;
  rule.noncurrent_transitions = *old;
  for (const Transition& t : rule.transitions) {
    if (rule.expire_days && *rule.expire_days <= t.days)
      return invalid("expire_days comes after every transition");
  }
  if (!rule.expire_days && !rule.expire_markers && rule.transitions.empty() && !rule.noncurrent_days &&
      rule.noncurrent_transitions.empty() && !rule.abort_days) {
    return invalid("the rule '" + rule.id + "' does nothing");
  }
  return rule;
}

Result ObjectStore::set_lifecycle(const Value& a) {
  const auto bucket = bucket_of(a);
  if (!bucket) return bucket.error();
  if (!a["rules"].is_list()) return invalid("rules is a list");
  std::vector<Rule> rules;
  for (const Value& given : a["rules"].list()) {
    auto rule = rule_of(given, rules.size());
    if (!rule) return rule.error();
    rules.push_back(std::move(*rule));
  }
  (*bucket)->rules = std::move(rules);
  (*bucket)->rules_given = a["rules"];
  expect(**bucket, midnight(now_, 0));
  return Value(true);
}

Result ObjectStore::get_lifecycle(const Value& a) {
  const auto bucket = bucket_of(a);
  if (!bucket) return bucket.error();
  return (*bucket)->rules_given.is_nil() ? Value::list({}) : (*bucket)->rules_given;
}

bool ObjectStore::matches(const Rule& rule, const std::string& key, const Version& v) const {
  if (!rule.enabled || !key.starts_with(rule.prefix)) return false;
  if (!v.marker && (v.content.size <= rule.bytes_above || v.content.size >= rule.bytes_below) &&
      rule.has_size_filter()) {
    return false;
  }
  if (rule.tags.is_map()) {
    for (const auto& [name, value] : rule.tags.map()) {
      if (v.tags[name] != value) return false;
    }
  }
  return true;
}

// ---- what is due, and when

ObjectStore::Due ObjectStore::due_of(const Bucket& bucket, const std::string& name, const Key& key,
                                     std::size_t index) const {
  const Version& v = *key.versions[index];
  const bool newest = index + 1 == key.versions.size();
  Due best;
  // What is late is due now; of two at once the one that leaves less to do wins.
  const auto consider = [&](DueKind kind, Instant at, std::size_t cls) {
    at = std::max(at, now_);
    const bool better = at < best.at || (at == best.at && best.kind == DueKind::transition &&
                                         kind == DueKind::transition && cls > best.cls);
    if (at != Instant::max() && better) best = {kind, at, cls};
  };
  const auto each_rule = [&](auto&& visit) {
    for (const Rule& rule : bucket.rules) {
      if (matches(rule, name, v)) visit(rule);
    }
  };
  if (v.marker) {
    if (newest && key.versions.size() == 1) {
      each_rule([&](const Rule& rule) {
        if (rule.expire_markers) consider(DueKind::remove_marker, midnight(v.modified, 0), 0);
        if (rule.expire_days) consider(DueKind::remove_marker, midnight(v.modified, *rule.expire_days), 0);
      });
    }
    if (!newest) {
      each_rule([&](const Rule& rule) {
        if (rule.noncurrent_days)
          consider(DueKind::remove_marker, midnight(v.noncurrent, *rule.noncurrent_days), 0);
      });
    }
    return best;
  }
  const auto newer = key.versions.size() - 1 - index;  // 1 for the one below the newest
  each_rule([&](const Rule& rule) {
    if (newest && rule.expire_days) consider(DueKind::expire, midnight(v.modified, *rule.expire_days), 0);
    if (!newest && rule.noncurrent_days && newer > rule.noncurrent_keep) {
      consider(DueKind::expire, midnight(v.noncurrent, *rule.noncurrent_days), 0);
    }
  });
  each_rule([&](const Rule& rule) {
    if (v.content.size < options_.profile.transition_bytes_min && !rule.has_size_filter()) return;
    for (const Transition& t : newest ? rule.transitions : rule.noncurrent_transitions) {
      if (t.cls > v.cls) {
        consider(DueKind::transition, midnight(newest ? v.modified : v.noncurrent, t.days), t.cls);
      }
    }
  });
  const auto& tiers = options_.profile.tiers;
  if (options_.profile.classes[v.cls].tiering && v.content.size >= options_.profile.tiering_bytes_min &&
      v.tier + 1 < tiers.size()) {
    consider(DueKind::tier, midnight(v.read + tiers[v.tier + 1].after, 0), 0);
  }
  if (v.restored) {
    consider(v.restored->done ? DueKind::restore_end : DueKind::restored,
             v.restored->done ? v.restored->until : v.restored->ready, 0);
  }
  return best;
}

void ObjectStore::expect(Bucket& bucket, Instant at) {
  bucket.due = std::min(bucket.due, at);
  next_due_ = std::min(next_due_, at);
}

void ObjectStore::expect_key(Bucket& bucket, const std::string& name, const Key& key) {
  for (std::size_t i = 0; i < key.versions.size(); ++i) expect(bucket, due_of(bucket, name, key, i).at);
}

void ObjectStore::refresh_due() {
  next_due_ = Instant::max();
  for (const auto& [name, bucket] : buckets_) next_due_ = std::min(next_due_, bucket.due);
}

void ObjectStore::advance(Instant now) {
  while (next_due_ <= now) {
    now_ = std::max(now_, next_due_);
    for (auto& [name, bucket] : buckets_) {
      if (bucket.due <= now_) run_due(bucket);
    }
    refresh_due();
  }
  now_ = std::max(now_, now);
}

// When an upload that nobody completes is given up.
Instant ObjectStore::end_of(const Bucket& bucket, const Upload& upload) const {
  Instant end = Instant::max();
  for (const Rule& rule : bucket.rules) {
    if (rule.enabled && rule.abort_days && upload.key.starts_with(rule.prefix)) {
      end = std::min(end, midnight(upload.begun, *rule.abort_days));
    }
  }
  return end;
}

void ObjectStore::run_due(Bucket& bucket) {
  bucket.due = Instant::max();
  std::vector<std::string> names;
  for (const auto& [name, key] : bucket.keys) {
    for (std::size_t i = 0; i < key.versions.size(); ++i) {
      const Due due = due_of(bucket, name, key, i);
      if (due.at <= now_) {
        names.push_back(name);
        break;
      }
      bucket.due = std::min(bucket.due, due.at);
    }
  }
  for (const std::string& name : names) {
    // Each step changes what is there, and may take the key away.
    for (bool again = true; again;) {
      again = false;
      const auto key = bucket.keys.find(name);
      if (key == bucket.keys.end()) break;
      for (std::size_t i = 0; i < key->second.versions.size(); ++i) {
        const Due due = due_of(bucket, name, key->second, i);
        if (due.at > now_) {
          bucket.due = std::min(bucket.due, due.at);
          continue;
        }
        carry_out(bucket, name, key->second, i, due);
        again = true;
        break;
      }
    }
  }
  for (auto upload = bucket.uploads.begin(); upload != bucket.uploads.end();) {
    const Instant end = end_of(bucket, upload->second);
    if (end > now_) {
      bucket.due = std::min(bucket.due, end);
      ++upload;
      continue;
    }
    for (const auto& [n, part] : upload->second.parts) bill_part(upload->second, part, false);
    upload = bucket.uploads.erase(upload);
  }
}

void ObjectStore::carry_out(Bucket& bucket, const std::string& name, Key& key, std::size_t index,
                            const Due& due) {
  const VersionPtr v = key.versions[index];
  const bool newest = index + 1 == key.versions.size();
  switch (due.kind) {
    case DueKind::none:
      break;
    case DueKind::remove_marker:
      take_away(bucket, name, key, index);
      tell(bucket, "LifecycleExpiration:Delete", name, *v);
      break;
    case DueKind::expire:
      if (newest && bucket.versioning != Versioning::never) {
        place_marker(bucket, name, key);
        tell(bucket, "LifecycleExpiration:DeleteMarkerCreated", name, *key.versions.back());
      } else {
        take_away(bucket, name, key, index);
        tell(bucket, "LifecycleExpiration:Delete", name, *v);
      }
      break;
    case DueKind::transition:
      leave_class(*v);
      bill_version(*v, false);
      v->cls = due.cls;
      v->tier = 0;
      v->entered = v->read = now_;
      v->restored.reset();
      bill_version(*v, true);
      spent_[v->cls].transitions += 1;
      spent_[v->cls].transitions_cost += options_.profile.classes[v->cls].per_1000_transitions / 1000;
      tell(bucket, "LifecycleTransition", name, *v);
      break;
    case DueKind::tier:
      bill_version(*v, false);
      ++v->tier;
      bill_version(*v, true);
      tell(bucket, "IntelligentTiering", name, *v);
      break;
    case DueKind::restored:
      bill_version(*v, false);
      v->restored->done = true;
      bill_version(*v, true);
      tell(bucket, "ObjectRestore:Completed", name, *v);
      break;
    case DueKind::restore_end:
      bill_version(*v, false);
      v->restored.reset();
      bill_version(*v, true);
      break;
  }
}

// ---- money

void ObjectStore::meter(std::size_t line, double bytes, double objects) {
  Meter& m = meters_[line];
  const double seconds = to_seconds(now_ - m.since);
  m.byte_seconds += m.bytes * seconds;
  m.object_seconds += m.objects * seconds;
  m.since = now_;
  m.bytes += bytes;
  m.objects += objects;
}

std::size_t ObjectStore::line_of(const Version& v) const {
  return options_.profile.classes[v.cls].tiering ? options_.profile.classes.size() + v.tier : v.cls;
}

void ObjectStore::bill_version(const Version& v, bool start) {
  if (v.marker) return;
  const double sign = start ? 1 : -1;
  const StorageClass& cls = options_.profile.classes[v.cls];
  meter(line_of(v), sign * static_cast<double>(std::max(v.content.size, cls.bytes_min) + cls.overhead_bytes),
        sign);
  if (cls.overhead_first > 0) meter(0, sign * static_cast<double>(cls.overhead_first), 0);
  if (v.restored && v.restored->done) meter(0, sign * static_cast<double>(v.content.size), 0);
  if (cls.tiering && v.content.size >= options_.profile.tiering_bytes_min) {
    monitored_.object_seconds += monitored_.objects * to_seconds(now_ - monitored_.since);
    monitored_.since = now_;
    monitored_.objects += sign;
  }
}

// Parts cost as what they are going to be, but nothing archived is before it is complete.
void ObjectStore::bill_part(const Upload& upload, const Part& part, bool start) {
  const StorageClass& cls = options_.profile.classes[upload.cls];
  const std::size_t line = cls.archived() || cls.tiering ? 0 : upload.cls;
  meter(line, (start ? 1 : -1) * static_cast<double>(part.content.size), 0);
}

// What leaves a class before its minimum is paid for up to there.
void ObjectStore::leave_class(const Version& v) {
  if (v.marker) return;
  const StorageClass& cls = options_.profile.classes[v.cls];
  const Duration left = cls.duration_min - (now_ - v.entered);
  if (left <= Duration::zero()) return;
  const auto bytes = static_cast<double>(std::max(v.content.size, cls.bytes_min));
  spent_[v.cls].early_deletion += cls.storage * bytes / kGb * to_seconds(left) / kMonthSeconds;
}

void ObjectStore::charge_requests(std::size_t cls, bool write) {
  const StorageClass& c = options_.profile.classes[cls];
  (write ? spent_[cls].writes : spent_[cls].reads) += 1;
  spent_[cls].requests_cost += (write ? c.per_1000_writes : c.per_1000_reads) / 1000;
}

void ObjectStore::charge_retrieval(const Version& v, std::uint64_t bytes) {
  const StorageClass& c = options_.profile.classes[v.cls];
  if (c.archived() || c.retrieval == 0) return;
  spent_[v.cls].retrieved_bytes += static_cast<double>(bytes);
  spent_[v.cls].retrieval_cost += c.retrieval * static_cast<double>(bytes) / kGb;
}

Value ObjectStore::bill() const {
  double storage = 0, requests = 0, retrieval = 0, early = 0, transitions = 0;
  Value::Map classes;
  const auto stored = [&](std::size_t line, const std::string& name, double price) {
    const Meter& m = meters_[line];
    const double seconds = to_seconds(now_ - m.since);
    const double gb_months = (m.byte_seconds + m.bytes * seconds) / kGb / kMonthSeconds;
    storage += gb_months * price;
    return Value::map({{"name", name},
                       {"objects", m.objects},
                       {"bytes", m.bytes},
                       {"gb_months", gb_months},
                       {"storage", gb_months * price}});
  };
  const auto& profile = options_.profile;
  for (std::size_t i = 0; i < profile.classes.size(); ++i) {
    const StorageClass& cls = profile.classes[i];
    const Spent& s = spent_[i];
    Value line = stored(i, cls.name, cls.storage)
                     .with("writes", s.writes)
                     .with("reads", s.reads)
                     .with("requests", s.requests_cost)
                     .with("retrieved_bytes", s.retrieved_bytes)
                     .with("retrieval", s.retrieval_cost)
                     .with("restores", s.restores)
                     .with("early_deletion", s.early_deletion)
                     .with("transitions", s.transitions)
                     .with("transitions_cost", s.transitions_cost);
    requests += s.requests_cost;
    retrieval += s.retrieval_cost;
    early += s.early_deletion;
    transitions += s.transitions_cost;
    classes.emplace_back(cls.name, std::move(line));
  }
  Value::Map tiers;
  for (std::size_t i = 0; i < profile.tiers.size(); ++i) {
    tiers.emplace_back(profile.tiers[i].name,
                       stored(profile.classes.size() + i, profile.tiers[i].name, profile.tiers[i].storage));
  }
  const double monitored =
      monitored_.object_seconds + monitored_.objects * to_seconds(now_ - monitored_.since);
  const double monitoring = profile.monitoring / 1000 * monitored / kMonthSeconds;
  return Value::map({{"classes", Value::map(std::move(classes))},
                     {"tiers", Value::map(std::move(tiers))},
                     {"storage", storage},
                     {"requests", requests},
                     {"retrieval", retrieval},
                     {"early_deletion", early},
                     {"transitions", transitions},
                     {"monitoring", monitoring},
                     {"total", storage + requests + retrieval + early + transitions + monitoring}});
}

Value ObjectStore::counts() const {
  std::uint64_t objects = 0, versions = 0, uploads = 0, bytes = 0;
  for (const auto& [name, bucket] : buckets_) {
    uploads += bucket.uploads.size();
    for (const auto& [key, state] : bucket.keys) {
      objects += !state.versions.empty() && !state.versions.back()->marker ? 1 : 0;
      versions += state.versions.size();
      for (const VersionPtr& v : state.versions) bytes += v->content.size;
    }
  }
  return Value::map({{"buckets", count(buckets_.size())},
                     {"objects", count(objects)},
                     {"versions", count(versions)},
                     {"uploads", count(uploads)},
                     {"bytes", count(bytes)}});
}

void ObjectStore::check_invariants() const {
  std::vector<double> bytes(lines(), 0.0), objects(lines(), 0.0);
  for (const auto& [bucket_name, bucket] : buckets_) {
    for (const auto& [name, key] : bucket.keys) {
      SYSLAB_ASSERT(eventual() || !key.versions.empty());
      std::size_t nulls = 0;
      for (std::size_t i = 0; i < key.versions.size(); ++i) {
        const Version& v = *key.versions[i];
        nulls += v.null_id ? 1 : 0;
        const bool newest = i + 1 == key.versions.size();
        SYSLAB_ASSERT((v.noncurrent == Instant::max()) == newest);
        SYSLAB_ASSERT(i == 0 || key.versions[i - 1]->number < v.number);
        SYSLAB_ASSERT(due_of(bucket, name, key, i).at >= bucket.due);
        if (v.marker) continue;
        const StorageClass& cls = options_.profile.classes[v.cls];
        bytes[line_of(v)] +=
            static_cast<double>(std::max(v.content.size, cls.bytes_min) + cls.overhead_bytes);
        objects[line_of(v)] += 1;
        bytes[0] += static_cast<double>(cls.overhead_first);
        if (v.restored && v.restored->done) bytes[0] += static_cast<double>(v.content.size);
      }
      SYSLAB_ASSERT(nulls <= 1);
      SYSLAB_ASSERT(bucket.versioning != Versioning::never || key.versions.size() <= 1);
    }
    for (const auto& [id, upload] : bucket.uploads) {
      const StorageClass& cls = options_.profile.classes[upload.cls];
      for (const auto& [n, part] : upload.parts) {
        bytes[cls.archived() || cls.tiering ? 0 : upload.cls] += static_cast<double>(part.content.size);
      }
    }
  }
  for (std::size_t i = 0; i < lines(); ++i) {
    SYSLAB_ASSERT(meters_[i].bytes == bytes[i]);
    SYSLAB_ASSERT(meters_[i].objects == objects[i]);
  }
}

}  // namespace syslab
