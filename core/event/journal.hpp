// Journal: a state that is changed by commands and kept as the records of what they changed.
//
// A command looks at the state, changes it in memory, and says what to record and what to answer. It is
// answered when its record is durable, and commands that come meanwhile wait and are then recorded together:
// one write and one sync for all of them (group commit). After a crash the state is what the records say. A
// group is one record of the disk, so it is there as a whole or not at all; what a torn write left of one is
// passed over.
//
// Errors: a group that the disk refused is answered with the disk's error and has changed nothing; the state
// is read again. A journal whose records are damaged answers io_error from then on rather than guess.
//
// On the disk: NAME/log, a list of {n, r}, r the records of group n; NAME/snapshot.0 and .1, {n, s}, the
// state after group n, written in turn, before the log is emptied. Cost: a write and a sync a group; a start
// reads the snapshot and the log after it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/runtime/env.hpp"

namespace syslab {

class Journal {
 public:
  struct Outcome {
    Value record = {};  // nil: nothing was changed
    Result answer = Value(true);
  };
  using Command = std::function<Outcome()>;

  struct Owner {
    std::function<void(const Value& snapshot)> reset;  // to the snapshot; nil: to the beginning
    std::function<void(const Value& record)> replay;
    std::function<void()> committed = nullptr;  // all that was changed so far is durable
    std::function<Value()> snapshot = nullptr;  // the state; null: the log is never shortened
    std::size_t snapshot_every = 1000;          // groups
  };

  Journal(std::string name, Owner owner) : name_(std::move(name)), owner_(std::move(owner)) {}

  // Reads what an earlier process left. Requires: `env` outlives the journal.
  void start(Env& env);
  // Runs the command, now or after the group that is on its way to the disk. Requires: start() was called.
  void submit(Command command, Reply reply);
  // Why it takes no commands; nothing while it does.
  const std::optional<Error>& broken() const { return broken_; }
  // Groups in the log, since the last snapshot.
  std::size_t log_size() const { return log_size_; }

 private:
  struct Waiting {
    Command command;
    Reply reply;
  };

  std::string slot_file(std::size_t slot) const { return name_ + "/snapshot." + std::to_string(slot); }
  std::string log_file() const { return name_ + "/log"; }
  void load();
  void pump();
  void finish(Result written, std::vector<std::pair<Reply, Result>> answers);
  void shorten();

  const std::string name_;
  const Owner owner_;
  Env* env_ = nullptr;
  std::optional<Error> broken_;
  std::vector<Waiting> waiting_;
  bool busy_ = false;  // something is on its way to the disk
  std::uint64_t groups_ = 0;
  std::size_t log_size_ = 0;
  std::size_t slot_ = 0;  // where the next snapshot goes
};

}  // namespace syslab
