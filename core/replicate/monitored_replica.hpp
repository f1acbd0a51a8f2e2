// MonitoredReplica: what a replica under a Monitor does, whichever protocol it follows: heartbeats, promises,
// configurations, leases; and copying its log to others ("append" and "appended", or a snapshot to those who
// are too far behind), which end up with the same log, whatever theirs was before.
//
// A protocol derives: it says to whom the log is copied, decides what is committed, and serves requests.
// Invariants: a promise is on disk before anybody hears of it; nothing of an earlier epoch than the promised
// one is obeyed; a copy is acknowledged when it is on disk. The Monitor of replicas kv-1, kv-2 ... is found
// as kv-monitor.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "core/replicate/monitor.hpp"
#include "core/replicate/replica_log.hpp"
#include "core/runtime/node.hpp"

namespace syslab {

struct MonitoredReplicaOptions {
  // All replicas, this one included; filled before the first of them starts.
  std::shared_ptr<const std::vector<NodeId>> replicas = nullptr;
  Duration heartbeat = std::chrono::milliseconds(50);
  Duration timeout = std::chrono::milliseconds(250);  // as the monitor's
  Fencing fencing = Fencing::epoch;
  Duration lease = std::chrono::milliseconds(200);
  double drift = 0.01;     // of leases: how much faster or slower than true a clock may be
  std::size_t batch = 64;  // entries a message
  ReplicaLogOptions log = {};
  // Planted bugs.
  bool acks_before_disk = false;
  bool ignores_epochs = false;
  bool keeps_tail = false;     // an entry that conflicts stays
  bool skips_gaps = false;     // takes what comes as if it came next
  bool ignores_lease = false;  // serves without one
  bool hides_restarts = false;
};

class MonitoredReplica : public Node {
 public:
  explicit MonitoredReplica(MonitoredReplicaOptions options)
      : options_(std::move(options)), log_(options_.log) {}

  void on_start(Env& env) final;
  void on_message(Env& env, const Message& message) final;
  void on_request(Env& env, const Request& request, Reply reply) final;
  // role ("primary", "expired" without a lease, "backup"; "head", "middle", "tail", "spare"; "broken"),
  // epoch, log (its last index), committed, members, dropped (entries that another history replaced, of which
  // so many as `lost` had been committed here), and what the protocol adds.
  Value show() const final;
  const ReplicaLog& log() const { return log_; }

 protected:
  struct Peer {
    NodeId node;
    std::uint64_t next = 1;       // the first entry to send
    std::uint64_t match = 0;      // known to be on its disk
    std::uint64_t sent = 0;       // the last entry of the message that is under way
    std::uint64_t committed = 0;  // as it said
    std::uint64_t round = 0;      // the last round of heartbeats that it has answered
    Instant heard = {};
    Instant busy_until = {};  // a message with entries is under way; nothing is sent twice meanwhile
  };
  struct Waiting {  // a request whose entry is not committed yet
    std::uint64_t epoch;
    Reply reply;
  };

  // Of a protocol.
  virtual const char* role() const = 0;
  virtual bool takes(std::string_view type) const { return KvMachine::takes(type); }
  virtual void serve(const Request& request, Reply reply) = 0;
  // The configuration or the promise is another one: who is what may have changed.
  virtual void reconfigured() = 0;
  // More of the log is on this disk or on a peer's, or a heartbeat has passed.
  virtual void progressed() = 0;
  virtual void tick() {}
  // The last entry that may be sent to others.
  virtual std::uint64_t sendable() const { return log_.last(); }
  virtual Value details() const { return Value::map({}); }

  Env& env() const { return *env_; }
  NodeId self() const { return env_->self(); }
  // Whether this replica is a member of the newest configuration it can know of.
  bool active() const { return epoch_ > 0 && epoch_ == log_.promised() && is_member(self()); }
  // Whether it serves as a member: so fencing by lease wants.
  bool in_lease() const {
    return options_.fencing != Fencing::lease || options_.ignores_lease || env_->now() < lease_until_;
  }
  bool is_member(NodeId node) const;
  void copy_to(const std::vector<NodeId>& receivers);  // from now on to these; those who stay go on
  Peer* peer_of(NodeId node);
  void send_entries(Peer& peer, bool even_if_none);
  void send_to_all(bool even_if_none);
  void commit(std::uint64_t upto);
  void drop_from(std::uint64_t index);
  // Appends it, and answers when it is committed; another end is unknown.
  void propose(Value command, Reply reply);
  void fail_waiting();
  void pass_on(NodeId to, const Request& request, Reply reply);
  void wish(const char* type, NodeId node);  // "join" or "leave", of the monitor
  void send_appended(NodeId to, bool ok, std::uint64_t match, const Value& round);

  MonitoredReplicaOptions options_;
  ReplicaLog log_;
  std::uint64_t epoch_ = 0;  // of the configuration
  std::uint64_t version_ = 0;
  std::vector<NodeId> members_;
  Value until_;               // nil, or the time in seconds to which the new primary goes back
  std::uint64_t sealed_ = 0;  // the last epoch it promised since it started
  std::uint64_t round_ = 0;
  std::vector<Peer> peers_;
  // Up to here the log is the same as that of whoever sends in this epoch.
  std::uint64_t verified_ = 0;
  NodeId sender_ = kNoNode;

 private:
  void beat();
  void promise(std::uint64_t epoch);
  void on_seal(const Message& m);
  void on_configuration(const Message& m);
  bool accept(const Message& m);
  void on_append(const Message& m);
  void on_snapshot(const Message& m);
  void on_appended(const Message& m);

  Env* env_ = nullptr;
  NodeId monitor_ = kNoNode;
  Instant lease_until_ = Instant::min();
  std::uint64_t sender_epoch_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t lost_ = 0;
  std::map<std::uint64_t, Waiting> waiting_;  // by index
};

}  // namespace syslab
