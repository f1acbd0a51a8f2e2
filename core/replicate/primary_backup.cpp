#include "core/replicate/primary_backup.hpp"

#include <algorithm>

namespace syslab {
namespace {

using Bug = PrimaryBackupBug;

MonitoredReplicaOptions with_bugs(MonitoredReplicaOptions replica, Bug bug) {
  replica.acks_before_disk = bug == Bug::acks_before_disk;
  replica.ignores_epochs = bug == Bug::ignores_epochs;
  replica.keeps_tail = bug == Bug::keeps_tail;
  replica.hides_restarts = bug == Bug::resumes_after_restart;
  replica.log.executes_twice = bug == Bug::executes_twice;
  replica.log.forgets_clients = bug == Bug::snapshot_forgets_clients;
  return replica;
}

// The entry with which a primary begins its epoch.
const Value& begin_command() {
  static const Value command = Value::map({{"type", "begin"}});
  return command;
}

}  // namespace

MonitorOptions monitor_of(const PrimaryBackupOptions& options, std::size_t count,
                          std::function<void(NodeId)> power_off) {
  MonitorOptions m;
  m.replicas = options.replica.replicas;
  m.heartbeat = options.replica.heartbeat;
  m.timeout = options.replica.timeout;
  m.fencing = options.replica.fencing;
  m.lease = options.replica.lease;
  m.power_off = std::move(power_off);
  // Where only some have a write, one of them is among those that promise.
  if (options.mode != PrimaryBackupMode::sync) {
    m.quorum = 1;
  } else if (options.copies) {
    m.quorum = count - *options.copies;
  }
  m.by_hand = options.by_hand;
  m.promotes_any = options.bug == Bug::promotes_any;
  m.lease_without_bound = options.bug == Bug::lease_without_bound;
  return m;
}

PrimaryBackup::PrimaryBackup(PrimaryBackupOptions options)
    : MonitoredReplica(with_bugs(options.replica, options.bug)), own_(std::move(options)) {
  SYSLAB_ASSERT(own_.ship_every == Duration(0) || own_.mode == PrimaryBackupMode::async);
}

Value PrimaryBackup::details() const {
  return degraded_ ? Value::map({{"degraded", true}}) : Value::map({});
}

const char* PrimaryBackup::role() const {
  return !leading_ ? "backup" : in_lease() ? "primary" : "expired";
}

// ---- who leads

void PrimaryBackup::reconfigured() {
  joining_.clear();
  // Only one that has promised the epoch since it started knows all that it did in it.
  const bool knows =
      options_.fencing == Fencing::none || sealed_ == epoch_ || bug(Bug::resumes_after_restart);
  const bool leads = active() && members_.front() == self() && knows;
  if (leading_ && (!leads || led_epoch_ != epoch_)) step_down();
  if (leads && !leading_) lead();
}

void PrimaryBackup::lead() {
  leading_ = true;
  led_epoch_ = epoch_;
  degraded_ = false;
  ignored_.clear();
  env().log("leads", static_cast<double>(epoch_));
  if (options_.log.watch != nullptr) {
    options_.log.watch->leads(self(), epoch_, [this](std::uint64_t index) -> std::uint64_t {
      if (index > log_.last()) return 0;
      return index < log_.base() ? ~std::uint64_t{0} : log_.epoch_at(index);
    });
  }
  std::vector<NodeId> others;
  for (const NodeId n : *options_.replicas) {
    if (n != self()) others.push_back(n);
  }
  peers_.clear();
  copy_to(others);
  // Back to what the store was at a time: what was taken later goes.
  if (until_.is_number()) {
    std::uint64_t keep = log_.last();
    while (keep > log_.base() && log_.record(keep)["at"].number() > until_.number()) --keep;
    if (keep < log_.last()) drop_from(keep + 1);
  }
  shipped_ = log_.last() + 1;
  if (own_.ship_every > Duration(0)) ship();
  // Until an entry of its own epoch is committed, it does not know which older ones are.
  first_of_epoch_ = log_.last() + 1;
  propose(begin_command(), nullptr);
}

// From time to time everything until now may go to the backups.
void PrimaryBackup::ship() {
  env().after(own_.ship_every, [this, epoch = epoch_] {
    if (!leading_ || led_epoch_ != epoch || log_.broken()) return;
    if (own_.ships_snapshots && !log_.journal().replacing() && log_.committed() > log_.snapshot_index()) {
      log_.compact();
    }
    shipped_ = own_.ships_snapshots ? log_.snapshot_index() : log_.last();
    send_to_all(false);
    ship();
  });
}

std::uint64_t PrimaryBackup::sendable() const {
  return own_.ship_every > Duration(0) ? shipped_ : log_.last();
}

void PrimaryBackup::step_down() {
  leading_ = false;
  peers_.clear();
  fail_waiting();
  auto reads = std::exchange(reads_, {});
  for (Read& r : reads) r.reply(make_error("not_leader", "this replica is not the primary any more"));
}

// ---- what is acknowledged

bool PrimaryBackup::counts(NodeId node) const {
  return (is_member(node) || joining_.contains(node)) && !ignored_.contains(node);
}

template <class Of>
std::uint64_t PrimaryBackup::acknowledged(Of&& of) const {
  std::vector<std::uint64_t> known;
  for (const Peer& peer : peers_) {
    if (!sync_all() || counts(peer.node)) known.push_back(of(peer));
  }
  if (sync_all()) return known.empty() ? ~std::uint64_t{0} : *std::min_element(known.begin(), known.end());
  const std::size_t copies = std::min(own_.copies.value_or(1), known.size());
  if (copies == 0) return ~std::uint64_t{0};
  std::sort(known.begin(), known.end(), std::greater<>());
  return known[copies - 1];
}

void PrimaryBackup::progressed() {
  if (!leading_ || log_.broken()) return;
  const std::uint64_t copied = acknowledged([](const Peer& p) { return p.match; });
  if (degraded_ && copied >= log_.last()) {
    degraded_ = false;
    env().log("the backups have caught up");
  }
  const bool alone = own_.mode == PrimaryBackupMode::async || degraded_ || bug(Bug::acks_before_backups);
  const std::uint64_t upto = alone ? log_.durable() : std::min(log_.durable(), copied);
  const bool own_epoch = upto >= first_of_epoch_ || bug(Bug::commits_older_epoch);
  if (upto > log_.committed() && own_epoch && in_lease()) commit(upto);
  finish_reads();
}

// When something has waited for its copies for too long, the primary goes on alone.
void PrimaryBackup::watch_semi_sync() {
  if (own_.mode != PrimaryBackupMode::semi_sync || degraded_) return;
  env().after(own_.semi_timeout, [this, index = log_.last(), epoch = epoch_] {
    if (!leading_ || degraded_ || epoch_ != epoch || log_.committed() >= index) return;
    degraded_ = true;
    env().log("goes on alone: no acknowledgement in time");
    progressed();
  });
}

void PrimaryBackup::tick() {
  if (!leading_ || !sync_all()) return;
  for (const Peer& peer : peers_) {
    const bool silent = env().now() - peer.heard > options_.timeout;
    if (silent && counts(peer.node)) {
      // Without those that must be in sync it waits, so that one of them can take over.
      if (is_member(peer.node) && members_.size() - 1 <= own_.in_sync_min) continue;
      if (bug(Bug::drops_unasked)) ignored_.insert(peer.node);
      wish("leave", peer.node);
    } else if (!silent && !is_member(peer.node)) {
      if (bug(Bug::admits_too_early)) {
        wish("join", peer.node);
      } else if (const auto joins = joining_.find(peer.node); joins == joining_.end()) {
        if (peer.match + options_.batch >= log_.last()) joining_.emplace(peer.node, log_.last());
      } else if (peer.match >= joins->second) {
        wish("join", peer.node);
      }
    } else if (!silent) {
      ignored_.erase(peer.node);
    }
  }
}

// ---- requests

void PrimaryBackup::serve(const Request& request, Reply reply) {
  const bool read = request.type == "read";
  if (read && own_.reads_anywhere) return reply(log_.store().read(request.key()));
  if (!leading_) {
    return pass_on(members_.empty() ? kNoNode : members_.front(), request, std::move(reply));
  }
  if (!in_lease()) return reply(make_error("not_leader", "its lease is over"));
  if (read) {
    // Who may answer alone, may read alone; and so may a primary of which it is certain that it is the only
    // one.
    const bool sure =
        own_.mode != PrimaryBackupMode::sync || options_.fencing != Fencing::epoch || bug(Bug::reads_unasked);
    const std::uint64_t index = std::max(first_of_epoch_, log_.committed());
    reads_.push_back({sure ? 0 : round_ + 1, index, request.key(), std::move(reply)});
    if (!sure && reads_.size() == 1) {
      ++round_;
      send_to_all(true);
    }
    return finish_reads();
  }
  std::size_t in_sync = members_.size() - 1;
  if (sync_all() && in_sync < own_.in_sync_min) {
    return reply(make_error("unavailable", "too few backups are in sync"));
  }
  propose(KvMachine::command(request), std::move(reply));
  watch_semi_sync();
}

void PrimaryBackup::finish_reads() {
  if (reads_.empty() || !in_lease()) return;
  const std::uint64_t answered = acknowledged([](const Peer& p) { return p.round; });
  while (!reads_.empty() && reads_.front().round <= answered && reads_.front().index <= log_.committed()) {
    const Read read = std::move(reads_.front());
    reads_.pop_front();
    read.reply(log_.store().read(read.key));
  }
  // The reads that came while a round was under way share the next one.
  if (!reads_.empty() && reads_.front().round > round_) {
    ++round_;
    send_to_all(true);
  }
}

}  // namespace syslab
