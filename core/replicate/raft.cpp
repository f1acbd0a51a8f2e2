#include "core/replicate/raft.hpp"

#include <algorithm>

#include "core/replicate/numbers.hpp"
#include "core/runtime/service.hpp"  // answer

namespace syslab {
namespace {

using numbers::integer;
using numbers::number;

Value list_of(const std::vector<NodeId>& nodes) {
  Value::List list;
  for (const NodeId node : nodes) list.push_back(number(node.index));
  return Value::list(std::move(list));
}
std::vector<NodeId> nodes_of(const Value& list) {
  std::vector<NodeId> nodes;
  for (const Value& v : list.list()) nodes.push_back(NodeId{static_cast<std::uint32_t>(integer(v))});
  return nodes;
}

// The entry with which a leader begins its term.
const Value& begin_command() {
  static const Value command = Value::map({{"type", "begin"}});
  return command;
}

bool is_members(const Value& command) {
  const Value& type = command["type"];
  return type.is_string() && type.string() == "members";
}

const Value& no_entries() {
  static const Value none = Value::list({});
  return none;
}

std::string file_name(std::uint64_t generation) {
  return generation % 2 == 0 ? "log-a" : "log-b";
}

}  // namespace

// ---- the log

std::uint64_t Raft::term_at(std::uint64_t index) const {
  return index == base_ ? base_term_ : entry_at(index).term;
}

const std::vector<NodeId>& Raft::snapshot_members() const {
  const auto later = std::find_if(configurations_.begin() + 1, configurations_.end(),
                                  [this](const Configuration& c) { return c.index > snapshot_; });
  return std::prev(later)->members;
}

bool Raft::is_member(NodeId node) const {
  return std::binary_search(members().begin(), members().end(), node);
}

template <class Holds>
bool Raft::majority(Holds&& holds) const {
  const auto count = static_cast<std::size_t>(std::count_if(members().begin(), members().end(), holds));
  return count > members().size() / 2;
}

void Raft::append_entry(Env& env, Value record) {
  const Value& command = record["command"];
  const std::uint64_t term = integer(record["term"]);
  if (options_.watch != nullptr) {
    options_.watch->appended(env.self(), last_index() + 1, term, term_at(last_index()), command);
  }
  if (is_members(command)) {
    configurations_.push_back({last_index() + 1, nodes_of(command["members"])});
  }
  write(env, record);
  log_.push_back({term, std::move(record)});
}

void Raft::append_command(Env& env, Value command) {
  append_entry(env, Value::map({{"index", number(last_index() + 1)},
                                {"term", number(term_)},
                                {"command", std::move(command)}}));
  when_durable(env, [this, &env, index = last_index(), term = term_] {
    if (role_ == Role::leader && term_ == term) note_match(env, index);
  });
}

void Raft::drop_from(std::uint64_t index) {
  log_.resize(index - base_ - 1);
  while (configurations_.size() > 1 && configurations_.back().index >= index) configurations_.pop_back();
}

void Raft::truncate_from(Env& env, std::uint64_t index) {
  if (index <= committed_ && options_.watch != nullptr) options_.watch->dropped_committed(env.self(), index);
  drop_from(index);
  committed_ = std::min(committed_, index - 1);
  applied_ = std::min(applied_, index - 1);
  ++truncations_;
}

// ---- the disk
//
// One file of records, in the order in which things happened: {term, voted_for}, and entries {index, term,
// command}, of which a later one replaces those from its index on. A snapshot begins another file with a
// record {snapshot, index, term, members, generation, records}, which is good once `records` records are
// there, and the old file goes when that one is synced. So a torn write costs only what nobody has been told
// of.

void Raft::load(Env& env) {
  Value::List records;
  bool found = false;
  for (std::uint64_t side = 0; side < 2; ++side) {
    const Result file = env.disk().peek(file_name(side));
    if (!file.ok()) {
      broken_ = broken_ || file.error().code != "not_found";
      continue;
    }
    if (!file->is_list() || file->list().empty()) continue;
    const Value& head = file->list().front();
    const std::uint64_t generation = integer(head["generation"]);
    const bool whole =
        head["generation"].is_nil() ? side == 0 : integer(head["records"]) <= file->list().size();
    if (!whole || (found && generation < generation_)) continue;
    found = true;
    generation_ = generation;
    records = file->list();
  }
  std::vector<NodeId> first(options_.members->begin(), options_.members->end());
  if (options_.voters > 0 && options_.voters < first.size()) first.resize(options_.voters);
  std::sort(first.begin(), first.end());
  configurations_ = {{0, std::move(first)}};
  for (const Value& record : records) load_record(record);
}

void Raft::load_record(const Value& record) {
  if (!record["snapshot"].is_nil()) {
    base_ = committed_ = applied_ = snapshot_ = integer(record["index"]);
    base_term_ = snapshot_term_ = integer(record["term"]);
    snapshot_state_ = record["snapshot"];
    machine_.restore(snapshot_state_);
    configurations_ = {{base_, nodes_of(record["members"])}};
  } else if (record["voted_for"].is_number() && record["term"].is_number()) {
    term_ = integer(record["term"]);
    voted_for_ = NodeId{static_cast<std::uint32_t>(record["voted_for"].number())};
  } else if (record["index"].is_number() && record["term"].is_number() && record["command"].is_map()) {
    const std::uint64_t index = integer(record["index"]);
    if (index <= base_ || index > last_index() + 1) return;
    drop_from(index);
    log_.push_back({integer(record["term"]), record});
    const Value& command = record["command"];
    if (is_members(command)) configurations_.push_back({index, nodes_of(command["members"])});
  }
  // Anything else is half a record, of something that was never acknowledged.
}

void Raft::write(Env& env, Value record) {
  ++writes_;
  env.disk().append(file_name(generation_), std::move(record),
                    [this, &env](const Result& r) { disk_ok(env, r); });
}

void Raft::write_state(Env& env) {
  if (bug(RaftBug::vote_not_persisted)) return;
  write(env, Value::map({{"term", number(term_)}, {"voted_for", number(voted_for_.index)}}));
}

// Makes a snapshot of what is applied, in a new file. Requires: no other one is under way.
void Raft::checkpoint(Env& env) {
  snapshot_ = applied_;
  snapshot_term_ = term_at(applied_);
  snapshot_state_ = machine_.snapshot();
  if (bug(RaftBug::snapshot_forgets_clients)) {
    snapshot_state_ = snapshot_state_.with("sessions", Value::map({}));
  }
  Value::List records = {Value(),
                         Value::map({{"term", number(term_)}, {"voted_for", number(voted_for_.index)}})};
  for (std::uint64_t index = snapshot_ + 1; index <= last_index(); ++index) {
    records.push_back(entry_at(index).record);
  }
  const std::string old = file_name(generation_);
  records.front() = Value::map({{"snapshot", snapshot_state_},
                                {"index", number(snapshot_)},
                                {"term", number(snapshot_term_)},
                                {"members", list_of(snapshot_members())},
                                {"generation", number(++generation_)},
                                {"records", number(records.size())}});
  ++writes_;
  checkpointing_ = true;
  env.disk().write(file_name(generation_), Value::list(std::move(records)),
                   [this, &env](const Result& r) { disk_ok(env, r); });
  when_durable(env, [this, &env, old] {
    checkpointing_ = false;
    env.disk().write(old, {}, [this, &env](const Result& r) { disk_ok(env, r); });
  });
  // What is left of the log before the snapshot saves followers that are a little behind a transfer of it.
  const std::uint64_t kept = std::min<std::uint64_t>(snapshot_ - base_, options_.snapshot_after / 2);
  base_term_ = term_at(snapshot_ - kept);
  log_.erase(log_.begin(), log_.begin() + static_cast<std::ptrdiff_t>(snapshot_ - kept - base_));
  base_ = snapshot_ - kept;
  while (configurations_.size() > 1 && configurations_[1].index <= base_)
    configurations_.erase(configurations_.begin());
}

template <class Action>
void Raft::when_durable(Env& env, Action&& action) {
  if (durable_writes_ == writes_) return action();
  deferred_.push_back({writes_, std::forward<Action>(action)});
  flush(env);
}

void Raft::flush(Env& env) {
  if (flushing_) return;
  flushing_ = true;
  env.disk().sync([this, &env, upto = writes_](const Result& r) {
    flushing_ = false;
    if (!disk_ok(env, r)) return;
    durable_writes_ = upto;
    while (!broken_ && !deferred_.empty() && deferred_.front().writes <= upto) {
      const std::function<void()> action = std::move(deferred_.front().action);
      deferred_.pop_front();
      action();
    }
    if (!broken_ && !deferred_.empty()) flush(env);
  });
}

bool Raft::disk_ok(Env& env, const Result& result) {
  if (broken_) return false;
  if (result.ok()) return true;
  broken_ = true;
  env.log("the disk failed: this replica does nothing more until a restart", Value(result.error().code));
  if (election_timer_) env.cancel(election_timer_);
  if (heartbeat_timer_) env.cancel(heartbeat_timer_);
  deferred_.clear();
  fail_all(make_error("io_error", "the leader's disk failed"),
           make_error("unavailable", "the leader's disk failed"));
  return false;
}

// ---- life

void Raft::on_start(Env& env) {
  load(env);
  heard_ = env.now();
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
                     {"applied", number(applied_)},
                     {"snapshot", number(snapshot_)},
                     {"members", number(members().size())}});
}

void Raft::on_message(Env& env, const Message& m) {
  if (broken_) return;
  if (m.type == "append") {
    on_append(env, m);
  } else if (m.type == "appended") {
    on_appended(env, m);
  } else if (m.type == "request_vote" || m.type == "request_pre_vote") {
    on_ask(env, m);
  } else if (m.type == "pre_vote") {
    on_pre_vote(env, m);
  } else if (m.type == "vote") {
    on_vote(env, m);
  } else if (m.type == "snapshot") {
    on_snapshot(env, m);
  }
}

// ---- elections

void Raft::reset_election_timer(Env& env) {
  if (election_timer_) env.cancel(election_timer_);
  const auto spread = static_cast<std::uint64_t>((options_.election_max - options_.election_min).count());
  const Duration wait =
      options_.election_min + Duration(static_cast<std::int64_t>(env.rng().below(spread + 1)));
  election_timer_ = env.after(wait, [this, &env] {
    election_timer_ = {};
    reset_election_timer(env);
    if (!is_member(env.self())) return;
    leader_ = kNoNode;
    options_.pre_vote ? canvass(env) : stand_for_election(env);
  });
}

// Whether there is a leader that somebody's vote would disturb, or whose lease counts on this replica.
bool Raft::hears_a_leader(Env& env) const {
  if (!options_.pre_vote && options_.reads != RaftReads::lease) return false;
  return role_ == Role::leader || env.now() - heard_ < options_.election_min;
}

bool Raft::up_to_date(const Value& asking) const {
  const std::uint64_t index = integer(asking["last_index"]);
  const std::uint64_t term = integer(asking["last_term"]);
  const std::uint64_t own_term = term_at(last_index());
  if (bug(RaftBug::votes_for_anyone)) return true;
  if (bug(RaftBug::compares_length_only)) return index >= last_index();
  return term > own_term || (term == own_term && index >= last_index());
}

void Raft::ask_for_votes(Env& env, std::string_view type, std::uint64_t term) {
  const Value body = Value::map({{"term", number(term)},
                                 {"last_index", number(last_index())},
                                 {"last_term", number(term_at(last_index()))}});
  for (const NodeId member : members()) {
    if (member != env.self()) env.send(member, std::string(type), body);
  }
}

// Asks whether a candidacy would succeed, so that a replica that was cut off does not depose a leader that
// all others hear.
void Raft::canvass(Env& env) {
  role_ = Role::follower;
  canvassing_ = true;
  votes_ = {env.self()};
  if (enough_votes()) return stand_for_election(env);
  ask_for_votes(env, "request_pre_vote", term_ + 1);
}

bool Raft::count_vote(NodeId from) {
  if (std::find(votes_.begin(), votes_.end(), from) == votes_.end()) votes_.push_back(from);
  return enough_votes();
}

bool Raft::enough_votes() const {
  if (bug(RaftBug::minority_elects)) return votes_.size() >= std::max<std::size_t>(1, members().size() / 2);
  return majority([this](NodeId n) { return std::find(votes_.begin(), votes_.end(), n) != votes_.end(); });
}

void Raft::stand_for_election(Env& env) {
  role_ = Role::candidate;
  canvassing_ = false;
  ++term_;
  voted_for_ = env.self();
  votes_.clear();
  write_state(env);
  // The vote for itself counts, and others are asked, only when it is on disk: a crash could make it vote
  // twice.
  when_durable(env, [this, &env, term = term_] {
    if (role_ != Role::candidate || term_ != term) return;
    votes_.push_back(env.self());
    if (enough_votes()) return become_leader(env);
    ask_for_votes(env, "request_vote", term_);
  });
}

void Raft::on_ask(Env& env, const Message& m) {
  const std::uint64_t term = integer(m.body["term"]);
  if (hears_a_leader(env)) return;
  if (m.type == "request_pre_vote") {
    const bool grant = term > term_ && up_to_date(m.body);
    env.send(m.from, "pre_vote",
             Value::map({{"term", number(term_)}, {"for_term", number(term)}, {"granted", grant}}));
    return;
  }
  if (term > term_) adopt_term(env, term, kNoNode);
  const bool free = voted_for_ == kNoNode || voted_for_ == m.from || bug(RaftBug::votes_twice);
  const bool grant = term == term_ && free && up_to_date(m.body);
  if (grant) {
    if (voted_for_ != m.from) {
      voted_for_ = m.from;
      write_state(env);
    }
    reset_election_timer(env);
  }
  when_durable(env, [this, &env, grant, term = term_, to = m.from] {
    if (term_ == term) env.send(to, "vote", Value::map({{"term", number(term)}, {"granted", grant}}));
  });
}

void Raft::on_pre_vote(Env& env, const Message& m) {
  if (adopt_term(env, integer(m.body["term"]), kNoNode)) return;
  if (!canvassing_ || integer(m.body["for_term"]) != term_ + 1 || !m.body["granted"].truthy()) return;
  if (count_vote(m.from)) stand_for_election(env);
}

void Raft::on_vote(Env& env, const Message& m) {
  const std::uint64_t term = integer(m.body["term"]);
  if (adopt_term(env, term, kNoNode)) return;
  if (role_ != Role::candidate || term != term_ || !m.body["granted"].truthy()) return;
  if (count_vote(m.from)) become_leader(env);
}

bool Raft::adopt_term(Env& env, std::uint64_t term, NodeId leader) {
  if (term <= term_) return false;
  term_ = term;
  voted_for_ = kNoNode;
  write_state(env);
  become_follower(env, leader);
  return true;
}

void Raft::become_follower(Env& env, NodeId leader) {
  if (role_ == Role::leader) {
    if (heartbeat_timer_) env.cancel(heartbeat_timer_);
    heartbeat_timer_ = {};
    reset_election_timer(env);
    // Entries that were not committed may still be, by the next leader, or never.
    fail_all(make_error("unknown", "leadership was lost before the entry was committed"),
             make_error("not_leader", "leadership was lost"));
  }
  role_ = Role::follower;
  canvassing_ = false;
  leader_ = leader;
}

void Raft::fail_all(const Error& entries, const Error& reads) {
  if (!bug(RaftBug::answers_by_index) || broken_) {
    auto waiting = std::exchange(waiting_, {});
    for (auto& [index, w] : waiting) w.reply(entries);
  }
  auto pending = std::exchange(reads_, {});
  for (Read& r : pending) r.reply(reads);
  joining_ = kNoNode;
  if (joining_reply_ != nullptr) answer(joining_reply_, reads);
}

void Raft::become_leader(Env& env) {
  role_ = Role::leader;
  leader_ = env.self();
  if (election_timer_) env.cancel(election_timer_);
  election_timer_ = {};
  env.log("leader", number(term_));
  if (options_.watch != nullptr) {
    options_.watch->leads(env.self(), term_, [this](std::uint64_t index) -> std::uint64_t {
      if (index > last_index()) return 0;
      return index < base_ ? ~std::uint64_t{0} : term_at(index);
    });
  }
  peers_.clear();
  sync_peers();
  own_match_ = 0;
  round_began_.clear();
  answered_round_ = round_;
  lease_until_ = {};
  majority_heard_ = env.now();
  // An entry of its own term: until that is committed, the leader does not know which older ones are.
  first_of_term_ = last_index() + 1;
  append_command(env, begin_command());
  heartbeat(env);
}

// ---- the leader

void Raft::heartbeat(Env& env) {
  heartbeat_timer_ = {};
  if (env.now() - majority_heard_ > options_.election_max) {
    env.log("no majority answers", number(term_));
    return become_follower(env, kNoNode);
  }
  if (joining_ != kNoNode && env.now() > joining_until_) {
    joining_ = kNoNode;
    sync_peers();
    answer(joining_reply_, make_error("unavailable", "the new member did not catch up in time"));
  }
  heartbeat_timer_ = env.after(options_.heartbeat, [this, &env] { heartbeat(env); });
  new_round(env);
}

void Raft::new_round(Env& env) {
  round_began_.emplace_back(++round_, env.now());
  send_to_all(env, true);
  note_rounds(env);
}

void Raft::send_to_all(Env& env, bool even_if_none) {
  Prepared prepared;
  for (Peer& peer : peers_) send_entries(env, peer, even_if_none, prepared);
}

void Raft::send_entries(Env& env, Peer& peer, bool even_if_none, Prepared& prepared) {
  const bool busy = env.now() < peer.busy_until;
  if (peer.next <= base_ && !busy) return send_snapshot(env, peer);
  std::uint64_t end = peer.next;
  if (!busy) end = std::min(last_index() + 1, peer.next + options_.batch);
  if (end == peer.next && !even_if_none) return;
  if (prepared.body.is_nil() || prepared.first != peer.next || prepared.end != end) {
    // To one that waits for a snapshot it is a heartbeat only.
    const std::uint64_t previous = peer.next <= base_ ? last_index() : peer.next - 1;
    Value::List entries;
    entries.reserve(end - peer.next);
    for (std::uint64_t i = peer.next; i < end; ++i) entries.push_back(entry_at(i).record);
    Value::Map body;  // in order and without copies: it is most of what replicas do
    body.reserve(6);
    body.emplace_back("committed", number(committed_));
    body.emplace_back("entries", entries.empty() ? no_entries() : Value::list(std::move(entries)));
    body.emplace_back("previous", number(previous));
    body.emplace_back("previous_term", number(term_at(previous)));
    body.emplace_back("round", number(round_));
    body.emplace_back("term", number(term_));
    prepared = {peer.next, end, Value::map(std::move(body))};
  }
  if (end > peer.next) {
    peer.sent = end - 1;
    peer.busy_until = env.now() + options_.heartbeat;  // what was lost is sent again then
  }
  env.send(peer.node, "append", prepared.body);
}

void Raft::send_snapshot(Env& env, Peer& peer) {
  peer.sent = snapshot_;
  peer.busy_until = env.now() + options_.election_max;
  env.send(peer.node, "snapshot",
           Value::map({{"term", number(term_)},
                       {"index", number(snapshot_)},
                       {"index_term", number(snapshot_term_)},
                       {"members", list_of(snapshot_members())},
                       {"state", snapshot_state_},
                       {"round", number(round_)}}));
}

Raft::Peer* Raft::peer_of(NodeId node) {
  const auto found =
      std::find_if(peers_.begin(), peers_.end(), [&](const Peer& p) { return p.node == node; });
  return found == peers_.end() ? nullptr : &*found;
}

// Those to whom entries go: the other members, and the one that is to become one.
void Raft::sync_peers() {
  std::vector<Peer> peers;
  const auto keep = [&](NodeId node) {
    const Peer* known = peer_of(node);
    peers.push_back(known != nullptr ? *known : Peer{.node = node, .next = last_index() + 1});
  };
  for (const NodeId member : members()) {
    if (member != leader_) keep(member);
  }
  if (joining_ != kNoNode && !is_member(joining_)) keep(joining_);
  peers_ = std::move(peers);
}

void Raft::on_appended(Env& env, const Message& m) {
  const std::uint64_t term = integer(m.body["term"]);
  if (adopt_term(env, term, kNoNode)) return;
  if (role_ != Role::leader || term != term_) return;
  Peer* peer = peer_of(m.from);
  if (peer == nullptr) return;
  const std::uint64_t match = integer(m.body["match"]);
  const bool ok = m.body["ok"].truthy();
  peer->round = std::max(peer->round, integer(m.body["round"]));
  if (ok ? match >= peer->sent : peer->next > base_) peer->busy_until = {};
  bool news = ok;  // a refusal that says nothing new is not answered before the next heartbeat, or copies
                   // breed copies
  if (ok) {
    peer->match = std::max(peer->match, match);
    peer->next = std::max(peer->next, peer->match + 1);
  } else {
    const std::uint64_t next = std::max(peer->match, std::min(peer->next - 1, match)) + 1;
    news = next < peer->next;
    peer->next = next;
  }
  if (ok && m.from == joining_ && match + options_.batch >= last_index()) {
    std::vector<NodeId> grown = members();
    grown.insert(std::upper_bound(grown.begin(), grown.end(), joining_), joining_);
    propose_members(env, grown, std::exchange(joining_reply_, nullptr));
    joining_ = kNoNode;
    peer = peer_of(m.from);
  }
  note_rounds(env);
  if (ok) advance_commit(env);
  if (news && role_ == Role::leader && (peer = peer_of(m.from)) != nullptr) send_entries(env, *peer);
}

// Looks which rounds of heartbeats a majority has answered: at the time when such a round began, this replica
// was the leader.
void Raft::note_rounds(Env& env) {
  while (!round_began_.empty() && majority([&](NodeId n) {
    const Peer* peer = peer_of(n);
    return n == env.self() || (peer != nullptr && peer->round >= round_began_.front().first);
  })) {
    const auto [round, began] = round_began_.front();
    round_began_.pop_front();
    answered_round_ = round;
    majority_heard_ = began;
    // By the time it ends, a follower's clock may have run `drift` faster than true, and this one slower.
    const double share = (1 - options_.drift) / (1 + options_.drift);
    lease_until_ = began + (bug(RaftBug::lease_without_bound)
                                ? options_.election_max * 2
                                : Duration(static_cast<std::int64_t>(
                                      share * static_cast<double>(options_.election_min.count()))));
  }
  finish_reads(env);
}

void Raft::note_match(Env& env, std::uint64_t own) {
  own_match_ = std::max(own_match_, own);
  advance_commit(env);
  send_to_all(env, false);
}

void Raft::advance_commit(Env& env) {
  std::vector<std::uint64_t>& held = held_;
  held.clear();
  for (const NodeId member : members()) {
    const Peer* peer = peer_of(member);
    held.push_back(member == env.self() ? own_match_ : peer == nullptr ? 0 : peer->match);
  }
  std::sort(held.begin(), held.end(), std::greater<>());
  const std::size_t needed =
      bug(RaftBug::minority_commits) ? std::max<std::size_t>(1, held.size() / 2) : held.size() / 2 + 1;
  const std::uint64_t by_majority = held[needed - 1];
  // Counting commits only entries of the own term (figure 8 of the paper); those before them follow.
  if (by_majority <= committed_) return;
  if (term_at(by_majority) != term_ && !bug(RaftBug::commits_older_term)) return;
  commit(env, by_majority);
}

void Raft::commit(Env& env, std::uint64_t upto) {
  if (options_.watch != nullptr) {
    for (std::uint64_t i = std::max(committed_, base_) + 1; i <= upto; ++i) {
      options_.watch->committed(env.self(), i, term_at(i));
    }
  }
  committed_ = upto;
  apply_committed(env);
  finish_reads(env);
}

void Raft::apply_committed(Env& env) {
  while (applied_ < committed_) {
    const Entry& entry = entry_at(++applied_);
    const Value& command = entry.record["command"];
    Result result = Value(true);
    if (command["type"].is_string() && KvMachine::takes(command["type"].string())) {
      if (bug(RaftBug::executes_twice)) machine_.forget_clients();
      result = machine_.execute(command);
    }
    const bool leaving = is_members(command) && role_ == Role::leader && !is_member(env.self());
    if (const auto waiting = waiting_.find(applied_); waiting != waiting_.end()) {
      const Reply reply = std::move(waiting->second.reply);
      const bool mine = waiting->second.term == entry.term || bug(RaftBug::answers_by_index);
      waiting_.erase(waiting);
      reply(mine ? std::move(result)
                 : Result(make_error("unknown", "another entry was committed in its place")));
    }
    if (leaving) become_follower(env, kNoNode);
  }
  if (options_.snapshot_after > 0 && applied_ - snapshot_ >= options_.snapshot_after && !checkpointing_) {
    checkpoint(env);
  }
}

void Raft::finish_reads(Env& env) {
  if (role_ != Role::leader) return;
  while (!reads_.empty() && reads_.front().round <= answered_round_ && reads_.front().index <= applied_) {
    const Read read = std::move(reads_.front());
    reads_.pop_front();
    read.reply(machine_.read(read.key));
  }
  // The reads that came while a round was under way share the next one.
  if (!reads_.empty() && round_began_.empty() && reads_.back().round > round_) new_round(env);
}

// ---- the follower

void Raft::send_appended(Env& env, NodeId to, bool ok, std::uint64_t match, const Value& round) {
  Value::Map body;
  body.reserve(4);
  body.emplace_back("match", number(match));
  body.emplace_back("ok", ok);
  body.emplace_back("round", round);
  body.emplace_back("term", number(term_));
  env.send(to, "appended", Value::map(std::move(body)));
}

void Raft::on_append(Env& env, const Message& m) {
  const std::uint64_t term = integer(m.body["term"]);
  const auto respond = [this, &env, to = m.from, round = m.body["round"]](bool ok, std::uint64_t match) {
    send_appended(env, to, ok, match, round);
  };
  if (!accept_leader(env, m)) return respond(false, 0);
  const std::uint64_t previous = integer(m.body["previous"]);
  const std::uint64_t previous_term = integer(m.body["previous_term"]);
  const bool follows = previous <= last_index() && (previous <= base_ || term_at(previous) == previous_term ||
                                                    bug(RaftBug::ignores_previous_term));
  if (!follows) {
    // Where the logs part, everything of that term is doubtful: skip it at once.
    std::uint64_t hint = std::min(previous, last_index());
    if (previous <= last_index()) {
      const std::uint64_t doubtful = term_at(previous);
      while (hint > std::max(committed_, base_) && term_at(hint) == doubtful) --hint;
    }
    return when_durable(env, [this, respond, hint, term] {
      if (term_ == term) respond(false, hint);
    });
  }
  std::uint64_t index = previous;
  for (const Value& entry : m.body["entries"].list()) {
    ++index;
    if (index <= base_) continue;
    if (index <= last_index()) {
      if (term_at(index) == integer(entry["term"]) || bug(RaftBug::never_truncates)) continue;
      truncate_from(env, index);  // of another leader, and never committed: it and all behind it go
    }
    append_entry(env, entry);
  }
  if (bug(RaftBug::truncates_always) && index >= base_ && index < last_index()) truncate_from(env, index + 1);
  const std::uint64_t known = bug(RaftBug::commits_past_match) ? last_index() : index;
  const std::uint64_t upto = std::min(integer(m.body["committed"]), known);
  if (upto > committed_) commit(env, upto);
  if (bug(RaftBug::ack_before_disk)) return respond(true, index);
  when_durable(env, [this, respond, index, term, truncations = truncations_] {
    if (term_ == term && truncations_ == truncations) respond(true, index);
  });
}

// Whether the message is of the leader of this term, who may be new to this replica.
bool Raft::accept_leader(Env& env, const Message& m) {
  const std::uint64_t term = integer(m.body["term"]);
  if (term < term_ || (term > term_ && !adopt_term(env, term, m.from))) return false;
  if (role_ != Role::follower || leader_ != m.from) become_follower(env, m.from);
  canvassing_ = false;
  heard_ = env.now();
  reset_election_timer(env);
  return true;
}

void Raft::on_snapshot(Env& env, const Message& m) {
  const auto respond = [this, &env, to = m.from, round = m.body["round"]](bool ok, std::uint64_t match) {
    send_appended(env, to, ok, match, round);
  };
  if (!accept_leader(env, m)) return respond(false, 0);
  const std::uint64_t index = integer(m.body["index"]);
  if (index > committed_) {
    if (checkpointing_) return;  // it will be sent again
    const std::uint64_t index_term = integer(m.body["index_term"]);
    const bool same = index <= last_index() && index >= base_ && term_at(index) == index_term;
    if (same) {
      log_.erase(log_.begin(), log_.begin() + static_cast<std::ptrdiff_t>(index - base_));
    } else {
      log_.clear();
      ++truncations_;
    }
    std::vector<Configuration> kept = {{index, nodes_of(m.body["members"])}};
    for (Configuration& c : configurations_) {
      if (c.index > index && c.index <= index + log_.size()) kept.push_back(std::move(c));
    }
    configurations_ = std::move(kept);
    base_ = committed_ = applied_ = index;
    base_term_ = index_term;
    if (!bug(RaftBug::snapshot_keeps_state)) machine_.restore(m.body["state"]);
    checkpoint(env);
  }
  when_durable(env, [this, respond, index, term = term_] {
    if (term_ == term) respond(true, index);
  });
}

// ---- requests

void Raft::on_request(Env& env, const Request& request, Reply reply) {
  const bool membership = request.type == "add_member" || request.type == "remove_member";
  if (!membership && !KvMachine::takes(request.type)) {
    return reply(make_error(
        "not_found",
        "a replica takes read, write, cas, add_member and remove_member, not '" + request.type + "'"));
  }
  if (broken_) return reply(make_error("unavailable", "this replica's disk has failed"));
  if (role_ != Role::leader) {
    if (leader_ == kNoNode || request.body["passed_on"].truthy()) {
      return reply(make_error("not_leader", "no leader is known to this replica"));
    }
    return env.call(leader_, {request.type, request.body.with("passed_on", true)}, options_.election_max * 4,
                    std::move(reply));
  }
  if (membership) return change_members(env, request, std::move(reply));
  if (request.type == "read" && options_.reads != RaftReads::log) {
    if (bug(RaftBug::stale_reads)) return reply(machine_.read(request.key()));
    const bool knows = committed_ >= first_of_term_ || bug(RaftBug::reads_before_own_entry);
    if (options_.reads == RaftReads::lease && knows && env.now() < lease_until_) {
      return reply(machine_.read(request.key()));
    }
    reads_.push_back({round_ + 1, knows ? committed_ : first_of_term_, request.key(), std::move(reply)});
    return finish_reads(env);
  }
  if (bug(RaftBug::ack_before_commit) && request.type == "write") answer(reply, request.body["value"]);
  append_command(env, KvMachine::command(request));
  if (reply != nullptr) waiting_.insert_or_assign(last_index(), Waiting{term_, std::move(reply)});
  send_to_all(env, false);
}

void Raft::change_members(Env& env, const Request& request, Reply reply) {
  const Value& name = request.body["name"];
  const Expected<NodeId> node = env.find(name.is_string() ? name.string() : std::string_view());
  if (!node) return reply(node.error());
  const bool adding = request.type == "add_member";
  if (is_member(*node) == adding) return reply(Value(true));
  const bool pending = configurations_.back().index > committed_ || joining_ != kNoNode;
  if (!bug(RaftBug::members_at_once) && (pending || committed_ < first_of_term_)) {
    return reply(make_error("conflict", "another change of members is under way"));
  }
  std::vector<NodeId> changed = members();
  if (!adding) {
    std::erase(changed, *node);
    if (changed.empty()) return reply(make_error("conflict", "one member must stay"));
    return propose_members(env, changed, std::move(reply));
  }
  if (bug(RaftBug::members_at_once)) {
    changed.insert(std::upper_bound(changed.begin(), changed.end(), *node), *node);
    return propose_members(env, changed, std::move(reply));
  }
  joining_ = *node;
  joining_reply_ = std::move(reply);
  joining_until_ = env.now() + options_.election_max * 10;
  sync_peers();
  Prepared prepared;
  send_entries(env, *peer_of(*node), true, prepared);
}

void Raft::propose_members(Env& env, const std::vector<NodeId>& members, Reply reply) {
  append_command(env, Value::map({{"type", "members"}, {"members", list_of(members)}}));
  waiting_.insert_or_assign(last_index(), Waiting{term_, std::move(reply)});
  sync_peers();
  send_to_all(env, false);
}

}  // namespace syslab
