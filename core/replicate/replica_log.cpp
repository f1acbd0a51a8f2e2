#include "core/replicate/replica_log.hpp"

#include <algorithm>

#include "core/replicate/numbers.hpp"

namespace syslab {
namespace {

using numbers::integer;
using numbers::number;

}  // namespace

// Records: {promised}; entries {index, epoch, at, command}, of which a later one replaces those from its
// index on; {dropped}, the index from which entries are gone; and first of all {state, index, epoch} of a
// snapshot.
void ReplicaLog::open(Env& env, std::function<void()> failed) {
  self_ = env.self();
  for (const Value& record : journal_.open(env, std::move(failed))) load(record);
  durable_ = last();
  for (std::uint64_t i = base_ + 1; i <= last(); ++i) report(self_, i);
}

void ReplicaLog::load(const Value& record) {
  if (!record["state"].is_nil()) {
    base_ = snapshot_ = committed_ = integer(record["index"]);
    base_epoch_ = snapshot_epoch_ = integer(record["epoch"]);
    snapshot_state_ = record["state"];
    machine_.restore(snapshot_state_);
    log_.clear();
  } else if (!record["promised"].is_nil()) {
    promised_ = integer(record["promised"]);
  } else if (!record["dropped"].is_nil()) {
    if (integer(record["dropped"]) <= last()) log_.resize(integer(record["dropped"]) - base_ - 1);
  } else if (const std::uint64_t index = integer(record["index"]); index > base_ && index <= last() + 1) {
    log_.resize(index - base_ - 1);
    log_.push_back({integer(record["epoch"]), record});
  }
}

std::uint64_t ReplicaLog::epoch_at(std::uint64_t index) const {
  return index == base_ ? base_epoch_ : log_[index - base_ - 1].epoch;
}

void ReplicaLog::report(NodeId self, std::uint64_t index) const {
  if (options_.watch == nullptr) return;
  options_.watch->appended(self, index, epoch_at(index), epoch_at(index - 1), record(index)["command"]);
}

void ReplicaLog::promise(std::uint64_t epoch) {
  promised_ = epoch;
  journal_.append(Value::map({{"promised", number(epoch)}}));
}

void ReplicaLog::append(std::uint64_t epoch, Value command, Instant at) {
  append_record(Value::map({{"index", number(last() + 1)},
                            {"epoch", number(epoch)},
                            {"at", to_seconds(at)},
                            {"command", std::move(command)}}));
}

void ReplicaLog::append_record(Value record) {
  journal_.append(record);
  log_.push_back({integer(record["epoch"]), std::move(record)});
  note_durable();
}

void ReplicaLog::note_durable() {
  journal_.when_durable([this, index = last(), drops = drops_] {
    if (drops != drops_) return;
    // What others may be told of: before that a crash may take it away, and another take its place.
    for (std::uint64_t i = std::max(durable_, base_) + 1; i <= index; ++i) report(self_, i);
    durable_ = std::max(durable_, index);
  });
}

std::uint64_t ReplicaLog::drop_from(std::uint64_t index) {
  const std::uint64_t lost = committed_ >= index ? committed_ - index + 1 : 0;
  if (lost > 0 && options_.watch != nullptr) options_.watch->dropped_committed(self_, index);
  if (options_.watch != nullptr) {
    for (std::uint64_t i = std::max(index, base_ + 1); i <= last(); ++i)
      options_.watch->dropped(i, epoch_at(i));
  }
  ++drops_;
  if (index <= base_ || index <= snapshot_) {
    // The snapshot itself is of another history: begin from nothing.
    log_.clear();
    base_ = base_epoch_ = snapshot_ = snapshot_epoch_ = durable_ = committed_ = 0;
    snapshot_state_ = {};
    machine_ = {};
    journal_.append(Value::map({{"state", KvMachine().snapshot()}, {"index", 0}, {"epoch", 0}}));
    return lost;
  }
  log_.resize(index - base_ - 1);
  durable_ = std::min(durable_, index - 1);
  journal_.append(Value::map({{"dropped", number(index)}}));
  note_durable();
  if (lost > 0) {
    const std::uint64_t upto = index - 1;
    committed_ = snapshot_;
    machine_ = {};
    if (snapshot_ > 0) machine_.restore(snapshot_state_);
    while (committed_ < upto) execute_next(nullptr);
  }
  return lost;
}

void ReplicaLog::execute_next(const Executed& executed) {
  const Value& entry = record(++committed_);
  const Value& command = entry["command"];
  Result result = Value(true);
  if (command["type"].is_string() && KvMachine::takes(command["type"].string())) {
    if (options_.executes_twice) machine_.forget_clients();
    result = machine_.execute(command);
  }
  if (executed != nullptr) executed(committed_, entry, result);
}

void ReplicaLog::commit(std::uint64_t upto, const Executed& executed) {
  while (committed_ < upto) {
    if (options_.watch != nullptr) {
      options_.watch->committed(self_, committed_ + 1, epoch_at(committed_ + 1));
    }
    execute_next(executed);
  }
  if (options_.snapshot_after > 0 && committed_ - snapshot_ >= options_.snapshot_after &&
      !journal_.replacing()) {
    compact();
  }
}

void ReplicaLog::compact() {
  snapshot_ = committed_;
  snapshot_epoch_ = epoch_at(committed_);
  snapshot_state_ = machine_.snapshot();
  if (options_.forgets_clients) snapshot_state_ = snapshot_state_.with("sessions", Value::map({}));
  Value::List records = {snapshot(), Value::map({{"promised", number(promised_)}})};
  for (std::uint64_t i = snapshot_ + 1; i <= last(); ++i) records.push_back(record(i));
  journal_.replace(records);
  note_durable();
  // What is left of the log before the snapshot saves those who are a little behind a transfer of it. With
  // snapshots only when asked for, nothing is.
  const std::uint64_t kept = std::min<std::uint64_t>(snapshot_ - base_, options_.snapshot_after / 2);
  base_epoch_ = epoch_at(snapshot_ - kept);
  log_.erase(log_.begin(), log_.begin() + static_cast<std::ptrdiff_t>(snapshot_ - kept - base_));
  base_ = snapshot_ - kept;
}

Value ReplicaLog::snapshot() const {
  return Value::map(
      {{"index", number(snapshot_)}, {"epoch", number(snapshot_epoch_)}, {"state", snapshot_state_}});
}

void ReplicaLog::install(const Value& snapshot) {
  ++drops_;
  log_.clear();
  base_ = snapshot_ = committed_ = integer(snapshot["index"]);
  base_epoch_ = snapshot_epoch_ = integer(snapshot["epoch"]);
  snapshot_state_ = snapshot["state"];
  machine_.restore(snapshot_state_);
  durable_ = 0;
  journal_.replace({this->snapshot(), Value::map({{"promised", number(promised_)}})});
  note_durable();
}

}  // namespace syslab
