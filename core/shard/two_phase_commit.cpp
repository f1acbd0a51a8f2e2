#include "core/shard/two_phase_commit.hpp"

#include <algorithm>

namespace syslab {
namespace {

constexpr const char* kLog = "transactions";

Value names_of(const std::set<std::string>& names) {
  return Value::list(Value::List(names.begin(), names.end()));
}

bool is_op(const Value& op) {
  if (!op.is_list() || op.list().size() < 2 || !op.list()[0].is_string()) return false;
  const std::string_view f = op.list()[0].string();
  if (f == "r") return true;
  return op.list().size() == 3 && (f == "w" || (f == "add" && op.list()[2].is_number()));
}

}  // namespace

const std::vector<std::string>& two_phase_bug_names() {
  static const std::vector<std::string> names = {"votes_before_disk", "decides_before_disk", "forgets_locks",
                                                 "presumes_commit",   "aborts_in_doubt",     "silence_is_yes",
                                                 "unlocks_at_vote",   "commits_twice"};
  return names;
}

TwoPhaseBug two_phase_bug_named(const std::string& name) {
  const auto& names = two_phase_bug_names();
  const auto found = std::find(names.begin(), names.end(), name);
  SYSLAB_ASSERT(found != names.end());
  return static_cast<TwoPhaseBug>(found - names.begin() + 1);
}

NodeId TwoPhaseCommit::owner(const Value& key) const {
  return (*options_.members)[key.hash() % options_.members->size()];
}

// ---- the log: {start}, {prepared, coordinator, writes}, {outcome, commit}, {decided, participants},
// {delivered}

void TwoPhaseCommit::load(Env& env) {
  const Result file = env.disk().peek(kLog);
  if (!file.ok()) {
    broken_ = file.error().code != "not_found";
    return;
  }
  if (!file->is_list()) return;
  for (const Value& record : file->list()) {
    const auto text = [&](const char* name) {
      return record[name].is_string() ? std::string(record[name].string()) : std::string();
    };
    // A torn record lacks its last fields, and was never promised to anybody.
    if (record["start"].truthy()) {
      ++started_;
    } else if (!text("prepared").empty() && record["writes"].is_list()) {
      const auto coordinator = env.find(text("coordinator"));
      if (coordinator) prepared_[text("prepared")] = {*coordinator, record["writes"]};
    } else if (!text("outcome").empty() && record["end"].truthy()) {
      const auto found = prepared_.find(text("outcome"));
      if (found == prepared_.end()) continue;
      if (record["commit"].truthy()) carry_out(found->second);
      ended_.insert(found->first);
      prepared_.erase(found);
    } else if (!text("decided").empty() && record["participants"].is_list()) {
      for (const Value& p : record["participants"].list()) {
        undelivered_[text("decided")].insert(std::string(p.string()));
      }
    } else if (!text("delivered").empty()) {
      undelivered_.erase(text("delivered"));
    }
  }
  for (auto& [tx, prepared] : prepared_) {
    prepared.since = env.now();
    if (bug(Bug::forgets_locks)) continue;
    for (const Value& write : prepared.writes.list()) locks_[write.list()[0]] = tx;
  }
}

void TwoPhaseCommit::write(Env& env, Value record, std::function<void()> done, bool wait) {
  const auto fails = [this, &env](const Result& r) {
    if (r.ok() || broken_) return;
    broken_ = true;
    env.log("the disk failed: this node does nothing more until a restart", Value(r.error().code));
  };
  env.disk().append(kLog, std::move(record), fails);
  if (!wait) done();
  env.disk().sync([this, fails, wait, done = std::move(done)](const Result& r) {
    fails(r);
    if (wait && !broken_) done();
  });
}

// ---- life

void TwoPhaseCommit::on_start(Env& env) {
  load(env);
  if (broken_) return env.log("the disk cannot be read: this node does nothing");
  write(env, Value::map({{"start", true}}), [this] {
    ++started_;
    ready_ = true;
  });
  retry(env);
}

void TwoPhaseCommit::retry(Env& env) {
  if (broken_) return;
  tell_outcomes(env);
  for (auto p = prepared_.begin(); p != prepared_.end();) {
    const auto& [tx, prepared] = *p++;
    if (bug(Bug::aborts_in_doubt) && env.now() - prepared.since > 3 * options_.vote_timeout) {
      const std::string name = tx;
      unlock(name);
      prepared_.erase(name);
      continue;
    }
    if (prepared.durable) env.send(prepared.coordinator, "ask", Value::map({{"tx", tx}}));
  }
  env.after(options_.retry_every, [this, &env] { retry(env); });
}

Value TwoPhaseCommit::show() const {
  const auto number = [](std::size_t n) { return Value(static_cast<double>(n)); };
  return Value::map({{"committed", number(committed_)},
                     {"aborted", number(aborted_)},
                     {"in_doubt", number(prepared_.size())},
                     {"locked", number(locks_.size())},
                     {"undelivered", number(undelivered_.size())}});
}

void TwoPhaseCommit::on_message(Env& env, const Message& m) {
  if (broken_ || !m.body["tx"].is_string()) return;
  if (m.type == "prepare") {
    on_prepare(env, m);
  } else if (m.type == "vote") {
    on_vote(env, m);
  } else if (m.type == "commit" || m.type == "abort") {
    on_outcome(env, m, m.type == "commit");
  } else if (m.type == "ask") {
    on_ask(env, m);
  } else if (m.type == "done") {
    const auto found = undelivered_.find(std::string(m.body["tx"].string()));
    if (found == undelivered_.end()) return;
    found->second.erase(env.name_of(m.from));
    if (!found->second.empty()) return;
    write(env, Value::map({{"delivered", found->first}}), [] {});
    undelivered_.erase(found);
  }
}

// ---- the coordinator

void TwoPhaseCommit::on_request(Env& env, const Request& request, Reply reply) {
  if (broken_ || !ready_) {
    return reply(
        make_error("unavailable", broken_ ? "the disk of this node has failed" : "this node is starting"));
  }
  if (request.type == "transact") return transact(env, request.body["ops"], std::move(reply));
  Value op;
  if (request.type == "read") op = Value::list({"r", request.key()});
  if (request.type == "write") op = Value::list({"w", request.key(), request.body["value"]});
  if (op.is_nil()) return Node::on_request(env, request, std::move(reply));
  transact(env, Value::list({op}), [reply = std::move(reply)](const Result& r) {
    reply(r.ok() ? Result(r->list()[0].list()[2]) : r);
  });
}

void TwoPhaseCommit::transact(Env& env, const Value& ops, Reply reply) {
  if (!ops.is_list() || ops.list().empty() || !std::all_of(ops.list().begin(), ops.list().end(), is_op)) {
    return reply(
        make_error("malformed", "'ops' is a list of {'r', key}, {'w', key, value} and {'add', key, amount}"));
  }
  const std::string tx =
      env.name_of(env.self()) + "/" + std::to_string(started_) + "." + std::to_string(++transactions_);
  Voting voting{ops};
  std::map<std::string, Value::List> parts;
  for (const Value& op : ops.list()) parts[env.name_of(owner(op.list()[1]))].push_back(op);
  for (const auto& [name, part] : parts) voting.participants.insert(name);
  voting.reply = std::move(reply);
  voting_.emplace(tx, std::move(voting));
  for (auto& [name, part] : parts) {
    env.send(*env.find(name), "prepare", Value::map({{"tx", tx}, {"ops", Value::list(std::move(part))}}));
  }
  env.after(options_.vote_timeout, [this, &env, tx] {
    if (!broken_ && voting_.contains(tx))
      decide(env, tx, bug(Bug::silence_is_yes), "a participant does not answer");
  });
}

void TwoPhaseCommit::on_vote(Env& env, const Message& m) {
  const std::string tx(m.body["tx"].string());
  const auto found = voting_.find(tx);
  if (found == voting_.end()) return;
  if (!m.body["why"].is_nil()) return decide(env, tx, false, std::string(m.body["why"].string()));
  found->second.votes[env.name_of(m.from)] = m.body["results"];
  if (found->second.votes.size() == found->second.participants.size()) decide(env, tx, true, "");
}

void TwoPhaseCommit::decide(Env& env, const std::string& tx, bool commit, const std::string& why) {
  const auto voting = std::make_shared<Voting>(std::move(voting_.at(tx)));
  voting_.erase(tx);
  if (!commit) {
    ++aborted_;
    for (const std::string& name : voting->participants)
      env.send(*env.find(name), "abort", Value::map({{"tx", tx}}));
    return voting->reply(make_error("conflict", "aborted: " + why));
  }
  deciding_.insert(tx);
  const Value record = Value::map({{"decided", tx}, {"participants", names_of(voting->participants)}});
  const auto decided = [this, &env, tx, voting] {
    ++committed_;
    deciding_.erase(tx);
    undelivered_[tx] = voting->participants;
    // Each participant's results, in the order of its operations.
    std::map<std::string, std::size_t> next;
    Value::List results;
    for (const Value& op : voting->ops.list()) {
      const std::string& name = env.name_of(owner(op.list()[1]));
      const Value& theirs = voting->votes[name];
      const bool voted = theirs.is_list();  // always, but for a planted bug
      results.push_back(voted ? theirs.list()[next[name]++]
                              : Value::list({op.list()[0], op.list()[1], Value()}));
    }
    voting->reply(Value::list(std::move(results)));
    tell_outcomes(env);
  };
  write(env, record, decided, !bug(Bug::decides_before_disk));
}

void TwoPhaseCommit::tell_outcomes(Env& env) {
  for (const auto& [tx, names] : undelivered_) {
    for (const std::string& name : names) env.send(*env.find(name), "commit", Value::map({{"tx", tx}}));
  }
}

void TwoPhaseCommit::on_ask(Env& env, const Message& m) {
  const std::string tx(m.body["tx"].string());
  if (voting_.contains(tx) || deciding_.contains(tx)) return;
  const bool commit = undelivered_.contains(tx) || bug(Bug::presumes_commit);
  env.send(m.from, commit ? "commit" : "abort", m.body);
}

// ---- the participant

void TwoPhaseCommit::on_prepare(Env& env, const Message& m) {
  const std::string tx(m.body["tx"].string());
  // A prepare that comes again was answered; one that comes after the outcome is too late.
  if (prepared_.contains(tx) || ended_.contains(tx)) return;
  const auto refuse = [&](const char* why) {
    ended_.insert(tx);
    env.send(m.from, "vote", Value::map({{"tx", tx}, {"why", why}}));
  };
  std::map<Value, Value> changed;
  Value::List results;
  for (const Value& op : m.body["ops"].list()) {
    const Value& key = op.list()[1];
    const auto lock = locks_.find(key);
    if (lock != locks_.end() && lock->second != tx) return refuse("a key is locked");
    auto at = changed.find(key);
    if (at == changed.end()) {
      const auto stored = data_.find(key);
      at = changed.emplace(key, stored == data_.end() ? Value(options_.initial) : stored->second).first;
    }
    if (op.list()[0] == Value("w")) at->second = op.list()[2];
    if (op.list()[0] == Value("add")) {
      if (!at->second.is_number()) return refuse("only numbers can be added to");
      at->second = at->second.number() + op.list()[2].number();
      if (at->second.number() < 0) return refuse("the balance is too small");
    }
    results.push_back(Value::list({op.list()[0], key, at->second}));
  }
  Value::List writes;
  for (const auto& [key, value] : changed) {
    writes.push_back(Value::list({key, value}));
    if (!bug(Bug::unlocks_at_vote)) locks_[key] = tx;
  }
  prepared_[tx] = {m.from, Value::list(writes), false, env.now()};
  const Value record = Value::map(
      {{"prepared", tx}, {"coordinator", env.name_of(m.from)}, {"writes", Value::list(std::move(writes))}});
  const auto vote = [this, &env, tx, from = m.from, results = Value::list(std::move(results))] {
    const auto found = prepared_.find(tx);
    if (found == prepared_.end()) return;  // aborted meanwhile
    found->second.durable = true;
    env.send(from, "vote", Value::map({{"tx", tx}, {"results", results}}));
  };
  write(env, record, vote, !bug(Bug::votes_before_disk));
}

void TwoPhaseCommit::carry_out(const Prepared& prepared) {
  for (const Value& write : prepared.writes.list()) data_[write.list()[0]] = write.list()[1];
}

void TwoPhaseCommit::unlock(const std::string& tx) {
  std::erase_if(locks_, [&](const auto& lock) { return lock.second == tx; });
}

void TwoPhaseCommit::on_outcome(Env& env, const Message& m, bool commit) {
  const std::string tx(m.body["tx"].string());
  const auto found = prepared_.find(tx);
  if (found == prepared_.end()) {
    // It was carried out, or never prepared; then its prepare, still on its way, must not lock anything.
    if (!commit) ended_.insert(tx);
    // Not before it is on the disk: who has acknowledged will be told of an abort if he asks again.
    if (commit && !ending_.contains(tx)) env.send(m.from, "done", m.body);
    return;
  }
  const Prepared prepared = found->second;
  if (commit) carry_out(prepared);
  if (!(commit && bug(Bug::commits_twice))) {
    prepared_.erase(found);
    ended_.insert(tx);
  }
  unlock(tx);
  ending_.insert(tx);
  const auto ended = [this, &env, tx, from = m.from, body = m.body, commit] {
    ending_.erase(tx);
    if (commit) env.send(from, "done", body);
  };
  write(env, Value::map({{"outcome", tx}, {"commit", commit}, {"end", true}}), ended);
}

}  // namespace syslab
