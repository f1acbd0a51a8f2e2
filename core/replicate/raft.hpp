// Raft: a replicated log with an elected leader, and a key-value store on top of it.
//
// Each replica is a Node. A request (type "read", "write" or "cas", see KvMachine) goes to the leader; a
// follower passes it on to the leader it knows. Every answer is linearizable, and a request that carries
// {client, seq} is executed once however often it arrives. "add_member" and "remove_member" with {name}
// change who votes, one at a time. Errors: not_leader (definite) where no leader is known, conflict
// (definite) from a cas that found another value or a change of members while one is under way, unknown
// (indefinite) where leadership was lost before the entry was committed, unavailable where this replica's
// disk has failed: it then does nothing more until a restart, because nobody can tell what an fsync that
// failed has kept.
//
// Of the protocol: elections with a vote beforehand (pre-vote), which a replica refuses while it hears from a
// leader; a leader that hears from no majority gives way (check quorum); log replication in batches; a log on
// disk that is compacted into snapshots, which go to followers that are too far behind; single-server changes
// of members, the new one caught up before it counts; reads through the log, by read index (a round of
// heartbeats a batch of reads, no disk), or by lease (no message at all, trusting that clocks drift no more
// than `drift`).
//
// Invariants, which a LogWatch checks at every change: at most one leader a term; two logs with an entry of
// the same index and term are equal up to there; a leader has every committed entry; no two replicas commit
// different entries at an index. A term or vote is on disk before anybody hears of it; an entry counts as
// held by a replica only when it is on its disk; only entries of the leader's own term are committed by
// counting. Cost of a write: two message delays, and an fsync each at the leader and a majority; those that
// wait share one. Papers: Ongaro & Ousterhout 2014, "In Search of an Understandable Consensus Algorithm";
// Ongaro 2014, "Consensus: Bridging Theory and Practice" (pre-vote, membership, reads).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/replicate/kv_machine.hpp"
#include "core/replicate/log_watch.hpp"
#include "core/replicate/raft_bug.hpp"
#include "core/runtime/node.hpp"

namespace syslab {

enum class RaftReads : std::uint8_t { log, index, lease };

struct RaftOptions {
  // All replicas, this one included; filled before the first of them starts.
  std::shared_ptr<const std::vector<NodeId>> members = nullptr;
  std::size_t voters = 0;  // the first so many vote from the beginning, the others wait to be added; 0: all
  Duration heartbeat = std::chrono::milliseconds(50);
  // A follower that hears nothing for a time between these stands for election.
  Duration election_min = std::chrono::milliseconds(150);
  Duration election_max = std::chrono::milliseconds(300);
  std::size_t batch = 64;             // entries a message
  std::size_t snapshot_after = 1000;  // entries applied since the last one; 0: never
  bool pre_vote = true;
  RaftReads reads = RaftReads::index;
  double drift = 0.01;  // of leases: how much faster or slower than true one clock may be
  RaftBug bug = RaftBug::none;
  std::shared_ptr<LogWatch> watch = nullptr;  // shared by all replicas
};

class Raft final : public Node {
 public:
  explicit Raft(RaftOptions options) : options_(std::move(options)) {}

  void on_start(Env& env) override;
  void on_message(Env& env, const Message& message) override;
  void on_request(Env& env, const Request& request, Reply reply) override;
  // role, term, log (its last index), committed, applied, snapshot (the index it reaches to), members.
  Value show() const override;

 private:
  enum class Role : std::uint8_t { follower, candidate, leader };
  struct Entry {
    std::uint64_t term = 0;
    Value record;  // {index, term, command}, as it is on disk and in messages
  };
  struct Configuration {
    std::uint64_t index;          // of the entry that made it; the last in the log counts, committed or not
    std::vector<NodeId> members;  // those who vote, sorted
  };
  struct Peer {  // as the leader sees it
    NodeId node;
    std::uint64_t next = 1;   // the first entry to send
    std::uint64_t match = 0;  // known to be on its disk
    std::uint64_t sent = 0;   // the last entry of the message that is under way
    std::uint64_t round = 0;  // the last round of heartbeats that it has answered
    Instant busy_until = {};  // a message with entries is under way; nothing is sent twice meanwhile
  };
  struct Waiting {  // a request whose entry is not committed yet
    std::uint64_t term;
    Reply reply;
  };
  struct Read {           // a read that needs no entry
    std::uint64_t round;  // which must be answered by a majority first
    std::uint64_t index;  // which must be applied first
    Value key;
    Reply reply;
  };
  struct Deferred {
    std::uint64_t writes;  // runs when so many are on disk
    std::function<void()> action;
  };

  bool bug(RaftBug bug) const { return options_.bug == bug; }

  // The log: entries base_ + 1 .. last_index(); what came before is in the snapshot, and some of them too.
  std::uint64_t last_index() const { return base_ + log_.size(); }
  std::uint64_t term_at(std::uint64_t index) const;
  const Entry& entry_at(std::uint64_t index) const { return log_[index - base_ - 1]; }
  void append_entry(Env& env, Value record);
  void append_command(Env& env, Value command);
  void drop_from(std::uint64_t index);
  void truncate_from(Env& env, std::uint64_t index);
  const std::vector<NodeId>& members() const { return configurations_.back().members; }
  const std::vector<NodeId>& snapshot_members() const;
  bool is_member(NodeId node) const;
  // Whether those of the members for whom it holds are a majority.
  template <class Holds>
  bool majority(Holds&& holds) const;

  // The disk: one file of records, written anew (under the other of two names) with each snapshot.
  void load(Env& env);
  void load_record(const Value& record);
  void write(Env& env, Value record);
  void write_state(Env& env);
  void checkpoint(Env& env);
  // Runs the action when everything written so far is on disk; at once if it is.
  template <class Action>
  void when_durable(Env& env, Action&& action);
  void flush(Env& env);
  bool disk_ok(Env& env, const Result& result);

  void reset_election_timer(Env& env);
  bool hears_a_leader(Env& env) const;
  bool up_to_date(const Value& asking) const;
  void ask_for_votes(Env& env, std::string_view type, std::uint64_t term);
  void canvass(Env& env);
  bool enough_votes() const;
  bool count_vote(NodeId from);  // whether they are enough now
  void stand_for_election(Env& env);
  void become_leader(Env& env);
  void become_follower(Env& env, NodeId leader);
  // Takes note of a higher term; true if it was one. What is sent next must wait for the disk.
  bool adopt_term(Env& env, std::uint64_t term, NodeId leader);

  void heartbeat(Env& env);
  void new_round(Env& env);
  // What is sent to one follower, and to others that need the same.
  struct Prepared {
    std::uint64_t first = 0;
    std::uint64_t end = 0;
    Value body = {};  // nil: nothing yet
  };
  void send_entries(Env& env, Peer& peer, bool even_if_none, Prepared& prepared);
  void send_entries(Env& env, Peer& peer) {
    Prepared prepared;
    send_entries(env, peer, false, prepared);
  }
  void send_to_all(Env& env, bool even_if_none);
  void send_snapshot(Env& env, Peer& peer);
  Peer* peer_of(NodeId node);
  void sync_peers();
  void note_rounds(Env& env);
  void note_match(Env& env, std::uint64_t own);
  void advance_commit(Env& env);
  void commit(Env& env, std::uint64_t upto);
  void apply_committed(Env& env);
  void finish_reads(Env& env);
  void change_members(Env& env, const Request& request, Reply reply);
  void propose_members(Env& env, const std::vector<NodeId>& members, Reply reply);
  void fail_all(const Error& entries, const Error& reads);

  void on_ask(Env& env, const Message& m);
  void on_pre_vote(Env& env, const Message& m);
  void on_vote(Env& env, const Message& m);
  bool accept_leader(Env& env, const Message& m);
  void send_appended(Env& env, NodeId to, bool ok, std::uint64_t match, const Value& round);
  void on_append(Env& env, const Message& m);
  void on_snapshot(Env& env, const Message& m);
  void on_appended(Env& env, const Message& m);

  RaftOptions options_;

  // On disk.
  std::uint64_t term_ = 0;
  NodeId voted_for_ = kNoNode;
  std::deque<Entry> log_;
  std::uint64_t base_ = 0;
  std::uint64_t base_term_ = 0;
  std::vector<Configuration> configurations_ = {{0, {}}};
  std::uint64_t snapshot_ = 0;  // the last entry in it; >= base_
  std::uint64_t snapshot_term_ = 0;
  Value snapshot_state_;  // of the machine

  std::uint64_t generation_ = 0;  // of the file
  bool checkpointing_ = false;    // the new file is not durable yet
  std::uint64_t writes_ = 0;
  std::uint64_t durable_writes_ = 0;
  bool flushing_ = false;
  std::deque<Deferred> deferred_;
  std::uint64_t truncations_ = 0;
  bool broken_ = false;

  Role role_ = Role::follower;
  NodeId leader_ = kNoNode;
  Instant heard_;  // from a leader; at the start: as if just now, because a lease may rely on this replica
  std::uint64_t committed_ = 0;
  std::uint64_t applied_ = 0;
  KvMachine machine_;
  TimerId election_timer_;
  TimerId heartbeat_timer_;
  std::vector<NodeId> votes_;
  bool canvassing_ = false;

  // Of a leader.
  std::vector<Peer> peers_;
  std::vector<std::uint64_t> held_;  // scratch of advance_commit, which is called for each answer
  std::uint64_t own_match_ = 0;      // entries of ours that are on disk
  std::uint64_t first_of_term_ = 0;
  std::uint64_t round_ = 0;
  std::uint64_t answered_round_ = 0;
  std::deque<std::pair<std::uint64_t, Instant>> round_began_;  // of rounds that no majority has answered
  Instant lease_until_;
  Instant majority_heard_;
  std::map<std::uint64_t, Waiting> waiting_;  // by index
  std::deque<Read> reads_;
  NodeId joining_ = kNoNode;
  Reply joining_reply_;
  Instant joining_until_;
};

}  // namespace syslab
