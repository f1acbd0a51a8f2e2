#include "core/replicate/replica_journal.hpp"

#include <optional>

namespace syslab {
namespace {

double checksum(const Value& record) {
  return static_cast<double>(record.hash() >> 12);  // what a number holds exactly
}

Value sealed(Value record) {
  const double sum = checksum(record);
  return Value::list({std::move(record), sum});
}

// The record, or none if it is not whole.
std::optional<Value> unsealed(const Value& stored) {
  if (!stored.is_list() || stored.list().size() != 2) return std::nullopt;
  const Value& record = stored.list()[0];
  if (!(stored.list()[1] == Value(checksum(record)))) return std::nullopt;
  return record;
}

}  // namespace

// The first record of a file says of which generation it is and with how many records it began.
Value::List ReplicaJournal::open(Env& env, std::function<void()> failed) {
  env_ = &env;
  failed_ = std::move(failed);
  Value::List newest;
  for (const char* name : {"journal-a", "journal-b"}) {
    const Result content = env.disk().peek(name);
    if (!content.ok()) {
      if (content.error().code != "not_found") ok(content);
      continue;
    }
    if (!content->is_list()) continue;
    Value::List records;
    std::uint64_t generation = 0;
    std::size_t begun_with = 0;
    for (const Value& stored : content->list()) {
      const std::optional<Value> record = unsealed(stored);
      if (!record) continue;
      if ((*record)["generation"].is_number()) {
        generation = static_cast<std::uint64_t>((*record)["generation"].number());
        begun_with = static_cast<std::size_t>((*record)["records"].number());
      } else {
        records.push_back(*record);
      }
    }
    if (records.size() < begun_with || generation < generation_) continue;
    // A file that lost its head is one whose replacement never became durable.
    if (generation == 0 && name[8] == 'b') continue;
    generation_ = generation;
    newest = std::move(records);
  }
  return newest;
}

void ReplicaJournal::append(Value record) {
  ++writes_;
  env_->disk().append(file(), sealed(std::move(record)), [this](const Result& r) { ok(r); });
}

void ReplicaJournal::replace(const Value::List& records) {
  const std::string old = file();
  ++generation_;
  Value::List content = {sealed(Value::map(
      {{"generation", static_cast<double>(generation_)}, {"records", static_cast<double>(records.size())}}))};
  for (const Value& record : records) content.push_back(sealed(record));
  ++writes_;
  replacing_ = true;
  env_->disk().write(file(), Value::list(std::move(content)), [this](const Result& r) { ok(r); });
  when_durable([this, old] {
    replacing_ = false;
    env_->disk().write(old, {}, [this](const Result& r) { ok(r); });
  });
}

void ReplicaJournal::when_durable(std::function<void()> action) {
  if (broken_) return;
  if (durable_ == writes_) return action();
  deferred_.push_back({writes_, std::move(action)});
  flush();
}

void ReplicaJournal::flush() {
  if (flushing_) return;
  flushing_ = true;
  env_->disk().sync([this, upto = writes_](const Result& r) {
    flushing_ = false;
    if (!ok(r)) return;
    durable_ = upto;
    while (!broken_ && !deferred_.empty() && deferred_.front().writes <= upto) {
      const std::function<void()> action = std::move(deferred_.front().action);
      deferred_.pop_front();
      action();
    }
    if (!broken_ && !deferred_.empty()) flush();
  });
}

bool ReplicaJournal::ok(const Result& result) {
  if (broken_) return false;
  if (result.ok()) return true;
  broken_ = true;
  deferred_.clear();
  env_->log("the disk failed: this process does nothing more until a restart", Value(result.error().code));
  failed_();
  return false;
}

}  // namespace syslab
