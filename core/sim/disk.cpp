#include "core/sim/disk.hpp"

#include <algorithm>
#include <cmath>

#include "core/sim/host.hpp"

namespace syslab {
namespace {

constexpr Duration kWriteTime = std::chrono::microseconds(100);
constexpr Duration kSyncTime = std::chrono::milliseconds(1);

// What is left of a record when the power fails in the middle of writing it.
Value torn(const Value& value) {
  switch (value.type()) {
    case Value::Type::string:
      return value.string().substr(0, value.string().size() / 2);
    case Value::Type::list: {
      const Value::List& items = value.list();
      return Value::list(
          Value::List(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(items.size() / 2)));
    }
    case Value::Type::map: {
      const Value::Map& entries = value.map();
      return Value::map(
          Value::Map(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(entries.size() / 2)));
    }
    default:
      return false;
  }
}

// One bit of a scalar inside flips.
Value flipped(const Value& value, Rng& rng) {
  switch (value.type()) {
    case Value::Type::nil:
      return false;
    case Value::Type::boolean:
      return !value.boolean();
    case Value::Type::number:
      // A bit of the whole part, so that the damage shows and stays a number.
      return value.number() + std::ldexp(rng.chance(0.5) ? 1.0 : -1.0, static_cast<int>(rng.below(16)));
    case Value::Type::string: {
      std::string text(value.string());
      if (text.empty()) return "\x01";
      char& c = text[rng.below(text.size())];
      c = static_cast<char>(c ^ static_cast<char>(1 << rng.below(7)));
      return text;
    }
    case Value::Type::list: {
      Value::List items = value.list();
      if (items.empty()) return false;
      Value& item = items[rng.below(items.size())];
      item = flipped(item, rng);
      return Value::list(std::move(items));
    }
    case Value::Type::map: {
      Value::Map entries = value.map();
      if (entries.empty()) return false;
      Value& item = entries[rng.below(entries.size())].second;
      item = flipped(item, rng);
      return Value::map(std::move(entries));
    }
  }
  return {};
}

}  // namespace

std::optional<CrashDisk> parse_crash_disk(std::string_view name) {
  for (CrashDisk what : {CrashDisk::synced, CrashDisk::prefix, CrashDisk::all, CrashDisk::wiped}) {
    if (to_string(what) == name) return what;
  }
  return std::nullopt;
}

std::string_view to_string(CrashDisk what) {
  constexpr std::string_view kNames[] = {"synced", "prefix", "all", "wiped"};
  return kNames[static_cast<std::size_t>(what)];
}

void Disk::File::set(Value value) {
  is_list = value.is_list();
  records.clear();
  listed = Value();
  content = Value();
  if (is_list) {
    records = value.list();
    listed = std::move(value);
  } else {
    content = std::move(value);
  }
}

Value Disk::File::value() const {
  if (!is_list) return content;
  if (listed.is_nil()) listed = Value::list(records);
  return listed;
}

std::size_t Disk::File::size_bytes() const {
  if (!is_list) return content.size_bytes();
  std::size_t n = 5;
  for (const Value& record : records) n += record.size_bytes();
  return n;
}

Disk::Disk(Host& host, DiskOptions options, Rng rng) : host_(host), options_(std::move(options)), rng_(rng) {}

void Disk::write(const std::string& file, Value content, Done done) {
  enqueue({Operation::Kind::write, file, std::move(content), std::move(done)});
}
void Disk::append(const std::string& file, Value record, Done done) {
  enqueue({Operation::Kind::append, file, std::move(record), std::move(done)});
}
void Disk::sync(Done done) {
  enqueue({Operation::Kind::sync, {}, {}, std::move(done)});
}
void Disk::read(const std::string& file, Done done) {
  enqueue({Operation::Kind::read, file, {}, std::move(done)});
}

void Disk::enqueue(Operation operation) {
  const bool is_sync = operation.kind == Operation::Kind::sync;
  const DistributionPtr& time = is_sync ? options_.sync_time : options_.write_time;
  Duration takes = time ? sample_duration(*time, rng_) : is_sync ? kSyncTime : kWriteTime;
  if (slow_.product() != 1) takes = from_seconds(to_seconds(takes) * slow_.product());
  busy_until_ = saturating_add(std::max(host_.world_now(), busy_until_), takes);
  operations_.push_back(std::move(operation));
  // Operations end in the order in which they began, so the first one is always the one that is due.
  host_.after_world_time(busy_until_ - host_.world_now(), [this] { finish_first(); });
}

void Disk::finish_first() {
  const Operation operation = std::move(operations_.front());
  operations_.pop_front();
  Result result = perform(operation);
  if (operation.done) operation.done(std::move(result));
}

Result Disk::perform(const Operation& operation) {
  switch (operation.kind) {
    case Operation::Kind::read:
      return peek(operation.file);
    case Operation::Kind::sync:
      if (sync_fails_) {
        sync_fails_ = false;
        return make_error("io_error", "writing back to the disk failed; unsynced writes are lost");
      }
      if (lying_ == 0) sync_now();
      return Value(true);
    case Operation::Kind::write:
    case Operation::Kind::append:
      break;
  }
  const bool is_append = operation.kind == Operation::Kind::append;
  const auto found = view_.find(operation.file);
  const std::size_t replaced = found == view_.end() || is_append ? 0 : found->second.size_bytes();
  const std::size_t added = operation.value.is_nil() && !is_append ? 0 : operation.value.size_bytes();
  const bool over = options_.capacity_bytes && size_bytes_ - replaced + added > *options_.capacity_bytes;
  if (added > 0 && (full_ > 0 || over))
    return make_error("disk_full", "no space left for '" + operation.file + "'");
  if (is_append && found != view_.end() && !found->second.is_list) {
    return make_error("io_error", "'" + operation.file + "' is not a list of records");
  }
  pending_.push_back({operation.file, operation.value, is_append});
  apply(view_, pending_.back());
  size_bytes_ += added;
  size_bytes_ -= replaced;
  return Value(true);
}

Result Disk::peek(const std::string& file) const {
  const auto found = view_.find(file);
  if (found == view_.end()) return make_error("not_found", "no file '" + file + "' on this disk");
  Value value = found->second.value();
  for (const Damage& damage : damages_) {
    if (damage.file != file) continue;
    if (found->second.is_list) {
      if (damage.index >= value.list().size() || !(value.list()[damage.index] == damage.original)) continue;
    } else if (!(value == damage.original)) {
      continue;
    }
    if (damage.detected) {
      return make_error("io_error",
                        "bad checksum in record " + std::to_string(damage.index + 1) + " of '" + file + "'");
    }
    if (found->second.is_list) {
      Value::List items = value.list();
      items[damage.index] = damage.replacement;
      value = Value::list(std::move(items));
    } else {
      value = damage.replacement;
    }
  }
  return value;
}

std::vector<std::string> Disk::files() const {
  std::vector<std::string> names;
  for (const auto& [name, file] : view_) names.push_back(name);
  return names;
}

void Disk::apply(Files& files, const Write& write) {
  if (write.append) {
    File& file = files[write.file];
    file.is_list = true;
    file.records.push_back(write.value);
    file.listed = Value();
  } else if (write.value.is_nil()) {
    files.erase(write.file);
  } else {
    files[write.file].set(write.value);
  }
}

void Disk::crash(CrashDisk what, Rng& rng) {
  operations_.clear();
  busy_until_ = host_.world_now();
  sync_fails_ = false;
  if (what == CrashDisk::wiped) {
    wipe();
    return;
  }
  std::size_t kept = 0;
  if (what == CrashDisk::all) kept = pending_.size();
  if (what == CrashDisk::prefix) kept = rng.below(pending_.size() + 1);
  for (std::size_t i = 0; i < kept; ++i) apply(durable_, pending_[i]);
  if (torn_ > 0 && kept < pending_.size()) {
    Write last = pending_[kept];
    last.value = torn(last.value);
    apply(durable_, last);
  }
  pending_.clear();
  view_ = durable_;
  recount();
}

void Disk::stop() {
  operations_.clear();
  busy_until_ = host_.world_now();
  sync_now();
}

void Disk::sync_now() {
  for (const Write& write : pending_) apply(durable_, write);
  pending_.clear();
}

void Disk::wipe() {
  operations_.clear();
  pending_.clear();
  durable_.clear();
  view_.clear();
  damages_.clear();
  recount();
}

void Disk::lose_pending() {
  pending_.clear();
  view_ = durable_;
  sync_fails_ = true;
  recount();
}

std::size_t Disk::corrupt(std::uint64_t damage_id, const std::string& file, double probability, bool detected,
                          Rng& rng) {
  std::size_t hit = 0;
  for (const auto& [name, content] : view_) {
    if (!file.empty() && name != file) continue;
    const std::size_t count = content.is_list ? content.records.size() : 1;
    for (std::size_t i = 0; i < count; ++i) {
      if (!rng.chance(probability)) continue;
      const Value& original = content.is_list ? content.records[i] : content.content;
      damages_.push_back({damage_id, name, i, original, flipped(original, rng), detected});
      ++hit;
    }
  }
  return hit;
}

void Disk::repair(std::uint64_t damage_id) {
  std::erase_if(damages_, [&](const Damage& damage) { return damage.id == damage_id; });
}

void Disk::recount() {
  size_bytes_ = 0;
  for (const auto& [name, file] : view_) size_bytes_ += file.size_bytes();
}

}  // namespace syslab
