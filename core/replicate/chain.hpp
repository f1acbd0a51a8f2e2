// Chain replication: writes enter at the head and are passed on from replica to replica; what the tail has,
// all have, and so it is committed. Reads are answered by the tail.
//
//   writes ->  head  ->  middle  ->  tail  <- reads
//               ^ answers  <-  what is committed, back up the chain
// The group's Monitor keeps the order. A replica that falls silent is taken out: the next one is head, or the
// one before is tail, or the two beside it are joined, and the one before sends again what the one behind
// lacks. A replica that comes back is sent the log by the tail and becomes the tail behind it. With reads
// anywhere (CRAQ) every replica answers for keys that have no write under way, and for the others asks the
// tail how far it is. All serve by lease only. Errors as of Raft; a request that carries {client, seq} is
// executed once.
//
// Invariants: the log of each member begins with that of the one behind it; a replica passes on what is on
// its disk and what the one before it has sent in this epoch; see also LogWatch. Answers are linearizable.
// Cost of a write: a hop and an fsync a replica, one after the other, and the way back; a message a replica,
// where a primary sends to all. Papers: van Renesse & Schneider 2004, "Chain Replication for Supporting High
// Throughput and Availability"; Terrace & Freedman 2009, "Object Storage on CRAQ".
#pragma once

#include "core/replicate/monitored_replica.hpp"
#include "core/replicate/planted_bugs.hpp"

namespace syslab {

enum class ChainBug : std::uint8_t {
  none,
  head_answers,           // a write is answered when the head has it
  passes_on_before_disk,  // a replica passes on what is not synced yet
  reads_at_head,          // the head answers reads, of what it knows to be committed
  reads_dirty,            // CRAQ without asking the tail about keys that have a write under way
  skips_gaps,             // takes what arrives as if it came next: the order of writes is broken
  executes_twice,         // repeated requests are executed again
  joins_too_early,        // a new tail joins before it has the log
  tail_reads_early,       // a replica that has become the tail answers before it has committed what it holds
  ignores_epochs,         // obeys whoever sends
  ignores_lease,          // serves although it has heard nothing from the monitor for long
  snapshot_forgets_clients,  // a snapshot lacks the answers to the clients
};
inline constexpr PlantedBugs<ChainBug, 11> kChainBugs{{
    "head_answers",

    "passes_on_before_disk",
    "reads_at_head",
    "reads_dirty",
    "skips_gaps",
    "executes_twice",
    "joins_too_early",

    "tail_reads_early",
    "ignores_epochs",
    "ignores_lease",
    "snapshot_forgets_clients",
}};

struct ChainOptions {
  bool reads_anywhere = false;  // CRAQ
  ChainBug bug = ChainBug::none;
  MonitoredReplicaOptions replica = {.fencing = Fencing::lease};
};

// The monitor that belongs to such a chain.
MonitorOptions monitor_of(const ChainOptions& options);

class Chain final : public MonitoredReplica {
 public:
  explicit Chain(ChainOptions options);

 private:
  const char* role() const override;
  bool takes(std::string_view type) const override;
  void serve(const Request& request, Reply reply) override;
  void reconfigured() override;
  void progressed() override;
  void tick() override;
  std::uint64_t sendable() const override;

  bool bug(ChainBug bug) const { return own_.bug == bug; }
  bool is_head() const { return active() && members_.front() == self(); }
  bool is_tail() const { return active() && members_.back() == self(); }
  NodeId beside(int step) const;   // the member so many places behind this one; kNoNode: there is none
  std::uint64_t in_chain() const;  // the last entry that is on this disk and that the head has, too
  bool tail_serves() const;
  bool clean(const Value& key) const;
  void read(const Request& request, Reply reply);
  void read_dirty(const Request& request, Reply reply);

  ChainOptions own_;
  std::uint64_t at_epoch_ = 0;
  bool was_tail_ = false;
  std::uint64_t floor_ = 0;  // a new tail has committed everything acknowledged once it is here
  // Of a tail: who is to come behind it, from which entry on it must have the log, and whether the monitor
  // was asked.
  NodeId joining_ = kNoNode;
  std::uint64_t joining_at_ = 0;
  bool asked_ = false;
};

}  // namespace syslab
