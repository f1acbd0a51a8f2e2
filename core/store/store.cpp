#include "core/store/store.hpp"

#include <algorithm>

#include "core/store/coding.hpp"

namespace syslab {
namespace {

constexpr std::uint8_t kDelete = 0;
constexpr std::uint8_t kPut = 1;

void encode(std::string& to, std::span<const Change> changes) {
  for (const Change& change : changes) {
    put_fixed(to, change.value ? kPut : kDelete);
    put_text(to, change.key);
    if (change.value) put_text(to, *change.value);
  }
}

void decode(std::string_view payload, std::vector<Change>& changes) {
  changes.clear();
  Decoder d(payload);
  while (!d.done()) {
    const bool is_put = d.fixed<std::uint8_t>() == kPut;
    Change change{d.text(), std::nullopt};
    if (is_put) change.value = d.text();
    changes.push_back(change);
  }
}

// Leaves the last change of every key, in the order of the keys.
void keep_last(std::vector<Change>& changes) {
  std::stable_sort(changes.begin(), changes.end(),
                   [](const Change& a, const Change& b) { return a.key < b.key; });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (i + 1 == changes.size() || changes[i].key != changes[i + 1].key) changes[kept++] = changes[i];
  }
  changes.resize(kept);
}

}  // namespace

std::string_view to_string(Pressure pressure) {
  constexpr std::string_view kNames[] = {"none", "slow", "stop"};
  return kNames[static_cast<std::size_t>(pressure)];
}

Store::Store(StoreConfig config, std::unique_ptr<Medium> medium)
    : config_(std::move(config)), medium_(std::move(medium)) {
  open();
}

void Store::open() {
  promised_ = {};
  recover();
}

void Store::reopen() {
  // What could not be opened knows less than what was open before.
  if (is_open_) promised_ = {engine_->promised(), wal_->synced()};
  recover();
}

void Store::recover() {
  is_open_ = false;
  waiting_.clear();
  broken_.reset();
  stats_.recovered = 0;
  stats_.torn = false;
  engine_ = config_.make_engine(*medium_);
  wal_ = std::make_unique<Wal>(*medium_, FileKind::log, Purpose::log, config_.wal);
  broken_ = engine_->recover(promised_.engine);
  applied_ = engine_->durable();
  if (broken_) return;
  std::vector<Change> changes;
  const Expected<Wal::Recovery> recovery = wal_->recover(
      engine_->durable(),
      [&](Lsn lsn, std::string_view payload) {
        decode(payload, changes);
        return engine_->apply(lsn, changes);
      },
      promised_.log);
  if (!recovery.ok()) {
    broken_ = recovery.error();
    return;
  }
  stats_.recovered = recovery->records;
  stats_.torn = recovery->torn;
  applied_ = recovery->last;
  is_open_ = true;
}

const std::optional<Error>& Store::broken() const {
  return broken_ ? broken_ : medium_->failure() ? medium_->failure() : engine_->failure();
}

Expected<Lsn> Store::write(std::span<const Change> changes, Instant now) {
  SYSLAB_ASSERT(!changes.empty());
  if (const std::optional<Error>& error = broken()) return *error;
  if (engine_->pressure() == Pressure::stop) {
    ++stats_.stalls;
    return make_error("overloaded", "background work is behind: writes wait");
  }
  if (changes.size() > 1) {
    unique_.assign(changes.begin(), changes.end());
    keep_last(unique_);
    changes = unique_;
  }
  if (std::optional<Error> error = engine_->prepare(changes)) return *error;
  for (const Change& change : changes) {
    ++stats_.writes;
    if (!change.value) ++stats_.deletes;
    stats_.user_bytes += change.key.size() + (change.value ? change.value->size() : 0);
  }
  if (!config_.log) {
    apply(applied_ + 1, changes);
    if (const std::optional<Error>& error = broken()) return *error;
    return applied_;
  }
  payload_.clear();
  encode(payload_, changes);
  const Lsn lsn = wal_->append(payload_, now);
  if (wal_->wants_sync(now)) wal_->sync();
  if (config_.wal.sync != SyncPolicy::always || wal_->synced() >= lsn) {
    apply(lsn, changes);
  } else {
    waiting_.push_back({lsn, payload_});
  }
  if (const std::optional<Error>& error = broken()) return *error;
  return lsn;
}

void Store::apply(Lsn lsn, std::span<const Change> changes) {
  if (std::optional<Error> error = engine_->apply(lsn, changes)) {
    broken_ = std::move(error);
    return;
  }
  applied_ = lsn;
  if (!config_.inline_work) return;
  bool worked = false;
  while (engine_->work()) worked = true;
  if (worked) shorten_log();
}

void Store::apply_waiting() {
  std::vector<Change> changes;
  while (!waiting_.empty() && !broken() && waiting_.front().lsn <= wal_->synced()) {
    decode(waiting_.front().payload, changes);
    apply(waiting_.front().lsn, changes);
    waiting_.pop_front();
  }
}

void Store::shorten_log() {
  if (config_.log) wal_->release(engine_->durable());
}

void Store::advance(Instant now) {
  if (broken()) return;
  if (wal_->wants_sync(now)) wal_->sync();
  apply_waiting();
}

bool Store::work() {
  if (broken()) return false;
  const bool worked = engine_->work();
  if (worked) shorten_log();
  return worked;
}

void Store::sync() {
  if (broken() || !config_.log) return;
  wal_->sync();
  apply_waiting();
}

void Store::flush() {
  if (broken()) return;
  engine_->flush();
  if (!config_.inline_work) return;
  while (engine_->work()) {
  }
  shorten_log();
}

Expected<std::optional<std::string>> Store::get(std::string_view key, Snapshot at) {
  if (const std::optional<Error>& error = broken_ ? broken_ : medium_->failure()) return *error;
  ++stats_.gets;
  Expected<std::optional<std::string>> value = engine_->get(key, at);
  if (value.ok() && *value) ++stats_.found;
  return value;
}

std::optional<Error> Store::scan(std::string_view from, std::string_view to, Snapshot at,
                                 const StorageEngine::Visit& visit) {
  if (const std::optional<Error>& error = broken_ ? broken_ : medium_->failure()) return error;
  ++stats_.scans;
  return engine_->scan(from, to, at, [&](std::string_view key, std::string_view value) {
    ++stats_.scanned;
    return visit(key, value);
  });
}

Snapshot Store::snapshot() {
  return engine_->snapshot();
}

void Store::release(Snapshot snapshot) {
  engine_->release(snapshot);
}

StoreStats Store::stats() const {
  StoreStats stats = stats_;
  stats.io = medium_->counts();
  stats.log_bytes = wal_->size_bytes();
  stats.log_segments = wal_->segments();
  stats.engine = engine_->stats();
  return stats;
}

Amplification Store::amplification(const StoreStats& before) {
  const StoreStats now = stats();
  const auto over = [](double a, double b) { return b > 0 ? a / b : 0; };
  Amplification result;
  result.write = over(static_cast<double>(now.io.bytes_written() - before.io.bytes_written()),
                      static_cast<double>(now.user_bytes - before.user_bytes));
  result.read = over(
      static_cast<double>(now.io.of_reads(Purpose::get).blocks - before.io.of_reads(Purpose::get).blocks),
      static_cast<double>(now.gets - before.gets));
  result.space = over(static_cast<double>(now.log_bytes + now.engine.size_bytes),
                      static_cast<double>(engine_->live_bytes()));
  return result;
}

Lsn Store::written() const {
  return config_.log ? wal_->appended() : applied_;
}

Lsn Store::synced() const {
  return config_.log ? wal_->synced() : engine_->durable();
}

void Store::check_invariants() {
  wal_->check_invariants();
  engine_->check_invariants();
  SYSLAB_ASSERT(waiting_.empty() || waiting_.front().lsn == applied_ + 1);
  SYSLAB_ASSERT(engine_->durable() <= applied_);
}

}  // namespace syslab
