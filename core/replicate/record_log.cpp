#include "core/replicate/record_log.hpp"

namespace syslab {
namespace {

std::string file_name(std::uint64_t generation) {
  return generation % 2 == 0 ? "records-a" : "records-b";
}

// What is torn has lost its second half, so a list of two says that the first one is whole.
Value whole(Value record) {
  return Value::list({std::move(record), true});
}
bool is_whole(const Value& line) {
  return line.is_list() && line.list().size() == 2;
}

}  // namespace

// The first line of a file that rewrite() made is {generation, records}; the first file has no such line.
bool RecordLog::load(Env& env, const std::function<void(const Value&)>& visit) {
  Value::List lines;
  std::size_t first = 0;
  for (std::uint64_t side = 0; side < 2; ++side) {
    const Result file = env.disk().peek(file_name(side));
    if (!file.ok()) {
      broken_ = broken_ || file.error().code != "not_found";
      continue;
    }
    if (!file->is_list() || file->list().empty() || !is_whole(file->list().front())) continue;
    const Value& head = file->list().front().list().front();
    const bool rewritten = head["generation"].is_number();
    const auto generation = rewritten ? static_cast<std::uint64_t>(head["generation"].number()) : 0;
    if (rewritten ? head["records"].number() >= static_cast<double>(file->list().size()) : side != 0)
      continue;
    if (!lines.empty() && generation < generation_) continue;
    generation_ = generation;
    lines = file->list();
    first = rewritten ? 1 : 0;
  }
  if (broken_) return false;
  size_ = lines.size();
  for (std::size_t i = first; i < lines.size(); ++i) {
    if (is_whole(lines[i])) visit(lines[i].list().front());
  }
  return true;
}

void RecordLog::append(Env& env, Value record) {
  ++writes_;
  ++size_;
  env.disk().append(file_name(generation_), whole(std::move(record)), [this](const Result& r) { ok(r); });
}

void RecordLog::rewrite(Env& env, Value::List records) {
  SYSLAB_ASSERT(!rewriting_);
  const std::string old = file_name(generation_);
  Value::List lines = {whole(Value::map({{"generation", static_cast<double>(++generation_)},
                                         {"records", static_cast<double>(records.size())}}))};
  for (Value& record : records) lines.push_back(whole(std::move(record)));
  ++writes_;
  size_ = lines.size();
  rewriting_ = true;
  env.disk().write(file_name(generation_), Value::list(std::move(lines)), [this](const Result& r) { ok(r); });
  when_durable(env, [this, &env, old] {
    rewriting_ = false;
    env.disk().write(old, {}, [this](const Result& r) { ok(r); });
  });
}

void RecordLog::when_durable(Env& env, std::function<void()> action) {
  if (broken_) return;
  if (durable_ == writes_ && deferred_.empty()) return action();
  deferred_.push_back({writes_, std::move(action)});
  flush(env);
}

void RecordLog::flush(Env& env) {
  if (flushing_) return;
  flushing_ = true;
  env.disk().sync([this, &env, upto = writes_](const Result& r) {
    if (!ok(r)) return;
    durable_ = upto;
    while (!broken_ && !deferred_.empty() && deferred_.front().writes <= upto) {
      const std::function<void()> action = std::move(deferred_.front().action);
      deferred_.pop_front();
      action();
    }
    flushing_ = false;
    if (!broken_ && !deferred_.empty()) flush(env);
  });
}

bool RecordLog::ok(const Result& result) {
  if (broken_) return false;
  if (result.ok()) return true;
  broken_ = true;
  deferred_.clear();
  return false;
}

}  // namespace syslab
