#include "core/replicate/chain.hpp"

#include <algorithm>

namespace syslab {
namespace {

using Bug = ChainBug;

MonitoredReplicaOptions with_bugs(MonitoredReplicaOptions replica, Bug bug) {
  replica.fencing = Fencing::lease;
  replica.ignores_epochs = bug == Bug::ignores_epochs;
  replica.skips_gaps = bug == Bug::skips_gaps;
  replica.ignores_lease = bug == Bug::ignores_lease;
  replica.log.executes_twice = bug == Bug::executes_twice;
  replica.log.forgets_clients = bug == Bug::snapshot_forgets_clients;
  return replica;
}

}  // namespace

MonitorOptions monitor_of(const ChainOptions& options) {
  MonitorOptions m;
  m.replicas = options.replica.replicas;
  m.heartbeat = options.replica.heartbeat;
  m.timeout = options.replica.timeout;
  m.fencing = Fencing::lease;
  m.lease = options.replica.lease;
  m.chain = true;
  return m;
}

Chain::Chain(ChainOptions options)
    : MonitoredReplica(with_bugs(options.replica, options.bug)), own_(std::move(options)) {}

const char* Chain::role() const {
  if (!active()) return "spare";
  return is_head() ? "head" : is_tail() ? "tail" : "middle";
}

NodeId Chain::beside(int step) const {
  const auto own = std::find(members_.begin(), members_.end(), self());
  const auto place = own - members_.begin() + step;
  const bool there = own != members_.end() && place >= 0 && place < std::ssize(members_);
  return there ? members_[static_cast<std::size_t>(place)] : kNoNode;
}

// ---- places in the chain

void Chain::reconfigured() {
  joining_ = kNoNode;
  asked_ = false;
  const bool new_epoch = at_epoch_ != epoch_;
  if (new_epoch || !active()) peers_.clear();
  at_epoch_ = epoch_;
  if (!is_head()) fail_waiting();
  if (!active()) {
    was_tail_ = false;
    return;
  }
  if (is_tail()) {
    if (!was_tail_ || new_epoch) floor_ = log_.last();
    std::vector<NodeId> spares;
    for (const NodeId n : *options_.replicas) {
      if (!is_member(n)) spares.push_back(n);
    }
    copy_to(spares);
  } else {
    copy_to({beside(1)});
  }
  was_tail_ = is_tail();
  if (new_epoch && is_head()) {
    env().log("head", static_cast<double>(epoch_));
    if (options_.log.watch != nullptr) {
      options_.log.watch->leads(self(), epoch_, [this](std::uint64_t index) -> std::uint64_t {
        if (index > log_.last()) return 0;
        return index < log_.base() ? ~std::uint64_t{0} : log_.epoch_at(index);
      });
    }
  }
  progressed();
}

std::uint64_t Chain::in_chain() const {
  return is_head() ? log_.durable() : std::min(log_.durable(), verified_);
}

std::uint64_t Chain::sendable() const {
  const bool early = bug(Bug::passes_on_before_disk) && !is_tail();
  return early ? (is_head() ? log_.last() : verified_) : in_chain();
}

void Chain::progressed() {
  if (!active() || log_.broken()) return;
  const std::uint64_t before = log_.committed();
  std::uint64_t upto = in_chain();
  if (!is_tail()) {
    const Peer* behind = peer_of(beside(1));
    upto = behind == nullptr ? 0 : std::min({behind->committed, behind->match, upto});
  } else if (joining_ != kNoNode) {
    const Peer* next = peer_of(joining_);
    upto = next == nullptr ? 0 : std::min(next->match, upto);
  }
  if (upto > before) commit(upto);
  send_to_all(false);
  // Back up the chain, what is committed.
  if (log_.committed() > before && !is_head()) send_appended(beside(-1), true, in_chain(), {});
}

void Chain::tick() {
  if (!is_tail()) return;
  const auto silent = [&](const Peer& p) { return env().now() - p.heard > options_.timeout; };
  if (const Peer* next = peer_of(joining_); next != nullptr) {
    if (asked_) return wish(silent(*next) ? "leave" : "join", joining_);
    if (silent(*next)) {
      joining_ = kNoNode;
    } else if (next->match >= joining_at_ || bug(Bug::joins_too_early)) {
      asked_ = true;  // from now on there may be another tail
      wish("join", joining_);
    }
    return;
  }
  for (const Peer& peer : peers_) {
    const bool caught_up = peer.match > 0 && peer.match + options_.batch >= log_.last();
    if (silent(peer) || (log_.last() > 0 && !caught_up && !bug(Bug::joins_too_early))) continue;
    joining_ = peer.node;
    joining_at_ = log_.last();
    return;
  }
}

// ---- requests

bool Chain::takes(std::string_view type) const {
  return type == "committed" || KvMachine::takes(type);
}

// Whether it knows everything that was ever acknowledged, and nobody else can be the tail.
bool Chain::tail_serves() const {
  if (!is_tail() || !in_lease()) return false;
  if (asked_) return false;
  return bug(Bug::tail_reads_early) || log_.committed() >= std::min(floor_, log_.last());
}

bool Chain::clean(const Value& key) const {
  for (std::uint64_t i = log_.committed() + 1; i <= log_.last(); ++i) {
    if (log_.record(i)["command"]["key"] == key) return false;
  }
  return true;
}

void Chain::serve(const Request& request, Reply reply) {
  if (request.type == "committed") {
    if (!tail_serves()) return reply(make_error("not_leader", "this is not the tail"));
    return reply(Value(static_cast<double>(log_.committed())));
  }
  if (request.type == "read") return read(request, std::move(reply));
  if (!is_head()) return pass_on(members_.empty() ? kNoNode : members_.front(), request, std::move(reply));
  if (!in_lease()) return reply(make_error("not_leader", "its lease is over"));
  if (bug(Bug::head_answers) && request.type == "write") {
    reply(request.body["value"]);
    reply = nullptr;
  }
  propose(KvMachine::command(request), std::move(reply));
}

void Chain::read(const Request& request, Reply reply) {
  const bool own = tail_serves() || (bug(Bug::reads_at_head) && is_head());
  if (own) return reply(log_.store().read(request.key()));
  if (own_.reads_anywhere && active() && !is_tail() && in_lease()) {
    if (clean(request.key()) || bug(Bug::reads_dirty)) return reply(log_.store().read(request.key()));
    return read_dirty(request, std::move(reply));
  }
  pass_on(members_.empty() ? kNoNode : members_.back(), request, std::move(reply));
}

// The tail says how far it is; up to there this replica has everything, and may execute it.
void Chain::read_dirty(const Request& request, Reply reply) {
  env().call(members_.back(), {.type = "committed"}, options_.timeout,
             [this, epoch = epoch_, key = request.key(), reply = std::move(reply)](const Result& answer) {
               if (!answer.ok()) return reply(make_error("not_leader", "the tail does not answer"));
               const auto committed = static_cast<std::uint64_t>(answer->number());
               if (!active() || epoch != epoch_ || committed > log_.durable() || log_.broken()) {
                 return reply(make_error("not_leader", "the chain has changed"));
               }
               if (committed > log_.committed()) commit(committed);
               reply(log_.store().read(key));
             });
}

}  // namespace syslab
