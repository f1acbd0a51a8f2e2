#include "core/event/journal.hpp"

#include <memory>

namespace syslab {
namespace {

// An entry as it was written, and not the half of it that a torn write left.
bool is_whole(const Value& entry, const char* content) {
  return entry.is_map() && entry["n"].is_number() && entry.map().size() == 2 &&
         entry.map()[1].first == content;
}

}  // namespace

void Journal::start(Env& env) {
  env_ = &env;
  load();
}

void Journal::load() {
  broken_.reset();
  groups_ = 0;
  log_size_ = 0;
  slot_ = 0;
  Value state;
  for (std::size_t slot = 0; slot < 2; ++slot) {
    const Result file = env_->disk().peek(slot_file(slot));
    if (!file.ok() && file.error().code != "not_found") broken_ = file.error();
    if (!file.ok() || !is_whole(*file, "s")) continue;
    const auto n = static_cast<std::uint64_t>((*file)["n"].number());
    if (n <= groups_) continue;
    groups_ = n;
    state = (*file)["s"];
    slot_ = 1 - slot;
  }
  owner_.reset(state);
  const Result log = env_->disk().peek(log_file());
  if (!log.ok() && log.error().code != "not_found") broken_ = log.error();
  if (broken_ || !log.ok() || !log->is_list()) {
    if (!broken_ && owner_.committed) owner_.committed();
    return;
  }
  for (const Value& entry : log->list()) {
    // A torn entry was never answered for, and the next one took its number; it stays where it is.
    if (!is_whole(entry, "r") || !entry["r"].is_list()) continue;
    const auto n = static_cast<std::uint64_t>(entry["n"].number());
    if (n <= groups_) continue;  // the snapshot has it
    if (n != groups_ + 1) {
      broken_ = make_error("io_error",
                           "group " + std::to_string(groups_ + 1) + " of " + log_file() + " is missing");
      return;
    }
    ++groups_;
    ++log_size_;
    for (const Value& record : entry["r"].list()) owner_.replay(record);
  }
  if (owner_.committed) owner_.committed();
}

void Journal::submit(Command command, Reply reply) {
  waiting_.push_back({std::move(command), std::move(reply)});
  if (!busy_) pump();
}

void Journal::pump() {
  while (!busy_ && !waiting_.empty()) {
    std::vector<Waiting> group;
    group.swap(waiting_);
    std::vector<std::pair<Reply, Result>> answers;
    Value::List records;
    busy_ = true;  // what an answer or a command submits comes after this group
    for (Waiting& w : group) {
      if (broken_) {
        answers.emplace_back(std::move(w.reply), *broken_);
        continue;
      }
      Outcome outcome = w.command();
      if (!outcome.record.is_nil()) records.push_back(std::move(outcome.record));
      answers.emplace_back(std::move(w.reply), std::move(outcome.answer));
    }
    if (records.empty()) {
      for (auto& [reply, answer] : answers) reply(std::move(answer));
      busy_ = false;
      continue;
    }
    const auto written = std::make_shared<Result>(Value(true));
    env_->disk().append(
        log_file(),
        Value::map({{"n", static_cast<double>(groups_ + 1)}, {"r", Value::list(std::move(records))}}),
        [written](Result result) {
          if (!result.ok()) *written = std::move(result);
        });
    env_->disk().sync([this, written, answers = std::move(answers)](Result synced) {
      finish(written->ok() ? std::move(synced) : *written, answers);
    });
  }
}

void Journal::finish(Result written, std::vector<std::pair<Reply, Result>> answers) {
  if (written.ok()) {
    ++groups_;
    ++log_size_;
    if (owner_.committed) owner_.committed();
    for (auto& [reply, answer] : answers) reply(std::move(answer));
  } else {
    load();
    for (auto& [reply, answer] : answers) reply(written);
  }
  busy_ = false;
  if (owner_.snapshot && log_size_ >= owner_.snapshot_every) {
    shorten();
  } else {
    pump();
  }
}

// The new snapshot is durable before the log is emptied, and the old one is still there if it is torn.
void Journal::shorten() {
  busy_ = true;
  env_->disk().write(slot_file(slot_),
                     Value::map({{"n", static_cast<double>(groups_)}, {"s", owner_.snapshot()}}),
                     [this](const Result& result) {
                       if (result.ok()) slot_ = 1 - slot_;
                     });
  const std::size_t before = slot_;
  env_->disk().sync([this, before](const Result& result) {
    busy_ = false;
    if (result.ok() && slot_ != before) {
      env_->disk().write(log_file(), Value::list({}), [](const Result&) {});
      log_size_ = 0;
    }
    pump();
  });
}

}  // namespace syslab
