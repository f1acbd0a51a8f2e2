// ReplicaLog: the log of commands that a replica holds, the key-value store that the committed ones make, and
// the epoch that the replica has promised to obey; all of it on disk, compacted into snapshots.
//
// Entries are numbered from 1 and carry the epoch of the primary (or head) that made them. What is committed
// is executed; entries that another history replaces are dropped, also executed ones: then the store is made
// anew from the last snapshot. Cost: a journal record an entry; a snapshot every `snapshot_after` entries.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>

#include "core/replicate/kv_machine.hpp"
#include "core/replicate/log_watch.hpp"
#include "core/replicate/replica_journal.hpp"

namespace syslab {

struct ReplicaLogOptions {
  std::size_t snapshot_after = 1000;  // entries executed since the last one; 0: never
  std::shared_ptr<LogWatch> watch = nullptr;
  // Planted bugs.
  bool forgets_clients = false;  // in its snapshots
  bool executes_twice = false;   // what a client sends again
};

class ReplicaLog {
 public:
  explicit ReplicaLog(ReplicaLogOptions options) : options_(std::move(options)) {}

  void open(Env& env, std::function<void()> failed);
  ReplicaJournal& journal() { return journal_; }
  bool broken() const { return journal_.broken(); }

  std::uint64_t last() const { return base_ + log_.size(); }
  // Entries up to here are not held one by one any more.
  std::uint64_t base() const { return base_; }
  std::uint64_t epoch_at(std::uint64_t index) const;  // Requires: base() <= index <= last()
  std::uint64_t last_epoch() const { return epoch_at(last()); }
  // As a value {index, epoch, at, command}; `at` is when the primary took it, by its wall clock, in seconds.
  // Requires: base() < index <= last().
  const Value& record(std::uint64_t index) const { return log_[index - base_ - 1].record; }
  std::uint64_t durable() const { return durable_; }
  std::uint64_t committed() const { return committed_; }
  std::uint64_t snapshot_index() const { return snapshot_; }

  std::uint64_t promised() const { return promised_; }
  // Never to follow an earlier epoch; durable when the journal is.
  void promise(std::uint64_t epoch);

  void append(std::uint64_t epoch, Value command, Instant at);
  // An entry as another replica has it. Requires: its index is last() + 1.
  void append_record(Value record);
  // The entry and all behind it. How many of them were committed here.
  std::uint64_t drop_from(std::uint64_t index);
  // Executes up to there. `executed` is told each entry and its result.
  using Executed = std::function<void(std::uint64_t index, const Value& record, const Result& result)>;
  void commit(std::uint64_t upto, const Executed& executed);

  // Makes a snapshot of what is executed, and forgets entries before it. Requires: !journal().replacing().
  void compact();

  const KvMachine& store() const { return machine_; }
  // What a replica is sent that is too far behind: {index, epoch, state}.
  Value snapshot() const;
  // Takes it over in place of everything. Requires: !journal().replacing().
  void install(const Value& snapshot);

 private:
  struct Entry {
    std::uint64_t epoch;
    Value record;
  };

  void load(const Value& record);
  void execute_next(const Executed& executed);
  void note_durable();
  void report(NodeId self, std::uint64_t index) const;

  ReplicaLogOptions options_;
  ReplicaJournal journal_;
  NodeId self_;
  std::deque<Entry> log_;
  std::uint64_t base_ = 0;
  std::uint64_t base_epoch_ = 0;
  std::uint64_t snapshot_ = 0;
  std::uint64_t snapshot_epoch_ = 0;
  Value snapshot_state_;
  std::uint64_t promised_ = 0;
  std::uint64_t durable_ = 0;
  std::uint64_t drops_ = 0;  // so that what became durable before a drop is not taken for what came after
  std::uint64_t committed_ = 0;
  KvMachine machine_;
};

}  // namespace syslab
