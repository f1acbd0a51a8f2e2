#include "core/replicate/raft.hpp"

#include <algorithm>

namespace syslab {
namespace {

std::uint64_t integer(const Value& v) { return v.is_number() ? static_cast<std::uint64_t>(v.number()) : 0; }
Value number(std::uint64_t n) { return static_cast<double>(n); }

// An entry on disk and on the wire. `first` marks the entry without a command that begins a term, so that a record that
// lost its command is not taken for one.
Value record(std::uint64_t term, const Value& command) {
  return Value::map({{"term", number(term)}, {"command", command}, {"first", command.is_nil()}});
}

}  // namespace

void Raft::on_start(Env& env) {
  if (const Result state = env.disk().peek("vote"); state.ok()) {
    term_ = integer((*state)["term"]);
    if ((*state)["voted_for"].is_number())
      voted_for_ = NodeId{static_cast<std::uint32_t>(integer((*state)["voted_for"]))};
  } else if (state.error().code != "not_found") {
    broken_ = true;
  }
  if (const Result log = env.disk().peek("log"); log.ok()) {
    bool torn = false;
    for (const Value& entry : log->is_list() ? log->list() : Value::List{}) {
      // Half a record is the end of the log: it was never acknowledged.
      torn = torn || !entry["term"].is_number() || entry["command"].is_nil() != entry["first"].truthy();
      if (!torn) log_.push_back({integer(entry["term"]), entry["command"]});
    }
    if (torn) rewrite_log(env);
  } else if (log.error().code != "not_found") {
    broken_ = true;
  }
  durable_ = last_index();
  for (NodeId member : *options_.members) {
    if (member != env.self()) followers_.push_back({member});
  }
  if (broken_) {
    env.log("the disk cannot be read: this replica does nothing");
    return;
  }
  reset_election_timer(env);
}

Value Raft::show() const {
  const char* role = broken_                    ? "broken"
                     : role_ == Role::leader    ? "leader"
                     : role_ == Role::candidate ? "candidate"
                                                : "follower";
  return Value::map({{"role", role},
                     {"term", number(term_)},
                     {"log", number(last_index())},
                     {"committed", number(committed_)},
                     {"applied", number(applied_)}});
}

// ---- elections

void Raft::reset_election_timer(Env& env) {
  if (election_timer_) env.cancel(election_timer_);
  const auto spread = static_cast<std::uint64_t>((options_.election_max - options_.election_min).count());
  const Duration wait = options_.election_min + Duration(static_cast<std::int64_t>(env.rng().below(spread + 1)));
  election_timer_ = env.after(wait, [this, &env] {
    election_timer_ = {};
    stand_for_election(env);
  });
}

void Raft::stand_for_election(Env& env) {
  if (broken_ || role_ == Role::leader) return;
  role_ = Role::candidate;
  leader_ = kNoNode;
  ++term_;
  voted_for_ = env.self();
  votes_.clear();
  reset_election_timer(env);
  // The vote for itself counts, and is asked for, only when it is on disk: otherwise a crash could make it vote twice.
  persist_vote(env, [this, &env, term = term_] {
    if (role_ != Role::candidate || term_ != term) return;
    votes_.push_back(env.self());
    if (votes_.size() >= majority()) return become_leader(env);
    for (const Follower& f : followers_) {
      env.send(f.node, "request_vote",
               Value::map({{"term", number(term_)},
                           {"last_index", number(last_index())},
                           {"last_term", number(term_at(last_index()))}}));
    }
  });
}

void Raft::adopt_term(Env& env, std::uint64_t term, NodeId leader) {
  const bool higher = term > term_;
  if (higher) {
    term_ = term;
    voted_for_ = kNoNode;
  }
  if (role_ == Role::leader) {
    if (heartbeat_timer_) env.cancel(heartbeat_timer_);
    heartbeat_timer_ = {};
    reset_election_timer(env);
  }
  role_ = Role::follower;
  leader_ = leader;
  // Entries that were not committed may still be, by the next leader, or never.
  auto waiting = std::exchange(waiting_, {});
  for (auto& [index, w] : waiting) w.reply(make_error("unknown", "leadership was lost before the entry was committed"));
}

void Raft::persist_vote(Env& env, std::function<void()> then) {
  Value state = Value::map({{"term", number(term_)}});
  if (voted_for_ != kNoNode) state = state.with("voted_for", number(voted_for_.index));
  env.disk().write("vote", std::move(state), [this, &env](const Result& r) { disk_ok(env, r); });
  env.disk().sync([this, &env, then = std::move(then)](const Result& r) {
    if (disk_ok(env, r)) then();
  });
}

bool Raft::disk_ok(Env& env, const Result& result) {
  if (broken_) return false;
  if (result.ok()) return true;
  broken_ = true;
  env.log("the disk failed: this replica does nothing more until a restart", Value(result.error().code));
  if (election_timer_) env.cancel(election_timer_);
  if (heartbeat_timer_) env.cancel(heartbeat_timer_);
  auto waiting = std::exchange(waiting_, {});
  for (auto& [index, w] : waiting) w.reply(make_error("io_error", "the leader's disk failed"));
  return false;
}

void Raft::on_request_vote(Env& env, const Message& m) {
  const std::uint64_t term = integer(m.body["term"]);
  if (term > term_) adopt_term(env, term, kNoNode);
  const std::uint64_t last_term = integer(m.body["last_term"]);
  const bool up_to_date = last_term > term_at(last_index()) ||
                          (last_term == term_at(last_index()) && integer(m.body["last_index"]) >= last_index());
  const bool grant = term == term_ && up_to_date && (voted_for_ == kNoNode || voted_for_ == m.from);
  if (grant) {
    voted_for_ = m.from;
    reset_election_timer(env);
  }
  persist_vote(env, [this, &env, grant, term = term_, to = m.from] {
    if (term_ != term) return;
    env.send(to, "vote", Value::map({{"term", number(term)}, {"granted", grant}}));
  });
}

void Raft::on_vote(Env& env, const Message& m) {
  const std::uint64_t term = integer(m.body["term"]);
  if (term > term_) {
    adopt_term(env, term, kNoNode);
    return persist_vote(env, [] {});
  }
  if (role_ != Role::candidate || term != term_ || !m.body["granted"].truthy()) return;
  if (std::find(votes_.begin(), votes_.end(), m.from) == votes_.end()) votes_.push_back(m.from);
  if (votes_.size() >= majority()) become_leader(env);
}

void Raft::become_leader(Env& env) {
  role_ = Role::leader;
  leader_ = env.self();
  if (election_timer_) env.cancel(election_timer_);
  election_timer_ = {};
  env.log("leader", number(term_));
  for (Follower& f : followers_) f = {f.node, last_index() + 1, 0, false};
  // An entry of its own term: until that is committed, the leader does not know which older ones are.
  append_to_log(env, {term_, {}});
  heartbeat(env);
}

// ---- the log

void Raft::append_to_log(Env& env, Entry entry) {
  env.disk().append("log", record(entry.term, entry.command), [this, &env](const Result& r) { disk_ok(env, r); });
  log_.push_back(std::move(entry));
  if (role_ != Role::leader) return;
  sync(env, [this, &env] { advance_commit(env); });
}

void Raft::rewrite_log(Env& env) {
  Value::List kept;
  for (const Entry& e : log_) kept.push_back(record(e.term, e.command));
  env.disk().write("log", Value::list(std::move(kept)), [this, &env](const Result& r) { disk_ok(env, r); });
}

void Raft::sync(Env& env, std::function<void()> then) {
  env.disk().sync([this, &env, upto = last_index(), rewrites = rewrites_, then = std::move(then)](const Result& r) {
    if (!disk_ok(env, r)) return;
    if (rewrites == rewrites_) durable_ = std::max(durable_, upto);
    then();
  });
}

void Raft::heartbeat(Env& env) {
  for (Follower& f : followers_) {
    f.busy = false;  // what was lost is sent again
    replicate(env, f, true);
  }
  heartbeat_timer_ = env.after(options_.heartbeat, [this, &env] { heartbeat(env); });
}

void Raft::replicate(Env& env, Follower& f, bool even_if_empty) {
  if (f.busy || (f.next > last_index() && !even_if_empty)) return;
  Value::List entries;
  const std::uint64_t end = std::min(last_index() + 1, f.next + options_.batch);
  for (std::uint64_t i = f.next; i < end; ++i) {
    entries.push_back(record(log_[i - 1].term, log_[i - 1].command));
  }
  f.busy = !entries.empty();
  env.send(f.node, "append",
           Value::map({{"term", number(term_)},
                       {"previous", number(f.next - 1)},
                       {"previous_term", number(term_at(f.next - 1))},
                       {"entries", Value::list(std::move(entries))},
                       {"committed", number(committed_)}}));
}

void Raft::on_append(Env& env, const Message& m) {
  const std::uint64_t term = integer(m.body["term"]);
  const auto answer = [this, &env, to = m.from](bool ok, std::uint64_t match) {
    env.send(to, "appended", Value::map({{"term", number(term_)}, {"ok", ok}, {"match", number(match)}}));
  };
  if (term < term_) return answer(false, 0);
  const bool new_term = term > term_;
  if (new_term || role_ != Role::follower || leader_ != m.from) adopt_term(env, term, m.from);
  reset_election_timer(env);
  const std::uint64_t previous = integer(m.body["previous"]);
  if (previous > last_index() || term_at(previous) != integer(m.body["previous_term"])) {
    // Where the logs part, everything of that term is doubtful: skip it at once.
    std::uint64_t hint = std::min(previous, last_index());
    while (hint > committed_ && term_at(hint) == term_at(std::min(previous, last_index())) &&
           previous <= last_index())
      --hint;
    if (new_term) return persist_vote(env, [answer, hint] { answer(false, hint); });
    return answer(false, hint);
  }
  const Value::List& entries = m.body["entries"].list();
  std::uint64_t index = previous;
  bool changed = new_term;
  for (const Value& entry : entries) {
    ++index;
    const std::uint64_t entry_term = integer(entry["term"]);
    if (index <= last_index() && term_at(index) == entry_term) continue;
    changed = true;
    if (index <= last_index()) {
      // An entry of another leader that was never committed: it and all behind it go.
      SYSLAB_ASSERT(index > committed_);
      log_.resize(index - 1);
      durable_ = std::min(durable_, index - 1);
      ++rewrites_;
      rewrite_log(env);
    }
    append_to_log(env, {entry_term, entry["command"]});
  }
  const std::uint64_t match = index;
  const std::uint64_t leader_committed = integer(m.body["committed"]);
  if (std::min(leader_committed, match) > committed_) {
    committed_ = std::min(leader_committed, match);
    apply_committed();
  }
  if (!changed && durable_ >= match) return answer(true, match);
  const auto acknowledge = [this, &env, answer, match, term] {
    sync(env, [this, answer, match, term] {
      if (term_ == term && durable_ >= match) answer(true, match);
    });
  };
  new_term ? persist_vote(env, acknowledge) : acknowledge();
}

void Raft::on_appended(Env& env, const Message& m) {
  const std::uint64_t term = integer(m.body["term"]);
  if (term > term_) {
    adopt_term(env, term, kNoNode);
    return persist_vote(env, [] {});
  }
  if (role_ != Role::leader || term != term_) return;
  const auto f =
      std::find_if(followers_.begin(), followers_.end(), [&](const Follower& x) { return x.node == m.from; });
  if (f == followers_.end()) return;
  f->busy = false;
  const std::uint64_t match = integer(m.body["match"]);
  if (m.body["ok"].truthy()) {
    f->match = std::max(f->match, match);
    f->next = std::max(f->next, f->match + 1);
    advance_commit(env);
  } else {
    f->next = std::max(f->match, std::min(f->next - 1, match)) + 1;
  }
  replicate(env, *f, false);
}

void Raft::advance_commit(Env& env) {
  if (role_ != Role::leader) return;
  std::vector<std::uint64_t> held = {durable_};
  for (const Follower& f : followers_) held.push_back(f.match);
  std::sort(held.begin(), held.end(), std::greater<>());
  const std::uint64_t by_majority = held[majority() - 1];
  // Counting commits only entries of the own term (figure 8 of the paper); those before them follow.
  if (by_majority > committed_ && term_at(by_majority) == term_) {
    committed_ = by_majority;
    apply_committed();
  }
  for (Follower& f : followers_) replicate(env, f, false);
}

// ---- the store

void Raft::apply_committed() {
  while (applied_ < committed_) {
    const Entry& entry = log_[applied_];
    ++applied_;
    const Value answer = execute(entry.command);
    const auto waiting = waiting_.find(applied_);
    if (waiting == waiting_.end()) continue;
    const Reply reply = std::move(waiting->second.reply);
    const bool mine = waiting->second.term == entry.term;
    waiting_.erase(waiting);
    if (!mine) {
      reply(make_error("unknown", "another entry was committed in its place"));
    } else if (answer["conflict"].truthy()) {
      reply(make_error("conflict", "the value was " + answer["found"].json()));
    } else {
      reply(answer["value"]);
    }
  }
}

Value Raft::execute(const Value& command) {
  if (command.is_nil()) return {};
  const Value& client = command["client"];
  const std::uint64_t seq = integer(command["seq"]);
  if (client.is_string()) {
    const Session& session = sessions_[std::string(client.string())];
    if (session.seq >= seq && seq > 0) return session.answer;
  }
  Value answer;
  const std::string_view type = command["type"].string();
  Value& cell = store_[command["key"]];
  if (type == "write") {
    cell = command["value"];
    answer = Value::map({{"value", cell}});
  } else if (type == "cas") {
    if (cell == command["expected"]) {
      cell = command["value"];
      answer = Value::map({{"value", cell}});
    } else {
      answer = Value::map({{"conflict", true}, {"found", cell}});
    }
  } else {
    answer = Value::map({{"value", cell}});
  }
  if (client.is_string()) sessions_[std::string(client.string())] = {seq, answer};
  return answer;
}

void Raft::on_request(Env& env, const Request& request, Reply reply) {
  if (request.type != "read" && request.type != "write" && request.type != "cas") {
    return reply(make_error("not_found", "a replica takes read, write and cas, not '" + request.type + "'"));
  }
  if (broken_) return reply(make_error("unavailable", "this replica's disk has failed"));
  if (role_ == Role::leader) {
    append_to_log(env, {term_, request.body.with("type", request.type)});
    waiting_.emplace(last_index(), Waiting{term_, std::move(reply)});
    for (Follower& f : followers_) replicate(env, f, false);
    return;
  }
  if (leader_ == kNoNode || request.body["passed_on"].truthy()) {
    return reply(make_error("not_leader", "no leader is known to this replica"));
  }
  env.call(leader_, {request.type, request.body.with("passed_on", true)}, options_.election_max * 4, std::move(reply));
}

void Raft::on_message(Env& env, const Message& m) {
  if (broken_) return;
  if (m.type == "request_vote") {
    on_request_vote(env, m);
  } else if (m.type == "vote") {
    on_vote(env, m);
  } else if (m.type == "append") {
    on_append(env, m);
  } else if (m.type == "appended") {
    on_appended(env, m);
  }
}

}  // namespace syslab
