// Primary-backup: the primary executes requests and copies its log to the backups; when it falls silent, the
// group's Monitor names another primary. How many copies an acknowledged write has is the mode:
//
//   sync       every member has it (the members shrink when one falls silent, and grow when it has caught
//   up),
//              or with `copies` so many of the backups, whichever are quickest
//   semi_sync  `copies` of the backups have it, or `semi_timeout` has passed; then the primary goes on alone
//              until they have caught up
//   async      only the primary has it; backups follow at once, or every `ship_every` (log shipping), or as a
//              copy of the whole store every `ship_every` (snapshot replication)
// Under sync with fencing answers are linearizable and no acknowledged write is lost, whatever fails. The
// other modes lose what only the old primary had: when that one comes back it drops the tail of its log, and
// says so
// (`lost` in show()). Without fencing two primaries may answer at once: split brain.
//
// Reads are served by the primary, which makes sure that it still is: by a round of messages, or with lease
// and stonith without any; reads from anybody may be stale. Errors as of Raft. A request that carries
// {client, seq} is executed once.
// Invariants: see LogWatch; entries of earlier epochs are committed only with one of the primary's own.
// Cost of a write: a round trip to the backups and an fsync at both ends, in parallel; async an fsync.
// Sources: Alsberg & Day 1976; Lin et al. 2008, "PacificA"; MySQL's semi-synchronous replication.
#pragma once

#include <deque>
#include <optional>
#include <set>

#include "core/replicate/monitored_replica.hpp"
#include "core/replicate/planted_bugs.hpp"

namespace syslab {

enum class PrimaryBackupMode : std::uint8_t { sync, semi_sync, async };

enum class PrimaryBackupBug : std::uint8_t {
  none,
  acks_before_backups,    // the primary answers when it has the write itself
  acks_before_disk,       // a backup acknowledges what is not synced yet
  promotes_any,           // the monitor does not look whose log reaches furthest
  ignores_epochs,         // a backup obeys whoever sends: no fencing
  executes_twice,         // repeated requests are executed again
  reads_unasked,          // the primary reads its own store without making sure that it is still the primary
  drops_unasked,          // a silent backup is not waited for, before the monitor has agreed
  admits_too_early,       // a backup counts before it has caught up
  keeps_tail,             // at rejoin an entry that conflicts stays
  resumes_after_restart,  // a primary that was away for a moment goes on as if nothing had been
  commits_older_epoch,    // entries of earlier epochs are committed by counting
  snapshot_forgets_clients,  // a snapshot lacks the answers to the clients
  lease_without_bound,       // the monitor names another primary without waiting for the lease of the old one
};
inline constexpr PlantedBugs<PrimaryBackupBug, 13> kPrimaryBackupBugs{{
    "acks_before_backups",
    "acks_before_disk",
    "promotes_any",
    "ignores_epochs",
    "executes_twice",
    "reads_unasked",
    "drops_unasked",
    "admits_too_early",
    "keeps_tail",
    "resumes_after_restart",
    "commits_older_epoch",
    "snapshot_forgets_clients",
    "lease_without_bound",
}};

struct PrimaryBackupOptions {
  PrimaryBackupMode mode = PrimaryBackupMode::sync;
  std::optional<std::size_t> copies =
      std::nullopt;  // backups that must have a write; none: sync all, else one
  Duration semi_timeout = std::chrono::seconds(1);
  // Of sync all: so many backups stay members although they are silent, and writes wait for them.
  std::size_t in_sync_min = 0;
  Duration ship_every = {};      // of async: how often the log goes to the backups; zero: at once
  bool ships_snapshots = false;  // instead of the log: the whole store
  bool by_hand = false;          // another primary is named only when somebody asks the monitor to
  bool reads_anywhere = false;
  PrimaryBackupBug bug = PrimaryBackupBug::none;
  MonitoredReplicaOptions replica = {};
};

// The monitor that belongs to such a group. `power_off` is of fencing by stonith.
MonitorOptions monitor_of(const PrimaryBackupOptions& options, std::size_t count,
                          std::function<void(NodeId)> power_off);

class PrimaryBackup final : public MonitoredReplica {
 public:
  explicit PrimaryBackup(PrimaryBackupOptions options);

 private:
  struct Read {
    std::uint64_t round;  // which must be answered first
    std::uint64_t index;  // which must be executed first
    Value key;
    Reply reply;
  };

  const char* role() const override;
  void serve(const Request& request, Reply reply) override;
  void reconfigured() override;
  void progressed() override;
  void tick() override;
  Value details() const override;
  std::uint64_t sendable() const override;

  bool bug(PrimaryBackupBug bug) const { return own_.bug == bug; }
  bool sync_all() const { return own_.mode == PrimaryBackupMode::sync && !own_.copies; }
  void lead();
  void step_down();
  // The least of what `of` says of those who must have acknowledged.
  template <class Of>
  std::uint64_t acknowledged(Of&& of) const;
  bool counts(NodeId node) const;
  void watch_semi_sync();
  void finish_reads();
  void ship();

  PrimaryBackupOptions own_;
  bool leading_ = false;
  std::uint64_t led_epoch_ = 0;
  std::uint64_t first_of_epoch_ = 0;
  std::uint64_t shipped_ = 0;
  bool degraded_ = false;  // semi_sync goes on alone
  // Backups that are waited for although they are no members yet, and the entry up to which they must have
  // the log before they are proposed.
  std::map<NodeId, std::uint64_t> joining_;
  std::set<NodeId> ignored_;  // by a planted bug
  std::deque<Read> reads_;
};

}  // namespace syslab
