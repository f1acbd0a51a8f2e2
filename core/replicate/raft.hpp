// Raft: a replicated log with an elected leader, and a key-value store on top of it.
//
// Each replica is a Node. A request (type "read", "write" or "cas", body {key, value, expected}) goes through
// the log of the leader, reads too, so that every answer is linearizable; a follower passes it on to the
// leader it knows. A request that carries {client, seq} is executed once however often it arrives. Errors:
// not_leader (definite) where no leader is known, conflict (definite) from a cas that found another value,
// unknown (indefinite) where leadership was lost before the entry was committed, io_error where this
// replica's disk has failed: it then does nothing more until a restart, because nobody can tell what an fsync
// that failed has kept.
//
// Invariants: at most one leader a term; a term or vote is on disk before anybody hears of it; an entry
// counts as held by a replica only when it is on its disk; only entries of the leader's own term are
// committed by counting. Cost: two message delays and one fsync each at the leader and a majority for an
// operation; messages are batched. Paper: Ongaro & Ousterhout 2014, "In Search of an Understandable Consensus
// Algorithm", without membership changes and log compaction.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/runtime/node.hpp"

namespace syslab {

struct RaftOptions {
  // All replicas, this one included; filled before the first of them starts.
  std::shared_ptr<const std::vector<NodeId>> members;
  Duration heartbeat = std::chrono::milliseconds(50);
  // A follower that hears nothing for a time between these stands for election.
  Duration election_min = std::chrono::milliseconds(150);
  Duration election_max = std::chrono::milliseconds(300);
  std::size_t batch = 64;  // entries a message
};

class Raft final : public Node {
 public:
  explicit Raft(RaftOptions options) : options_(std::move(options)) {}

  void on_start(Env& env) override;
  void on_message(Env& env, const Message& message) override;
  void on_request(Env& env, const Request& request, Reply reply) override;
  // role, term, leader, log, committed, applied.
  Value show() const override;

 private:
  enum class Role : std::uint8_t { follower, candidate, leader };
  struct Entry {
    std::uint64_t term = 0;
    Value command;  // nil: the entry with which a leader begins its term
  };
  struct Follower {  // as the leader sees it
    NodeId node;
    std::uint64_t next = 1;   // the first entry to send
    std::uint64_t match = 0;  // known to be on its disk
    bool busy = false;        // a message with entries is under way
  };
  struct Session {  // the last request of a client, and its answer
    std::uint64_t seq = 0;
    Value answer;
  };
  struct Waiting {  // a request whose entry is not committed yet
    std::uint64_t term;
    Reply reply;
  };

  std::uint64_t last_index() const { return log_.size(); }
  std::uint64_t term_at(std::uint64_t index) const { return index == 0 ? 0 : log_[index - 1].term; }
  std::size_t majority() const { return options_.members->size() / 2 + 1; }

  void reset_election_timer(Env& env);
  void stand_for_election(Env& env);
  void become_leader(Env& env);
  // Takes note of a higher term: a follower again. `then` runs once that is on disk.
  void adopt_term(Env& env, std::uint64_t term, NodeId leader);
  void persist_vote(Env& env, std::function<void()> then);
  void append_to_log(Env& env, Entry entry);
  void rewrite_log(Env& env);
  // Runs `then` once everything appended so far is on disk.
  void sync(Env& env, std::function<void()> then);
  bool disk_ok(Env& env, const Result& result);
  void heartbeat(Env& env);
  void replicate(Env& env, Follower& follower, bool even_if_empty);
  void advance_commit(Env& env);
  void apply_committed();
  Value execute(const Value& command);

  void on_request_vote(Env& env, const Message& m);
  void on_vote(Env& env, const Message& m);
  void on_append(Env& env, const Message& m);
  void on_appended(Env& env, const Message& m);

  RaftOptions options_;

  // On disk.
  std::uint64_t term_ = 0;
  NodeId voted_for_ = kNoNode;
  std::vector<Entry> log_;  // entry i at i - 1

  Role role_ = Role::follower;
  NodeId leader_ = kNoNode;
  std::uint64_t committed_ = 0;
  std::uint64_t applied_ = 0;
  std::uint64_t durable_ = 0;  // entries of ours that are on disk
  std::uint64_t rewrites_ =
      0;  // truncations of the log: a sync that began before one says nothing about what came after
  bool broken_ = false;
  TimerId election_timer_;
  TimerId heartbeat_timer_;
  std::vector<NodeId> votes_;
  std::vector<Follower> followers_;
  std::map<std::uint64_t, Waiting> waiting_;  // by index
  std::map<Value, Value> store_;
  std::map<std::string, Session> sessions_;
};

}  // namespace syslab
