#include "core/replicate/vr.hpp"

#include <algorithm>

#include "core/replicate/numbers.hpp"

namespace syslab {
namespace {

using numbers::integer;
using numbers::number;

}  // namespace

// ---- the log

void Vr::to_all(Env& env, std::string_view type, const Value& body) {
  for (const NodeId member : *options_.members) {
    if (member != self_) env.send(member, std::string(type), body);
  }
}

Value Vr::entries_from(std::uint64_t first, std::size_t most) const {
  Value::List entries;
  for (std::uint64_t i = first; i <= last() && entries.size() < most; ++i)
    entries.push_back(log_[i - 1].record);
  return Value::list(std::move(entries));
}

void Vr::add(Value record) {
  const std::uint64_t view = integer(record["view"]);
  if (options_.watch != nullptr) {
    options_.watch->appended(self_, last() + 1, view, view_at(last()), record["command"]);
  }
  log_.push_back({view, std::move(record)});
}

void Vr::drop_from(std::uint64_t index) {
  if (index > last()) return;
  if (index <= committed_ && options_.watch != nullptr) options_.watch->dropped_committed(self_, index);
  log_.resize(index - 1);
}

// Keeps what the two have in common: entries of one index and view are the same, and so are all before them.
void Vr::adopt(const Value& entries) {
  const Value::List& list = entries.list();
  std::uint64_t same = 0;
  while (same < list.size() && same < last() && log_[same].view == integer(list[same]["view"])) ++same;
  drop_from(same + 1);
  for (std::uint64_t i = same; i < list.size(); ++i) add(list[i]);
}

void Vr::commit(std::uint64_t upto) {
  while (committed_ < std::min(upto, last())) {
    const Entry& entry = log_[committed_++];
    if (options_.watch != nullptr) options_.watch->committed(self_, committed_, entry.view);
    if (bug(VrBug::executes_twice)) machine_.forget_clients();
    Result result = machine_.execute(entry.record["command"]);
    const auto waiting = waiting_.find(committed_);
    if (waiting == waiting_.end()) continue;
    const Reply reply = std::move(waiting->second.reply);
    const bool mine = waiting->second.view == entry.view;
    waiting_.erase(waiting);
    reply(mine ? std::move(result)
               : Result(make_error("unknown", "another entry was committed in its place")));
  }
}

// ---- life

void Vr::on_start(Env& env) {
  self_ = env.self();
  deadline_ = env.now() + options_.patience * 2;
  const bool before = env.disk().peek("started").ok();
  // What it acknowledges from now on it must never forget: a restart that did not know of this one would.
  env.disk().write("started", true, nullptr);
  env.disk().sync([this, &env, before](const Result& synced) {
    if (!synced.ok()) return env.log("the disk failed: this replica does nothing");
    status_ = Status::normal;
    if (before && !bug(VrBug::restarts_empty)) {
      status_ = Status::recovering;
      nonce_ = static_cast<double>(env.rng().next() >> 12);
      ask_to_recover(env);
    } else if (leads()) {
      lead(env);
    }
    tick(env);
  });
}

void Vr::heard(Env& env) {
  deadline_ = env.now() + options_.patience +
              Duration(static_cast<std::int64_t>(
                  env.rng().below(static_cast<std::uint64_t>(options_.patience.count()) + 1)));
}

void Vr::tick(Env& env) {
  env.after(options_.heartbeat, [this, &env] { tick(env); });
  if (status_ == Status::recovering) return ask_to_recover(env);
  if (leads()) {
    for (const NodeId member : *options_.members) {
      if (member != self_) send_prepare(env, member);
    }
    return;
  }
  if (env.now() >= deadline_) {
    begin_view(env, view_ + 1);
  } else if (status_ == Status::view_change) {  // what was lost is said again
    to_all(env, "begin_view", Value::map({{"view", number(view_)}}));
    if (log_sent_) send_log(env);
  }
}

void Vr::on_message(Env& env, const Message& m) {
  if (status_ == Status::starting) return;
  if (m.type == "recovery_state") return on_recovery(env, m);
  if (status_ == Status::recovering) return;
  if (m.type == "prepare") {
    on_prepare(env, m);
  } else if (m.type == "prepared") {
    if (!leads() || integer(m.body["view"]) != view_) return;
    held_[m.from] = std::max(held_[m.from], integer(m.body["index"]));
    count_acknowledged();
  } else if (m.type == "begin_view") {
    on_begin_view(env, m);
  } else if (m.type == "log") {
    on_log(env, m);
  } else if (m.type == "view") {
    on_view(env, m);
  } else if (m.type == "get_state") {
    const std::uint64_t first = integer(m.body["index"]) + 1;
    if (status_ != Status::normal || integer(m.body["view"]) > view_ || first > last() + 1) return;
    env.send(m.from, "state",
             Value::map({{"view", number(view_)},
                         {"first", number(first)},
                         {"entries", entries_from(first, ~std::size_t{0})},
                         {"committed", number(committed_)}}));
  } else if (m.type == "state") {
    on_state(env, m);
  } else if (m.type == "recovery" && status_ == Status::normal) {
    env.send(
        m.from, "recovery_state",
        Value::map({{"view", number(view_)},
                    {"nonce", m.body["nonce"]},
                    {"log", leads() || bug(VrBug::recovers_from_anyone) ? entries_from(1, ~std::size_t{0})
                                                                        : Value()},
                    {"committed", number(committed_)}}));
  }
}

// ---- the normal case

void Vr::on_request(Env& env, const Request& request, Reply reply) {
  if (!KvMachine::takes(request.type)) {
    return reply(make_error("not_found", "a replica takes read, write and cas, not '" + request.type + "'"));
  }
  if (!leads()) {
    if (status_ != Status::normal || request.body["passed_on"].truthy()) {
      return reply(make_error("not_leader", "no primary is known to this replica"));
    }
    return env.call(primary(view_), {request.type, request.body.with("passed_on", true)},
                    options_.patience * 4, std::move(reply));
  }
  const Value command = KvMachine::command(request);
  add(Value::map({{"view", number(view_)}, {"command", command}}));
  if (bug(VrBug::ack_before_commit) && request.type == "write") {
    reply(request.body["value"]);
  } else {
    waiting_.insert_or_assign(last(), Waiting{view_, std::move(reply)});
  }
  for (const NodeId member : *options_.members) {
    if (member == self_) continue;
    env.send(member, "prepare",
             Value::map({{"view", number(view_)},
                         {"first", number(last())},
                         {"entries", entries_from(last(), 1)},
                         {"committed", number(committed_)}}));
  }
  count_acknowledged();
}

// What a backup has not acknowledged yet; with nothing to send, that the primary is there.
void Vr::send_prepare(Env& env, NodeId to) {
  const std::uint64_t first = held_[to] + 1;
  env.send(to, "prepare",
           Value::map({{"view", number(view_)},
                       {"first", number(first)},
                       {"entries", entries_from(first, options_.batch)},
                       {"committed", number(committed_)}}));
}

void Vr::on_prepare(Env& env, const Message& m) {
  const std::uint64_t view = integer(m.body["view"]);
  if (bug(VrBug::old_view_accepted) && view < view_ && integer(m.body["first"]) == last() + 1) {
    for (const Value& entry : m.body["entries"].list()) add(entry);
    env.send(m.from, "prepared", Value::map({{"view", number(view)}, {"index", number(last())}}));
    return;
  }
  if (view < view_ || (view == view_ && status_ == Status::view_change)) return;
  if (view > view_) {
    // The view has begun without this replica. What it had not committed may be no part of it, so that is
    // asked for anew. The paper drops it and enters the view at once; but until the answer comes, this
    // replica may be the only one that is left to remember it. So it enters with the answer.
    heard(env);
    return catch_up(env, m.from, view, bug(VrBug::suffix_kept) ? last() : committed_);
  }
  if (leads()) return;
  heard(env);
  const std::uint64_t first = integer(m.body["first"]);
  if (first > last() + 1) {
    if (!bug(VrBug::gap_accepted)) return catch_up(env, m.from, view_, last());
    const std::uint64_t claimed = first - 1 + m.body["entries"].list().size();
    env.send(m.from, "prepared", Value::map({{"view", number(view_)}, {"index", number(claimed)}}));
    return;
  }
  std::uint64_t index = first;
  for (const Value& entry : m.body["entries"].list()) {
    if (index++ > last()) add(entry);
  }
  commit(integer(m.body["committed"]));
  acknowledge(env);
}

void Vr::acknowledge(Env& env) {
  env.send(primary(view_), "prepared", Value::map({{"view", number(view_)}, {"index", number(last())}}));
}

void Vr::count_acknowledged() {
  std::vector<std::uint64_t> held = {last()};
  for (const NodeId member : *options_.members) {
    if (member != self_) held.push_back(held_[member]);
  }
  std::sort(held.begin(), held.end(), std::greater<>());
  commit(held[bug(VrBug::minority_commits) ? std::max<std::size_t>(1, majority() - 1) - 1 : majority() - 1]);
}

// Asks for the entries after `index` as they are in this view.
void Vr::catch_up(Env& env, NodeId from, std::uint64_t view, std::uint64_t index) {
  env.send(from, "get_state", Value::map({{"view", number(view)}, {"index", number(index)}}));
}

void Vr::on_state(Env& env, const Message& m) {
  const std::uint64_t view = integer(m.body["view"]);
  const std::uint64_t first = integer(m.body["first"]);
  if (view < view_ || (view == view_ && (status_ != Status::normal || leads())) || first > last() + 1) return;
  Value::List whole = entries_from(1, first - 1).list();
  const Value::List& entries = m.body["entries"].list();
  whole.insert(whole.end(), entries.begin(), entries.end());
  if (view > view_) {
    if (first > committed_ + 1 && !bug(VrBug::suffix_kept)) return;
    adopt(Value::list(std::move(whole)));
    enter(env, view);
  } else {
    for (std::uint64_t i = last(); i < whole.size(); ++i) add(whole[i]);
  }
  commit(integer(m.body["committed"]));
  acknowledge(env);
}

// ---- changes of view

void Vr::begin_view(Env& env, std::uint64_t view) {
  view_ = view;
  status_ = Status::view_change;
  begun_ = {self_};
  logs_.clear();
  log_sent_ = false;
  for (auto& [index, waiting] : std::exchange(waiting_, {})) {
    waiting.reply(make_error("unknown", "the view changed before the entry was committed"));
  }
  heard(env);
  to_all(env, "begin_view", Value::map({{"view", number(view_)}}));
  if (begun_.size() >= majority()) send_log(env);
}

void Vr::on_begin_view(Env& env, const Message& m) {
  const std::uint64_t view = integer(m.body["view"]);
  if (view < view_ || (view == view_ && status_ != Status::view_change)) return;
  if (view > view_) begin_view(env, view);
  begun_.insert(m.from);
  if (begun_.size() >= majority() && !log_sent_) send_log(env);
}

void Vr::send_log(Env& env) {
  log_sent_ = true;
  Message own{.from = self_,
              .to = primary(view_),
              .type = "log",
              .body = Value::map({{"view", number(view_)},
                                  {"normal_view", number(normal_view_)},
                                  {"log", entries_from(1, ~std::size_t{0})},
                                  {"committed", number(committed_)}})};
  if (own.to == self_) return on_log(env, own);
  env.send(own.to, own.type, own.body);
}

void Vr::on_log(Env& env, const Message& m) {
  const std::uint64_t view = integer(m.body["view"]);
  if (view < view_ || (view == view_ && status_ != Status::view_change)) return;
  if (view > view_) begin_view(env, view);
  if (primary(view_) != self_) return;
  logs_[m.from] = m.body;
  if (m.from != self_ && !logs_.contains(self_)) {
    // Who gets a log knows that a majority begins this view.
    return send_log(env);
  }
  if (logs_.size() < majority() - (bug(VrBug::minority_changes) ? 1 : 0)) return;
  const Value* best = nullptr;
  std::uint64_t committed = 0;
  const auto rank = [this](const Value& log) {
    return std::pair(bug(VrBug::longest_log_wins) ? 0 : integer(log["normal_view"]),
                     log["log"].list().size());
  };
  for (const auto& [from, log] : logs_) {
    if (best == nullptr || rank(*best) < rank(log)) best = &log;
    committed = std::max(committed, integer(log["committed"]));
  }
  if (!bug(VrBug::own_log_wins)) adopt((*best)["log"]);
  enter(env, view_);
  lead(env);
  commit(committed);
  to_all(env, "view",
         Value::map({{"view", number(view_)},
                     {"log", entries_from(1, ~std::size_t{0})},
                     {"committed", number(committed_)}}));
}

void Vr::enter(Env& env, std::uint64_t view) {
  view_ = normal_view_ = view;
  status_ = Status::normal;
  logs_.clear();
  for (auto& [index, waiting] : std::exchange(waiting_, {})) {
    waiting.reply(make_error("unknown", "the view changed before the entry was committed"));
  }
  heard(env);
}

void Vr::lead(Env&) {
  held_.clear();
  if (options_.watch != nullptr) {
    options_.watch->leads(self_, view_, [this](std::uint64_t index) { return view_at(index); });
  }
}

void Vr::on_view(Env& env, const Message& m) {
  const std::uint64_t view = integer(m.body["view"]);
  if (view < view_ || (view == view_ && status_ != Status::view_change)) return;
  adopt(m.body["log"]);
  enter(env, view);
  commit(integer(m.body["committed"]));
  acknowledge(env);
}

// ---- recovery

void Vr::ask_to_recover(Env& env) {
  to_all(env, "recovery", Value::map({{"nonce", nonce_}}));
}

void Vr::on_recovery(Env& env, const Message& m) {
  if (status_ != Status::recovering || !(m.body["nonce"] == Value(nonce_))) return;
  answers_[m.from] = m.body;
  std::uint64_t latest = 0;
  for (const auto& [from, answer] : answers_) latest = std::max(latest, integer(answer["view"]));
  NodeId source = primary(latest);
  if (bug(VrBug::recovers_from_anyone)) {
    source = m.from;
  } else if (answers_.size() < majority() || !answers_.contains(source) || answers_[source]["log"].is_nil() ||
             integer(answers_[source]["view"]) != latest) {
    return;
  }
  const Value state = answers_[source];
  answers_.clear();
  adopt(state["log"]);
  enter(env, integer(state["view"]));
  commit(integer(state["committed"]));
  if (!leads()) acknowledge(env);
}

Value Vr::show() const {
  const char* role = status_ == Status::starting || status_ == Status::recovering ? "recovering"
                     : status_ == Status::view_change                             ? "view_change"
                     : leads()                                                    ? "leader"
                                                                                  : "backup";
  return Value::map(
      {{"role", role}, {"view", number(view_)}, {"log", number(last())}, {"committed", number(committed_)}});
}

}  // namespace syslab
