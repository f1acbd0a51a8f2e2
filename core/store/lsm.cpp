#include "core/store/lsm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/hash/hash64.hpp"
#include "core/store/coding.hpp"
#include "core/store/snapshots.hpp"

namespace syslab {
namespace {

constexpr std::size_t kMostLevels = 16;

// A change of the set of tables, as a record of the meta log. The first record of a segment begins with
// nothing.
struct Edit {
  bool complete = false;  // what is added is all there is
  Lsn flushed = 0;        // all up to this record of the log is in tables
  std::uint64_t next_table = 0;
  std::vector<std::uint64_t> removed;
  std::vector<std::pair<std::uint32_t, TableSummary>> added;  // levels and tables

  std::string encode() const {
    std::string to;
    put_fixed(to, static_cast<std::uint8_t>(complete));
    put_fixed(to, flushed);
    put_fixed(to, next_table);
    put_fixed(to, static_cast<std::uint32_t>(removed.size()));
    for (const std::uint64_t number : removed) put_fixed(to, number);
    put_fixed(to, static_cast<std::uint32_t>(added.size()));
    for (const auto& [level, table] : added) {
      put_fixed(to, level);
      for (const std::uint64_t n :
           {table.number, table.data_blocks, table.bytes, table.entries, table.tombstones}) {
        put_fixed(to, n);
      }
      put_text(to, table.first);
      put_text(to, table.last);
    }
    return to;
  }
  static Edit decode(std::string_view bytes) {
    Decoder d(bytes);
    Edit edit;
    edit.complete = d.fixed<std::uint8_t>() != 0;
    edit.flushed = d.fixed<Lsn>();
    edit.next_table = d.fixed<std::uint64_t>();
    for (auto n = d.fixed<std::uint32_t>(); n > 0; --n) edit.removed.push_back(d.fixed<std::uint64_t>());
    for (auto n = d.fixed<std::uint32_t>(); n > 0; --n) {
      const auto level = d.fixed<std::uint32_t>();
      TableSummary t;
      for (std::uint64_t* field : {&t.number, &t.data_blocks, &t.bytes, &t.entries, &t.tombstones}) {
        *field = d.fixed<std::uint64_t>();
      }
      t.first = d.text();
      t.last = d.text();
      edit.added.emplace_back(level, std::move(t));
    }
    return edit;
  }
};

std::uint64_t bytes_of(const std::vector<TablePtr>& tables) {
  std::uint64_t sum = 0;
  for (const TablePtr& table : tables) sum += table->summary().bytes;
  return sum;
}

// A memtable that is full, and what the log must not forget until it is flushed.
struct Immutable {
  std::shared_ptr<const Memtable> table;
  Lsn last;
};

class LsmEngine final : public StorageEngine {
 public:
  LsmEngine(Medium& medium, const LsmOptions& options)
      : medium_(medium),
        options_(options),
        meta_(medium, FileKind::meta, Purpose::meta, {.segment_bytes = ~std::size_t{0}}),
        memtable_(std::make_shared<Memtable>()) {
    if (options.cache_bytes > 0) {
      cache_.emplace(std::max<std::size_t>(1, options.cache_bytes / options.format.block_bytes));
    }
  }

  std::string_view name() const override { return "lsm"; }
  std::string describe() const override {
    return fmt::format("lsm{{compaction = {}, memtable_bytes = {}, fanout = {}}}",
                       to_string(options_.compaction), options_.memtable_bytes, options_.fanout);
  }

  std::optional<Error> recover(Lsn promised) override;
  std::optional<Error> prepare(std::span<const Change>) override { return std::nullopt; }
  std::optional<Error> apply(Lsn lsn, std::span<const Change> changes) override {
    for (const Change& change : changes) {
      memtable_->add(change.key, lsn, change.value.has_value(), change.value.value_or(std::string_view()));
    }
    applied_ = lsn;
    if (memtable_->size_bytes() >= options_.memtable_bytes) rotate();
    return std::nullopt;
  }
  Expected<std::optional<std::string>> get(std::string_view key, Snapshot at) override;
  std::optional<Error> scan(std::string_view from, std::string_view to, Snapshot at,
                            const Visit& visit) override {
    return scan(from, to, at, visit, Purpose::scan);
  }

  Snapshot snapshot() override {
    snapshots_.take(applied_);
    return applied_;
  }
  void release(Snapshot snapshot) override { snapshots_.release(snapshot); }

  bool work() override;
  void flush() override {
    if (memtable_->size() > 0) rotate();
  }
  Lsn durable() const override { return flushed_; }
  Lsn promised() const override { return meta_.synced(); }
  const std::optional<Error>& failure() const override { return failure_; }
  Pressure pressure() const override {
    const int runs = options_.compaction == Compaction::none ? 0 : static_cast<int>(levels_.front().size());
    if (runs >= options_.stall_runs || static_cast<int>(immutables_.size()) >= options_.memtables)
      return Pressure::stop;
    return runs >= options_.slow_runs ? Pressure::slow : Pressure::none;
  }

  std::uint64_t live_bytes() override {
    std::uint64_t sum = 0;
    scan(
        {}, {}, kLatest,
        [&](std::string_view key, std::string_view value) {
          sum += key.size() + value.size();
          return true;
        },
        Purpose::audit);
    return sum;
  }
  EngineStats stats() const override;
  void check_invariants() override;

 private:
  // Background work under way: tables (or a memtable) become tables of one level.
  struct Job {
    enum class Phase : std::uint8_t { merge, sync, edit, install } phase = Phase::merge;
    bool is_flush = false;
    Lsn flushed = 0;  // of a flush
    std::vector<TablePtr> inputs;
    std::shared_ptr<const Memtable> memtable;  // of a flush
    std::size_t level = 0;                     // where the outputs go
    bool is_last = false;                      // nothing below them
    std::unique_ptr<EntryCursor> merge;
    std::unique_ptr<TableWriter> writer;
    std::vector<TablePtr> outputs;
    std::string key;  // of the entry before, and when it was written
    Lsn lsn = 0;
    bool first_entry = true;
  };

  void rotate() {
    immutables_.push_back({std::move(memtable_), applied_});
    memtable_ = std::make_shared<Memtable>();
  }
  bool is_run(std::size_t level) const { return options_.compaction == Compaction::levelled && level > 0; }
  std::optional<Error> scan(std::string_view from, std::string_view to, Snapshot at, const Visit& visit,
                            Purpose why);

  void begin_flush();
  bool begin_compaction();
  void begin_levelled(std::size_t level);
  void begin_tiered(std::size_t level);
  void begin(Job job);
  std::vector<TablePtr> overlapping(std::size_t level, std::string_view first, std::string_view last) const;
  bool nothing_below(std::size_t level, std::string_view first, std::string_view last) const;

  void step(std::optional<Job>& slot);
  void merge(Job& job);
  bool is_needed(Job& job, const LsmEntry& entry) const;
  void finish_table(Job& job);
  void write_edit(Job& job);
  void install(std::optional<Job>& slot);
  void add_table(std::size_t level, TablePtr table);
  double target_bytes(std::size_t level) const {
    double target = static_cast<double>(options_.level1_bytes);
    for (std::size_t i = 1; i < level; ++i) target *= options_.fanout;
    return target;
  }
  // How far over its limit a level is: 1 and more has to be compacted.
  double score(std::size_t level) const;

  Medium& medium_;
  const LsmOptions options_;
  Wal meta_;
  std::optional<BlockCache> cache_;
  std::shared_ptr<Memtable> memtable_;
  std::vector<Immutable> immutables_;  // the oldest first
  // Level 0, and all levels of a tiered tree: the oldest first. Other levels: by keys, which do not overlap.
  std::vector<std::vector<TablePtr>> levels_{kMostLevels};
  std::vector<std::string> round_robin_ =
      std::vector<std::string>(kMostLevels);  // where a level was compacted last
  Snapshots snapshots_;
  Lsn applied_ = 0;
  Lsn flushed_ = 0;
  std::uint64_t next_table_ = 0;
  std::size_t edits_ = 0;  // since the last complete one
  std::optional<Job> flush_;
  std::optional<Job> compaction_;
  std::optional<Error> failure_;

  EngineStats counts_;
};

std::optional<Error> LsmEngine::recover(Lsn promised) {
  std::map<std::uint64_t, std::pair<std::uint32_t, TableSummary>> tables;
  std::vector<std::uint64_t> removed;
  const auto replay = [&](Lsn, std::string_view payload) -> std::optional<Error> {
    Edit edit = Edit::decode(payload);
    if (edit.complete) tables.clear();
    for (const std::uint64_t number : edit.removed) tables.erase(number);
    removed.insert(removed.end(), edit.removed.begin(), edit.removed.end());
    for (auto& [level, table] : edit.added) {
      const std::uint64_t number = table.number;
      tables[number] = {level, std::move(table)};
    }
    flushed_ = edit.flushed;
    next_table_ = edit.next_table;
    ++edits_;
    return std::nullopt;
  };
  if (const auto meta = meta_.recover(Wal::kAll, replay, promised); !meta.ok()) return meta.error();
  applied_ = flushed_;
  for (auto& [number, table] : tables) {
    auto opened = SortedTable::open(medium_, std::move(table.second));
    if (!opened.ok()) return opened.error();
    add_table(table.first, std::move(*opened));
  }
  // The crash may have come between the record and the deletion.
  for (const std::uint64_t number : removed) {
    if (tables.count(number) == 1) continue;  // it was moved to another level
    const Expected<std::size_t> there = medium_.blocks({FileKind::table, number});
    if (there.ok() && *there > 0) medium_.remove({FileKind::table, number});
  }
  return std::nullopt;
}

Expected<std::optional<std::string>> LsmEngine::get(std::string_view key, Snapshot at) {
  const std::uint64_t tag = LsmEntry::tag_at(at);
  const auto in_memory = [&](const Memtable& table) -> const LsmEntry* {
    const Memtable::Node* node = table.seek(key, tag);
    return node != nullptr && node->entry.key == key ? &node->entry : nullptr;
  };
  const LsmEntry* entry = in_memory(*memtable_);
  for (std::size_t i = immutables_.size(); entry == nullptr && i > 0; --i)
    entry = in_memory(*immutables_[i - 1].table);
  if (entry != nullptr) return entry->is_value() ? std::optional(std::string(entry->value)) : std::nullopt;

  const std::uint64_t hash = hash64(key);
  std::optional<Error> error;
  std::optional<std::string> value;
  // True where the search is over.
  const auto look_into = [&](const SortedTable& table) {
    if (!table.summary().overlaps(key, key)) return false;
    const bool filters = options_.format.bits_per_key > 0;
    if (filters) ++counts_.bloom_checks;
    const std::uint64_t read_before = medium_.counts().of_reads(Purpose::get).blocks;
    Expected<SortedTable::Get> found = table.get(medium_, cache_ ? &*cache_ : nullptr, key, hash, tag);
    if (!found.ok()) {
      error = found.error();
      return true;
    }
    if (found->filtered) {
      ++counts_.bloom_refused;
      return false;
    }
    ++(medium_.counts().of_reads(Purpose::get).blocks > read_before ? counts_.cache_misses
                                                                    : counts_.cache_hits);
    if (!found->found) {
      if (filters) ++counts_.bloom_false_positives;
      return false;
    }
    if (found->tag % 2 == 1) value = std::move(found->value);
    return true;
  };
  for (std::size_t level = 0; level < levels_.size(); ++level) {
    const std::vector<TablePtr>& tables = levels_[level];
    if (is_run(level)) {
      const auto table = std::partition_point(tables.begin(), tables.end(),
                                              [&](const TablePtr& t) { return t->summary().last < key; });
      if (table != tables.end() && look_into(**table)) break;
    } else if (std::any_of(tables.rbegin(), tables.rend(),
                           [&](const TablePtr& t) { return look_into(*t); })) {
      break;
    }
  }
  if (error) return *error;
  return value;
}

std::optional<Error> LsmEngine::scan(std::string_view from, std::string_view to, Snapshot at,
                                     const Visit& visit, Purpose why) {
  BlockCache* cache = cache_ && why != Purpose::audit ? &*cache_ : nullptr;
  std::vector<std::unique_ptr<EntryCursor>> sources;
  sources.push_back(std::make_unique<MemtableCursor>(*memtable_, from));
  for (const Immutable& immutable : immutables_) {
    sources.push_back(std::make_unique<MemtableCursor>(*immutable.table, from));
  }
  for (std::size_t level = 0; level < levels_.size(); ++level) {
    if (levels_[level].empty()) continue;
    if (is_run(level)) {
      sources.push_back(std::make_unique<RunCursor>(medium_, cache, levels_[level], from, why));
    } else {
      for (const TablePtr& table : levels_[level]) {
        // One that ends before or begins behind the range needs no look.
        if (table->summary().last < from || (!to.empty() && table->summary().first >= to)) continue;
        sources.push_back(
            std::make_unique<RunCursor>(medium_, cache, std::vector<TablePtr>{table}, from, why));
      }
    }
  }
  MergeCursor merge(std::move(sources));
  std::string last;
  bool any = false;
  for (; merge.valid(); merge.next()) {
    const LsmEntry& entry = merge.entry();
    if (!to.empty() && entry.key >= to) break;
    if (entry.lsn() > at || (any && entry.key == last)) continue;
    last = entry.key;
    any = true;
    if (entry.is_value() && !visit(entry.key, entry.value)) break;
  }
  return merge.error();
}

// ---- Background work

bool LsmEngine::work() {
  if (failure_) return false;
  if (!flush_ && !immutables_.empty()) begin_flush();
  if (flush_) {
    step(flush_);
    return true;
  }
  if (!compaction_ && !begin_compaction()) return false;
  step(compaction_);
  return true;
}

double LsmEngine::score(std::size_t level) const {
  const auto count = static_cast<double>(levels_[level].size());
  if (level + 1 == levels_.size()) return 0;
  if (options_.compaction == Compaction::tiered) return count / options_.fanout;
  if (level == 0) return count / options_.level0_runs;
  return static_cast<double>(bytes_of(levels_[level])) / target_bytes(level);
}

bool LsmEngine::begin_compaction() {
  if (options_.compaction == Compaction::none) return false;
  std::size_t worst = 0;
  for (std::size_t level = 1; level < levels_.size(); ++level) {
    if (!levels_[level].empty() && score(level) > score(worst)) worst = level;
  }
  if (score(worst) < 1) return false;
  if (options_.compaction == Compaction::tiered) {
    begin_tiered(worst);
  } else {
    begin_levelled(worst);
  }
  return true;
}

void LsmEngine::begin_flush() {
  Job job;
  job.is_flush = true;
  job.flushed = immutables_.front().last;
  job.memtable = immutables_.front().table;
  job.merge = std::make_unique<MemtableCursor>(*job.memtable, std::string_view());
  flush_ = std::move(job);
}

std::vector<TablePtr> LsmEngine::overlapping(std::size_t level, std::string_view first,
                                             std::string_view last) const {
  std::vector<TablePtr> found;
  for (const TablePtr& table : levels_[level]) {
    if (table->summary().overlaps(first, last)) found.push_back(table);
  }
  return found;
}

bool LsmEngine::nothing_below(std::size_t level, std::string_view first, std::string_view last) const {
  for (std::size_t below = level + 1; below < levels_.size(); ++below) {
    if (!overlapping(below, first, last).empty()) return false;
  }
  return true;
}

void LsmEngine::begin_levelled(std::size_t level) {
  Job job;
  job.level = level + 1;
  std::vector<TablePtr> upper;
  if (level == 0) {
    upper = levels_[0];
  } else {
    const std::vector<TablePtr>& tables = levels_[level];
    auto next = std::partition_point(tables.begin(), tables.end(), [&](const TablePtr& t) {
      return t->summary().first <= round_robin_[level] && !round_robin_[level].empty();
    });
    if (next == tables.end()) next = tables.begin();
    upper = {*next};
    round_robin_[level] = (*next)->summary().first;
  }
  std::string first = upper.front()->summary().first;
  std::string last = upper.front()->summary().last;
  for (const TablePtr& table : upper) {
    first = std::min(first, table->summary().first);
    last = std::max(last, table->summary().last);
  }
  std::vector<TablePtr> lower = overlapping(job.level, first, last);
  job.inputs = upper;
  job.inputs.insert(job.inputs.end(), lower.begin(), lower.end());
  if (lower.empty() && upper.size() == 1) {
    // It only changes its level: nothing has to be merged.
    job.outputs = upper;
    job.phase = Job::Phase::edit;
    compaction_ = std::move(job);
    return;
  }
  for (const TablePtr& table : lower) {
    first = std::min(first, table->summary().first);
    last = std::max(last, table->summary().last);
  }
  job.is_last = nothing_below(job.level, first, last);
  std::vector<std::unique_ptr<EntryCursor>> sources;
  for (TablePtr& table : upper) {
    sources.push_back(std::make_unique<RunCursor>(medium_, nullptr, std::vector<TablePtr>{std::move(table)},
                                                  std::string_view(), Purpose::compaction));
  }
  sources.push_back(std::make_unique<RunCursor>(medium_, nullptr, std::move(lower), std::string_view(),
                                                Purpose::compaction));
  job.merge = std::make_unique<MergeCursor>(std::move(sources));
  compaction_ = std::move(job);
}

void LsmEngine::begin_tiered(std::size_t level) {
  Job job;
  job.level = level + 1;
  job.inputs = levels_[level];
  std::vector<std::unique_ptr<EntryCursor>> sources;
  job.is_last = true;
  for (const TablePtr& table : job.inputs) {
    job.is_last = job.is_last && nothing_below(level, table->summary().first, table->summary().last);
    sources.push_back(std::make_unique<RunCursor>(medium_, nullptr, std::vector<TablePtr>{table},
                                                  std::string_view(), Purpose::compaction));
  }
  job.merge = std::make_unique<MergeCursor>(std::move(sources));
  compaction_ = std::move(job);
}

void LsmEngine::step(std::optional<Job>& slot) {
  switch (slot->phase) {
    case Job::Phase::merge:
      merge(*slot);
      break;
    case Job::Phase::sync:
      medium_.sync();
      slot->phase = Job::Phase::edit;
      break;
    case Job::Phase::edit:
      write_edit(*slot);
      slot->phase = Job::Phase::install;
      break;
    case Job::Phase::install:
      install(slot);
      break;
  }
}

// An entry is needed if it is the newest of its key, or if a snapshot sees it: its successor was written
// after the snapshot was made. A tombstone that is the newest is not needed where nothing is below, and no
// snapshot could see something older that it hides.
bool LsmEngine::is_needed(Job& job, const LsmEntry& entry) const {
  const bool is_newest = job.first_entry || entry.key != job.key;
  const Lsn replaced = job.lsn;
  if (is_newest) job.key = entry.key;
  job.first_entry = false;
  job.lsn = entry.lsn();
  if (!is_newest) return snapshots_.sees(entry.lsn(), replaced);
  if (entry.is_value() || !job.is_last) return true;
  return !snapshots_.empty() && snapshots_.oldest() < entry.lsn();
}

// One slice: until a block is written, a table is done, or all is merged.
void LsmEngine::merge(Job& job) {
  const Purpose why = job.is_flush ? Purpose::flush : Purpose::compaction;
  const bool splits = !job.is_flush && options_.compaction == Compaction::levelled;
  for (; job.merge->valid(); job.merge->next()) {
    const LsmEntry& entry = job.merge->entry();
    if (!is_needed(job, entry)) continue;
    // All versions of a key stay in one table, or two tables of a run would overlap.
    if (splits && job.writer && job.writer->bytes() >= options_.table_bytes &&
        job.writer->last_key() != entry.key) {
      // The entry is looked at again in the next slice, so it must count as new then.
      job.first_entry = true;
      finish_table(job);
      return;
    }
    if (!job.writer) job.writer = std::make_unique<TableWriter>(medium_, next_table_++, why, options_.format);
    if (job.writer->add(entry)) {
      job.merge->next();
      return;
    }
  }
  if (job.merge->error()) {
    failure_ = job.merge->error();
    return;
  }
  if (job.writer) finish_table(job);
  job.phase = job.outputs.empty() ? Job::Phase::edit : Job::Phase::sync;
}

void LsmEngine::finish_table(Job& job) {
  job.outputs.push_back(job.writer->finish());
  job.writer.reset();
}

void LsmEngine::write_edit(Job& job) {
  Edit edit;
  edit.flushed = job.is_flush ? job.flushed : flushed_;
  edit.next_table = next_table_;
  for (const TablePtr& table : job.inputs) edit.removed.push_back(table->summary().number);
  for (const TablePtr& table : job.outputs) {
    edit.added.emplace_back(static_cast<std::uint32_t>(job.level), table->summary());
  }
  std::size_t tables = 0;
  for (const auto& level : levels_) tables += level.size();
  if (++edits_ > 32 + tables) {
    // From time to time all that is there is one record, and what was before it can go.
    edit.complete = true;
    edits_ = 0;
    for (std::size_t level = 0; level < levels_.size(); ++level) {
      for (const TablePtr& table : levels_[level]) {
        if (std::find(job.inputs.begin(), job.inputs.end(), table) == job.inputs.end()) {
          edit.added.emplace_back(static_cast<std::uint32_t>(level), table->summary());
        }
      }
    }
    meta_.roll();
  }
  meta_.append(edit.encode());
  meta_.sync();
}

void LsmEngine::add_table(std::size_t level, TablePtr table) {
  std::vector<TablePtr>& tables = levels_[level];
  const auto before = [&](const TablePtr& other) {
    return is_run(level) ? other->summary().first < table->summary().first
                         : other->summary().number < table->summary().number;
  };
  const auto place = std::partition_point(tables.begin(), tables.end(), before);
  tables.insert(place, std::move(table));
}

void LsmEngine::install(std::optional<Job>& slot) {
  const Job job = std::move(*slot);
  slot.reset();
  for (auto& level : levels_) {
    std::erase_if(level, [&](const TablePtr& table) {
      return std::find(job.inputs.begin(), job.inputs.end(), table) != job.inputs.end();
    });
  }
  for (const TablePtr& table : job.outputs) add_table(job.level, table);
  if (edits_ == 0) meta_.release(meta_.appended() - 1);
  if (job.is_flush) {
    flushed_ = job.flushed;
    immutables_.erase(immutables_.begin());
    ++counts_.flushes;
    return;
  }
  ++counts_.compactions;
  for (const TablePtr& table : job.inputs) {
    if (std::find(job.outputs.begin(), job.outputs.end(), table) == job.outputs.end()) {
      medium_.remove({FileKind::table, table->summary().number});
    }
  }
}

EngineStats LsmEngine::stats() const {
  EngineStats stats = counts_;
  stats.memory_bytes = memtable_->size_bytes();
  for (const Immutable& immutable : immutables_) {
    stats.memory_bytes += immutable.table->size_bytes();
    stats.debt_bytes += immutable.table->size_bytes();
  }
  stats.memtables = 1 + immutables_.size();
  stats.size_bytes = meta_.size_bytes();
  std::size_t used = levels_.size();
  while (used > 0 && levels_[used - 1].empty()) --used;
  for (std::size_t level = 0; level < used; ++level) {
    EngineStats::Level l;
    for (const TablePtr& table : levels_[level]) {
      ++l.files;
      l.bytes += table->summary().bytes;
      l.entries += table->summary().entries;
      stats.memory_bytes += table->memory_bytes();
    }
    stats.levels.push_back(l);
    stats.size_bytes += l.bytes;
    if (options_.compaction == Compaction::none || score(level) < 1) continue;
    const bool whole = !is_run(level);
    stats.debt_bytes += whole ? l.bytes : l.bytes - static_cast<std::uint64_t>(target_bytes(level));
  }
  for (const std::optional<Job>* job : {&flush_, &compaction_}) {
    if (!*job) continue;
    // What is being written takes space before what it replaces is gone.
    for (const TablePtr& table : (*job)->outputs) {
      if ((*job)->inputs.empty() || table != (*job)->inputs.front())
        stats.size_bytes += table->summary().bytes;
    }
    if ((*job)->writer) stats.size_bytes += (*job)->writer->bytes();
  }
  return stats;
}

void LsmEngine::check_invariants() {
  meta_.check_invariants();
  SYSLAB_ASSERT(flushed_ <= applied_);
  for (std::size_t level = 0; level < levels_.size(); ++level) {
    const std::vector<TablePtr>& tables = levels_[level];
    for (std::size_t i = 0; i < tables.size(); ++i) {
      SYSLAB_ASSERT(tables[i]->summary().number < next_table_);
      SYSLAB_ASSERT(tables[i]->summary().first <= tables[i]->summary().last);
      if (i == 0) continue;
      if (is_run(level)) {
        SYSLAB_ASSERT(tables[i - 1]->summary().last < tables[i]->summary().first);
      } else {
        SYSLAB_ASSERT(tables[i - 1]->summary().number < tables[i]->summary().number);
      }
    }
  }
  if (flush_) SYSLAB_ASSERT(!immutables_.empty() && flush_->memtable == immutables_.front().table);
}

}  // namespace

std::string_view to_string(Compaction compaction) {
  constexpr std::string_view kNames[] = {"levelled", "tiered", "none"};
  return kNames[static_cast<std::size_t>(compaction)];
}

EngineFactory make_lsm(const LsmOptions& options) {
  return [options](Medium& medium) { return std::make_unique<LsmEngine>(medium, options); };
}

}  // namespace syslab
