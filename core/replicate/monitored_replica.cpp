#include "core/replicate/monitored_replica.hpp"

#include <algorithm>

#include "core/replicate/numbers.hpp"
#include "core/runtime/service.hpp"  // answer

namespace syslab {
namespace {

using numbers::integer;
using numbers::number;

}  // namespace

void MonitoredReplica::on_start(Env& env) {
  env_ = &env;
  const std::string& name = env.name_of(env.self());
  const Expected<NodeId> monitor = env.find(name.substr(0, name.rfind('-')) + "-monitor");
  SYSLAB_ASSERT(monitor.ok());
  monitor_ = *monitor;
  log_.open(env, [this] {
    peers_.clear();
    fail_waiting();
  });
  if (!log_.broken()) beat();
}

Value MonitoredReplica::show() const {
  return details()
      .with("role", log_.broken() ? "broken" : role())
      .with("epoch", number(log_.promised()))
      .with("log", number(log_.last()))
      .with("committed", number(log_.committed()))
      .with("snapshot", number(log_.snapshot_index()))
      .with("members", number(members_.size()))
      .with("dropped", number(dropped_))
      .with("lost", number(lost_));
}

bool MonitoredReplica::is_member(NodeId node) const {
  return std::find(members_.begin(), members_.end(), node) != members_.end();
}

void MonitoredReplica::beat() {
  if (log_.broken()) return;
  env_->after(options_.heartbeat, [this] { beat(); });
  const bool fresh = options_.fencing != Fencing::none && sealed_ == 0 && !options_.hides_restarts;
  env_->send(monitor_, "alive",
             Value::map({{"epoch", number(log_.promised())},
                         {"fresh", fresh},
                         {"last_epoch", number(log_.last_epoch())},
                         {"last", number(log_.last())},
                         {"at", static_cast<double>(env_->now().time_since_epoch().count())}}));
  ++round_;
  tick();
  send_to_all(true);
  progressed();
}

void MonitoredReplica::wish(const char* type, NodeId node) {
  env_->send(
      monitor_, type,
      Value::map({{"epoch", number(epoch_)}, {"version", number(version_)}, {"node", number(node.index)}}));
}

// ---- epochs and configurations

void MonitoredReplica::promise(std::uint64_t epoch) {
  log_.promise(epoch);
  reconfigured();
}

void MonitoredReplica::on_seal(const Message& m) {
  const std::uint64_t epoch = integer(m.body["epoch"]);
  if (epoch < log_.promised()) return;
  sealed_ = epoch;
  if (epoch > log_.promised() && !options_.ignores_epochs) promise(epoch);
  Value reply = Value::map(
      {{"epoch", number(epoch)}, {"last_epoch", number(log_.last_epoch())}, {"last", number(log_.last())}});
  log_.journal().when_durable([this, reply] { env_->send(monitor_, "sealed", reply); });
}

void MonitoredReplica::on_configuration(const Message& m) {
  const std::uint64_t epoch = integer(m.body["epoch"]);
  const std::uint64_t version = integer(m.body["version"]);
  if (epoch < log_.promised()) return;
  if (std::pair(epoch, version) > std::pair(epoch_, version_)) {
    epoch_ = epoch;
    version_ = version;
    members_.clear();
    for (const Value& v : m.body["members"].list()) {
      members_.push_back(NodeId{static_cast<std::uint32_t>(integer(v))});
    }
    if (epoch > log_.promised()) log_.promise(epoch);
    until_ = m.body["until"];
    reconfigured();
  }
  if (epoch == epoch_ && m.body["asked_at"].is_number()) {
    // By the time it ends, the monitor's clock may have run `drift` faster than true, and this one slower.
    const double share = (1 - options_.drift) / (1 + options_.drift);
    const Instant asked(Duration(static_cast<std::int64_t>(m.body["asked_at"].number())));
    lease_until_ = std::max(
        lease_until_,
        asked + Duration(static_cast<std::int64_t>(share * static_cast<double>(options_.lease.count()))));
    progressed();
  }
}

void MonitoredReplica::on_message(Env&, const Message& m) {
  if (log_.broken()) return;
  if (m.type == "append") {
    on_append(m);
  } else if (m.type == "appended") {
    on_appended(m);
  } else if (m.type == "snapshot") {
    on_snapshot(m);
  } else if (m.type == "seal") {
    on_seal(m);
  } else if (m.type == "configuration") {
    on_configuration(m);
  }
}

// ---- sending

void MonitoredReplica::copy_to(const std::vector<NodeId>& receivers) {
  std::vector<Peer> peers;
  for (const NodeId node : receivers) {
    const Peer* known = peer_of(node);
    peers.push_back(known != nullptr ? *known
                                     : Peer{.node = node, .next = log_.last() + 1, .heard = env_->now()});
  }
  peers_ = std::move(peers);
}

MonitoredReplica::Peer* MonitoredReplica::peer_of(NodeId node) {
  const auto found =
      std::find_if(peers_.begin(), peers_.end(), [&](const Peer& p) { return p.node == node; });
  return found == peers_.end() ? nullptr : &*found;
}

void MonitoredReplica::send_entries(Peer& peer, bool even_if_none) {
  // What this replica was not told by whom it obeys may be of another history, and is passed on to nobody,
  // not even as what comes before.
  const std::uint64_t own = sendable();
  if (peer.next > own + 1) {
    if (own < log_.base()) return;
    peer.next = own + 1;
  }
  const bool busy = env_->now() < peer.busy_until;
  if (peer.next <= log_.base() && !busy) {
    peer.sent = log_.snapshot_index();
    peer.busy_until = env_->now() + options_.timeout;
    return env_->send(peer.node, "snapshot",
                      log_.snapshot().with("sender_epoch", number(epoch_)).with("round", number(round_)));
  }
  std::uint64_t end = peer.next;
  if (!busy) end = std::min(own + 1, peer.next + options_.batch);
  if (end == peer.next && !even_if_none) return;
  // To one that waits for a snapshot it is a heartbeat only.
  const std::uint64_t previous = peer.next <= log_.base() ? std::max(own, log_.base()) : peer.next - 1;
  Value::List entries;
  for (std::uint64_t i = peer.next; i < end; ++i) entries.push_back(log_.record(i));
  if (end > peer.next) {
    peer.sent = end - 1;
    peer.busy_until = env_->now() + options_.heartbeat;  // what was lost is sent again then
  }
  env_->send(peer.node, "append",
             Value::map({{"sender_epoch", number(epoch_)},
                         {"previous", number(previous)},
                         {"previous_epoch", number(log_.epoch_at(previous))},
                         {"entries", Value::list(std::move(entries))},
                         {"committed", number(log_.committed())},
                         {"round", number(round_)}}));
}

void MonitoredReplica::send_to_all(bool even_if_none) {
  for (Peer& peer : peers_) send_entries(peer, even_if_none);
}

void MonitoredReplica::on_appended(const Message& m) {
  const std::uint64_t epoch = integer(m.body["sender_epoch"]);
  if (epoch > log_.promised() && !options_.ignores_epochs) return promise(epoch);
  if (epoch != epoch_) return;
  Peer* peer = peer_of(m.from);
  if (peer == nullptr) return;
  const std::uint64_t match = integer(m.body["match"]);
  const bool ok = m.body["ok"].truthy();
  peer->heard = env_->now();
  peer->round = std::max(peer->round, integer(m.body["round"]));
  if (ok ? match >= peer->sent : peer->next > log_.base()) peer->busy_until = {};
  bool news = ok;  // a refusal that says nothing new is not answered, or copies breed copies
  if (ok) {
    peer->match = std::max(peer->match, match);
    peer->next = std::max(peer->next, peer->match + 1);
    peer->committed = std::max(peer->committed, integer(m.body["committed"]));
  } else {
    const std::uint64_t next = std::max(peer->match, std::min(peer->next - 1, match)) + 1;
    news = next < peer->next;
    peer->next = next;
  }
  progressed();
  if (news && (peer = peer_of(m.from)) != nullptr) send_entries(*peer, false);
}

// ---- receiving

void MonitoredReplica::send_appended(NodeId to, bool ok, std::uint64_t match, const Value& round) {
  const std::uint64_t epoch =
      options_.fencing == Fencing::none || options_.ignores_epochs ? sender_epoch_ : log_.promised();
  env_->send(to, "appended",
             Value::map({{"sender_epoch", number(epoch)},
                         {"ok", ok},
                         {"match", number(match)},
                         {"committed", number(log_.committed())},
                         {"round", round}}));
}

// Whether the message is of one whom this replica has to obey.
bool MonitoredReplica::accept(const Message& m) {
  const std::uint64_t epoch = integer(m.body["sender_epoch"]);
  const bool fenced = options_.fencing != Fencing::none && !options_.ignores_epochs;
  if (epoch < log_.promised() && (fenced || !peers_.empty())) return false;
  if (epoch > log_.promised()) promise(epoch);
  if (sender_epoch_ != epoch || sender_ != m.from) verified_ = 0;
  sender_epoch_ = epoch;
  sender_ = m.from;
  return true;
}

void MonitoredReplica::drop_from(std::uint64_t index) {
  dropped_ += log_.last() - index + 1;
  env_->log("drops entries that another history replaces",
            Value::map({{"from", number(index)}, {"to", number(log_.last())}}));
  lost_ += log_.drop_from(index);
  verified_ = std::min(verified_, log_.last());
  for (Peer& peer : peers_) {  // of a member of a chain, to whom the entries may have gone already
    peer.next = std::min(peer.next, log_.last() + 1);
    peer.match = std::min(peer.match, log_.last());
  }
}

void MonitoredReplica::on_append(const Message& m) {
  const auto respond = [this, to = m.from, round = m.body["round"]](bool ok, std::uint64_t match) {
    send_appended(to, ok, match, round);
  };
  if (!accept(m)) return respond(false, 0);
  const std::uint64_t previous = integer(m.body["previous"]);
  const std::uint64_t previous_epoch = integer(m.body["previous_epoch"]);
  const bool follows =
      previous <= log_.last() && (previous < log_.base() || log_.epoch_at(previous) == previous_epoch);
  if (!follows && !options_.skips_gaps) {
    std::uint64_t hint = std::min(previous, log_.last());
    if (previous <= log_.committed()) {  // what was committed here is of another history
      hint = log_.base() + (previous - log_.base()) / 2;
      if (previous == log_.base()) {
        drop_from(previous);
        hint = 0;
      }
    } else if (previous <= log_.last()) {
      // Where the logs part, everything of that epoch is doubtful: skip it at once.
      const std::uint64_t doubtful = log_.epoch_at(previous);
      while (hint > log_.committed() && log_.epoch_at(hint) == doubtful) --hint;
    }
    return log_.journal().when_durable([this, respond, hint, epoch = sender_epoch_] {
      if (sender_epoch_ == epoch) respond(false, hint);
    });
  }
  std::uint64_t index = options_.skips_gaps ? std::min(previous, log_.last()) : previous;
  for (const Value& entry : m.body["entries"].list()) {
    ++index;
    if (index < log_.base()) continue;
    if (index <= log_.last() && index > 0) {
      if (log_.epoch_at(index) == integer(entry["epoch"]) || options_.keeps_tail) continue;
      drop_from(index);
      if (log_.last() + 1 < index) return respond(false, 0);  // the snapshot went with it
    }
    log_.append_record(options_.skips_gaps ? entry.with("index", number(index)) : entry);
  }
  verified_ = std::max(verified_, index);
  const std::uint64_t upto = std::min(integer(m.body["committed"]), index);
  if (upto > log_.committed()) commit(upto);
  if (options_.acks_before_disk) return respond(true, index);
  log_.journal().when_durable([this, respond, index, epoch = sender_epoch_, from = m.from] {
    if (sender_epoch_ != epoch || sender_ != from || verified_ < index) return;
    progressed();
    respond(true, index);
  });
}

void MonitoredReplica::on_snapshot(const Message& m) {
  const auto respond = [this, to = m.from, round = m.body["round"]](bool ok, std::uint64_t match) {
    send_appended(to, ok, match, round);
  };
  if (!accept(m)) return respond(false, 0);
  const std::uint64_t index = integer(m.body["index"]);
  const std::uint64_t entry_epoch = integer(m.body["epoch"]);
  const bool known = index < log_.base() || (index <= log_.last() && log_.epoch_at(index) == entry_epoch);
  if (!known) {
    if (log_.journal().replacing()) return;  // it will be sent again
    const std::uint64_t from =
        index > log_.committed() ? log_.committed() + 1 : std::max<std::uint64_t>(log_.base(), 1);
    if (from <= log_.last()) drop_from(from);
    log_.install(m.body);
  }
  verified_ = std::max(verified_, index);
  log_.journal().when_durable([this, respond, index, epoch = sender_epoch_, from = m.from] {
    if (sender_epoch_ == epoch && sender_ == from && verified_ >= index) respond(true, index);
  });
}

// ---- requests

void MonitoredReplica::on_request(Env&, const Request& request, Reply reply) {
  if (!takes(request.type)) {
    return reply(make_error("not_found", "a replica takes read, write and cas, not '" + request.type + "'"));
  }
  if (log_.broken()) return reply(make_error("unavailable", "this replica's disk has failed"));
  serve(request, std::move(reply));
}

void MonitoredReplica::pass_on(NodeId to, const Request& request, Reply reply) {
  if (to == kNoNode || to == self() || request.body["passed_on"].truthy()) {
    return reply(make_error("not_leader", "this replica does not serve it, and knows nobody who does"));
  }
  env_->call(to, {request.type, request.body.with("passed_on", true)}, options_.timeout * 2,
             std::move(reply));
}

void MonitoredReplica::propose(Value command, Reply reply) {
  log_.append(epoch_, std::move(command), env_->wall_now());
  if (reply != nullptr) waiting_.insert_or_assign(log_.last(), Waiting{epoch_, std::move(reply)});
  log_.journal().when_durable([this] {
    progressed();
    send_to_all(false);
  });
  send_to_all(false);
}

void MonitoredReplica::commit(std::uint64_t upto) {
  log_.commit(upto, [this](std::uint64_t index, const Value& record, const Result& result) {
    const auto waiting = waiting_.find(index);
    if (waiting == waiting_.end()) return;
    const Reply reply = std::move(waiting->second.reply);
    const bool mine = waiting->second.epoch == integer(record["epoch"]);
    waiting_.erase(waiting);
    reply(mine ? result : Result(make_error("unknown", "another entry was committed in its place")));
  });
}

void MonitoredReplica::fail_waiting() {
  auto waiting = std::exchange(waiting_, {});
  for (auto& [index, w] : waiting) {
    w.reply(make_error("unknown", "this replica lost its place before the entry was committed"));
  }
}

}  // namespace syslab
