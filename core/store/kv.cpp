#include "core/store/kv.hpp"

#include <fmt/format.h>

#include <map>

#include "core/store/coding.hpp"
#include "core/store/snapshots.hpp"

namespace syslab {
namespace {

// On the medium: snapshot files, of which the meta log names the one that counts; each record of it is {lsn,
// number of the file, its blocks}.
class KvEngine final : public StorageEngine {
 public:
  KvEngine(Medium& medium, const KvOptions& options)
      : medium_(medium),
        options_(options),
        meta_(medium, FileKind::meta, Purpose::meta, {.segment_bytes = 4096}) {}

  std::string_view name() const override { return "kv"; }
  std::string describe() const override {
    return fmt::format("kv{{checkpoint_bytes = {}}}", options_.checkpoint_bytes);
  }

  std::optional<Error> recover(Lsn promised) override {
    const auto replay = [&](Lsn, std::string_view payload) -> std::optional<Error> {
      Decoder d(payload);
      copy_.lsn = d.fixed<Lsn>();
      copy_.number = d.fixed<std::uint64_t>();
      copy_.blocks = d.fixed<std::uint64_t>();
      return std::nullopt;
    };
    if (const auto meta = meta_.recover(Wal::kAll, replay, promised); !meta.ok()) return meta.error();
    applied_ = copy_.lsn;
    for (std::uint64_t i = 0; i < copy_.blocks; ++i) {
      const FileId file{FileKind::snapshot, copy_.number};
      const Expected<Block> block = medium_.read(file, i, Purpose::open);
      if (!block.ok()) return block.error();
      const Expected<std::string_view> bytes = unseal(*block, file, i);
      if (!bytes.ok()) return bytes.error();
      copy_.bytes += (*block)->size();
      Decoder d(*bytes);
      while (!d.done()) {
        const std::string_view key = d.text();
        set(copy_.lsn, {key, d.text()});
      }
    }
    return std::nullopt;
  }

  std::optional<Error> prepare(std::span<const Change>) override { return std::nullopt; }

  std::optional<Error> apply(Lsn lsn, std::span<const Change> changes) override {
    for (const Change& change : changes) {
      set(lsn, change);
      since_copy_ += change.key.size() + (change.value ? change.value->size() : 0);
    }
    applied_ = lsn;
    if (options_.checkpoint_bytes > 0 && since_copy_ >= options_.checkpoint_bytes) wanted_ = true;
    return std::nullopt;
  }

  Expected<std::optional<std::string>> get(std::string_view key, Snapshot at) override {
    const auto found = keys_.find(key);
    const Version* version = found == keys_.end() ? nullptr : version_at(found->second, at);
    return version == nullptr ? std::nullopt : version->value;
  }

  std::optional<Error> scan(std::string_view from, std::string_view to, Snapshot at,
                            const Visit& visit) override {
    for (auto entry = keys_.lower_bound(from); entry != keys_.end() && (to.empty() || entry->first < to);
         ++entry) {
      const Version* version = version_at(entry->second, at);
      if (version != nullptr && version->value && !visit(entry->first, *version->value)) break;
    }
    return std::nullopt;
  }

  Snapshot snapshot() override {
    snapshots_.take(applied_);
    return applied_;
  }
  void release(Snapshot snapshot) override {
    snapshots_.release(snapshot);
    std::set<std::string, std::less<>> aged;
    aged.swap(aged_);
    for (const std::string& key : aged) prune(key);
  }

  bool work() override {
    if (!job_) {
      if (!wanted_ || applied_ == copy_.lsn) {
        wanted_ = false;
        return false;
      }
      begin_copy();
    }
    switch (job_->phase) {
      case Job::Phase::blocks:
        write_block();
        break;
      case Job::Phase::sync:
        medium_.sync();
        job_->phase = Job::Phase::meta;
        break;
      case Job::Phase::meta: {
        std::string record;
        put_fixed(record, job_->copy.lsn);
        put_fixed(record, job_->copy.number);
        put_fixed(record, job_->copy.blocks);
        meta_.append(record);
        meta_.sync();
        job_->phase = Job::Phase::done;
        break;
      }
      case Job::Phase::done:
        if (copy_.blocks > 0) medium_.remove({FileKind::snapshot, copy_.number});
        copy_ = job_->copy;
        meta_.release(meta_.appended() - 1);
        ++checkpoints_;
        job_.reset();
        release(copy_.lsn);
        break;
    }
    return true;
  }
  void flush() override { wanted_ = true; }
  Lsn durable() const override { return copy_.lsn; }
  Lsn promised() const override { return meta_.synced(); }
  const std::optional<Error>& failure() const override { return failure_; }

  std::uint64_t live_bytes() override { return live_bytes_; }
  EngineStats stats() const override {
    EngineStats stats;
    stats.size_bytes = copy_.bytes + meta_.size_bytes() + (job_ ? job_->copy.bytes : 0);
    stats.debt_bytes = wanted_ || job_ ? live_bytes_ - std::min(live_bytes_, job_ ? job_->copy.bytes : 0) : 0;
    stats.memory_bytes = live_bytes_;
    stats.checkpoints = checkpoints_;
    return stats;
  }
  void check_invariants() override {
    meta_.check_invariants();
    std::uint64_t live = 0;
    for (const auto& [key, newest] : keys_) {
      if (newest.value) live += key.size() + newest.value->size();
      // A key without a value is here for the sake of an older version only.
      SYSLAB_ASSERT(newest.value || newest.older);
      for (const Version* v = &newest; v->older; v = v->older.get()) SYSLAB_ASSERT(v->older->lsn < v->lsn);
      SYSLAB_ASSERT(!newest.older || aged_.count(key) == 1);
    }
    SYSLAB_ASSERT(live == live_bytes_);
  }

 private:
  struct Version {
    Lsn lsn;
    std::optional<std::string> value;
    std::unique_ptr<Version> older;
  };
  struct Copy {
    Lsn lsn = 0;
    std::uint64_t number = 0;
    std::uint64_t blocks = 0;
    std::uint64_t bytes = 0;
  };
  struct Job {
    enum class Phase : std::uint8_t { blocks, sync, meta, done } phase = Phase::blocks;
    Copy copy;
    std::string next;  // the key to go on with
  };

  static const Version* version_at(const Version& newest, Snapshot at) {
    const Version* version = &newest;
    while (version != nullptr && version->lsn > at) version = version->older.get();
    return version;
  }

  void set(Lsn lsn, const Change& change) {
    auto found = keys_.find(change.key);
    if (found == keys_.end()) {
      if (!change.value) return;
      found = keys_.emplace(std::string(change.key), Version{lsn, std::nullopt, nullptr}).first;
      live_bytes_ += change.key.size();
    } else {
      Version& newest = found->second;
      if (newest.value) live_bytes_ -= change.key.size() + newest.value->size();
      if (snapshots_.sees(newest.lsn, lsn)) {
        newest.older = std::make_unique<Version>(std::move(newest));
        aged_.insert(found->first);
      } else if (!change.value && !newest.older) {
        keys_.erase(found);
        return;
      }
      newest.lsn = lsn;
      newest.value.reset();
      if (!change.value) return;
      live_bytes_ += change.key.size();
    }
    found->second.value.emplace(*change.value);
    live_bytes_ += change.value->size();
  }

  // Forgets the versions of a key that nobody sees.
  void prune(const std::string& key) {
    const auto found = keys_.find(key);
    for (Version* version = &found->second; version->older;) {
      if (snapshots_.sees(version->older->lsn, version->lsn)) {
        version = version->older.get();
      } else {
        version->older = std::move(version->older->older);
      }
    }
    if (found->second.older) {
      aged_.insert(key);
    } else if (!found->second.value) {
      keys_.erase(found);
    }
  }

  void begin_copy() {
    wanted_ = false;
    since_copy_ = 0;
    job_.emplace();
    job_->copy.lsn = snapshot();
    job_->copy.number = copy_.number + 1;
    const FileId file{FileKind::snapshot, job_->copy.number};
    const Expected<std::size_t> there = medium_.blocks(file);
    if (!there.ok() || *there > 0) medium_.remove(file);
  }

  void write_block() {
    Copy& copy = job_->copy;
    std::string block;
    auto entry = keys_.lower_bound(job_->next);
    for (; entry != keys_.end() && block.size() < options_.block_bytes; ++entry) {
      const Version* version = version_at(entry->second, copy.lsn);
      if (version == nullptr || !version->value) continue;
      put_text(block, entry->first);
      put_text(block, *version->value);
    }
    if (!block.empty()) {
      const FileId file{FileKind::snapshot, copy.number};
      seal(block, file, copy.blocks++);
      copy.bytes += block.size();
      medium_.append(file, std::move(block), Purpose::checkpoint);
    }
    if (entry == keys_.end()) {
      job_->phase = Job::Phase::sync;
    } else {
      job_->next = entry->first;
    }
  }

  Medium& medium_;
  const KvOptions options_;
  Wal meta_;
  std::map<std::string, Version, std::less<>> keys_;
  std::set<std::string, std::less<>> aged_;  // keys with older versions
  Snapshots snapshots_;
  Lsn applied_ = 0;
  Copy copy_;  // the one that counts
  std::optional<Job> job_;
  bool wanted_ = false;
  std::uint64_t since_copy_ = 0;
  std::uint64_t live_bytes_ = 0;
  std::uint64_t checkpoints_ = 0;
  std::optional<Error> failure_;  // never: what is in memory needs no reading
};

}  // namespace

EngineFactory make_kv(const KvOptions& options) {
  return [options](Medium& medium) { return std::make_unique<KvEngine>(medium, options); };
}

}  // namespace syslab
