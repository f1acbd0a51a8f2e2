// Store: keys and values that survive a crash; the log in front of a storage engine.
//
// A storage engine orders keys in memory and in its own files; it knows no log. The store writes every change
// to a write-ahead log first (wal.hpp), gives it to the engine when the log's policy says so, and after a
// crash gives the engine again what its files do not have yet. So all engines are safe in one and the same
// way, and are compared by what they do with the bytes.
//
// A *batch* of changes is one record of the log: after a crash all of it is there or nothing. With the policy
// `always` a batch is seen by readers when it is durable, and not before; so nobody ever saw what a crash
// takes back. Keys and values are bytes; keys are ordered as bytes are.
//
// Not thread-safe; deterministic. Errors: io_error where a checksum is wrong or the medium failed. A store
// whose medium failed while it wrote is *broken*: it answers nothing but that error until it is opened again,
// because it cannot know what is there.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/store/medium.hpp"
#include "core/store/wal.hpp"

namespace syslab {

struct Change {
  std::string_view key;
  std::optional<std::string_view> value;  // none: the key is deleted
};

// What reads see: everything up to a moment. Made by snapshot(), lasts until release() or a crash.
using Snapshot = std::uint64_t;
inline constexpr Snapshot kLatest = ~Snapshot{0};

// Whether writers should wait: a little before each write, or until background work has caught up.
enum class Pressure : std::uint8_t { none, slow, stop };
std::string_view to_string(Pressure pressure);

// What an engine tells of itself; the store adds the rest.
struct EngineStats {
  std::uint64_t size_bytes = 0;  // of its files
  std::uint64_t debt_bytes = 0;  // what background work would have to move now to be done
  std::uint64_t memory_bytes = 0;
  std::uint64_t cache_hits = 0;  // blocks or pages that were in memory when a reader or a writer needed them
  std::uint64_t cache_misses = 0;
  struct Level {
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
    std::uint64_t entries = 0;
  };
  std::vector<Level> levels = {};  // of an LSM tree, the newest first
  // Of an LSM tree.
  std::uint64_t memtables = 0;
  std::uint64_t flushes = 0;
  std::uint64_t compactions = 0;
  std::uint64_t bloom_checks = 0;
  std::uint64_t bloom_refused = 0;          // tables that were not read
  std::uint64_t bloom_false_positives = 0;  // tables that were read in vain
  // Of a B-tree.
  std::uint64_t height = 0;  // of the root above the leaves, and 1
  std::uint64_t pages = 0;   // in its file, those that are free, too
  std::uint64_t splits = 0;
  std::uint64_t merges = 0;
  std::uint64_t free_pages = 0;
  std::uint64_t checkpoints = 0;  // of an in-memory store, too
};

class StorageEngine {
 public:
  virtual ~StorageEngine() = default;

  // "lsm", and as it would be written in Lua: "lsm{compaction = levelled}".
  virtual std::string_view name() const = 0;
  virtual std::string describe() const = 0;

  // Reads what an earlier process left; `promised` as in Wal::recover, of the engine's own records. Called
  // once, before everything else. Errors: io_error.
  virtual std::optional<Error> recover(Lsn promised) = 0;
  // Why these changes cannot be applied, now that nothing has happened yet: out_of_memory where one is larger
  // than a page, io_error where a page cannot be read.
  virtual std::optional<Error> prepare(std::span<const Change> changes) = 0;
  // Makes the changes, whose record in the log is `lsn`. Requires: lsn grows. Errors: io_error; then the
  // engine is good for nothing.
  virtual std::optional<Error> apply(Lsn lsn, std::span<const Change> changes) = 0;

  virtual Expected<std::optional<std::string>> get(std::string_view key, Snapshot at) = 0;
  // Keys from `from` on, below `to` (empty: to the end), in order, until `visit` returns false.
  using Visit = std::function<bool(std::string_view key, std::string_view value)>;
  virtual std::optional<Error> scan(std::string_view from, std::string_view to, Snapshot at,
                                    const Visit& visit) = 0;

  virtual Snapshot snapshot() = 0;
  virtual void release(Snapshot snapshot) = 0;

  // Does a slice of background work, about a block of it. False: there is none. The next slice may be done
  // when all operations of this one have ended on the medium.
  virtual bool work() = 0;
  // Asks for the work after which all that was applied until now is in the engine's own files.
  virtual void flush() = 0;
  // Records up to this one are in the engine's files, durably: the log need not have them.
  virtual Lsn durable() const = 0;
  virtual Pressure pressure() const { return Pressure::none; }
  // Why background work cannot go on; then nothing is written any more.
  virtual const std::optional<Error>& failure() const = 0;
  // Records of its own that were promised, for recover().
  virtual Lsn promised() const = 0;

  // Bytes of the keys and values that are there now. O(n) at most, and not counted as work.
  virtual std::uint64_t live_bytes() = 0;
  virtual EngineStats stats() const = 0;
  virtual void check_invariants() = 0;
};
using EngineFactory = std::function<std::unique_ptr<StorageEngine>(Medium& medium)>;

struct StoreConfig {
  EngineFactory make_engine = nullptr;
  WalOptions wal = {};
  bool log = true;          // without one a crash takes everything since the last flush
  bool inline_work = true;  // background work is done by whoever writes, at once; else by work()
};

struct StoreStats {
  std::uint64_t writes = 0;      // changes
  std::uint64_t deletes = 0;     // of them
  std::uint64_t user_bytes = 0;  // keys and values that were written
  std::uint64_t gets = 0;
  std::uint64_t found = 0;
  std::uint64_t scans = 0;
  std::uint64_t scanned = 0;  // entries that scans gave
  std::uint64_t stalls = 0;   // writes that were refused because background work is behind
  std::uint64_t log_bytes = 0;
  std::uint64_t log_segments = 0;
  std::uint64_t recovered = 0;  // records that were replayed when it was opened
  bool torn = false;            // and the log ended in half a record
  IoCounts io = {};
  EngineStats engine = {};
};

// The three amplifications (Athanassoulis et al., "Designing access methods: the RUM conjecture", EDBT 2016):
// bytes written for each byte that users wrote, blocks read for each get, bytes kept for each byte that is
// there. 0 where there is nothing to divide by.
struct Amplification {
  double write = 0;
  double read = 0;
  double space = 0;
};

class Store {
 public:
  Store(StoreConfig config, std::unique_ptr<Medium> medium);

  // Opens it again after a crash: an engine of its own reads what the medium has. Called by the constructor.
  // Snapshots are gone. Errors: see broken(). Requires: all operations on the medium have ended.
  void open();
  // The same in a process that lives on, after the medium failed: what was not synced then may be missing.
  void reopen();
  // Why it answers nothing; nothing while it does.
  const std::optional<Error>& broken() const;

  // Writes a batch; of two changes of one key the last one counts. It has happened when applied() has reached
  // the record that comes back. Errors: overloaded where background work is behind (it has not happened), and
  // those of StorageEngine::prepare. Requires: the batch is not empty.
  Expected<Lsn> write(std::span<const Change> changes, Instant now = {});
  // Goes on: syncs if it is time, applies what has become durable, shortens the log. After time has passed,
  // or an operation on the medium has ended.
  void advance(Instant now);
  // Does a slice of background work; false where there is none.
  bool work();
  // All that was written is durable when synced() has reached written().
  void sync();
  // All that was applied goes to the engine's own files; with inline work it is there afterwards.
  void flush();

  Expected<std::optional<std::string>> get(std::string_view key, Snapshot at = kLatest);
  std::optional<Error> scan(std::string_view from, std::string_view to, Snapshot at,
                            const StorageEngine::Visit& visit);
  Snapshot snapshot();
  void release(Snapshot snapshot);

  Lsn written() const;
  Lsn synced() const;
  Lsn applied() const { return applied_; }
  Pressure pressure() const { return engine_->pressure(); }

  StoreStats stats() const;
  // Since `before`, of this store; space as it is now.
  Amplification amplification(const StoreStats& before = {});
  const StoreConfig& config() const { return config_; }
  StorageEngine& engine() { return *engine_; }
  const StorageEngine& engine() const { return *engine_; }
  Medium& medium() { return *medium_; }
  const Wal& wal() const { return *wal_; }
  void check_invariants();

 private:
  struct Waiting {
    Lsn lsn;
    std::string payload;
  };
  // What must be there when it is opened: records of the engine's own log, and of the write-ahead log.
  struct Promised {
    Lsn engine = Wal::kAll;
    Lsn log = Wal::kAll;
  };
  void recover();
  void apply(Lsn lsn, std::span<const Change> changes);
  void apply_waiting();
  void shorten_log();

  const StoreConfig config_;
  std::unique_ptr<Medium> medium_;
  std::unique_ptr<Wal> wal_;
  std::unique_ptr<StorageEngine> engine_;
  Promised promised_;
  bool is_open_ = false;
  std::optional<Error> broken_;
  Lsn applied_ = 0;
  std::deque<Waiting> waiting_;  // in the log, not yet applied
  std::string payload_;          // of the batch at hand
  std::vector<Change> unique_;
  StoreStats stats_;
};

}  // namespace syslab
