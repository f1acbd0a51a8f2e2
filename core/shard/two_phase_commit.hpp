// Two-phase commit: transactions over keys that live on several nodes, all or nothing, however they crash.
//
// Each node is a participant, which keeps the keys that hash to it, and a coordinator of the transactions
// that clients bring to it. Request: "transact" {ops}, a list of {"r", key}, {"w", key, value} and {"add",
// key, amount}, which answers the same list with what was read, written, and come to; nobody's add goes below
// zero. "read" {key} and "write" {key, value} are transactions of one operation. Errors: conflict (definite:
// it was aborted, because a key was locked, a balance too small or a participant silent), unavailable
// (definite: the disk has failed, or the node is starting). Where the coordinator crashes nobody knows: a
// timeout may be either.
//
// How it works: the coordinator asks all participants to prepare. Each locks its keys, writes to its log what
// it would do, and votes yes; from then on it is *in doubt*: it may neither commit nor abort by itself, and
// its locks stay. With all votes the coordinator writes its decision to its log: that is the moment of
// commit. It answers the client, and tells the participants until all have acknowledged. Aborts are written
// nowhere (presumed abort): who asks after a transaction that its coordinator does not know is told that it
// was aborted. A participant in doubt asks every `retry_every`, also after a restart.
//
// Invariants: no participant commits what another one aborts; a vote, and a decision to commit, is on disk
// before anybody hears of it; locks are held from prepare to outcome (strict two-phase locking, so histories
// are serializable; a locked key aborts who comes second, so nobody waits in a circle). Cost: two round
// trips, and an fsync at each participant and two at the coordinator before its answer's delivery. While a
// coordinator is down its prepared transactions block their keys: that is the price, and no timeout helps.
// The log is never shortened. Papers: Gray 1978, "Notes on Data Base Operating Systems"; Mohan, Lindsay &
// Obermarck 1986, "Transaction Management in the R* Distributed Database Management System" (presumed abort).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/runtime/node.hpp"
#include "core/runtime/service.hpp"

namespace syslab {

// Mistakes that can be planted, to see what finds them.
enum class TwoPhaseBug : std::uint8_t {
  none,
  votes_before_disk,    // a yes is sent before what it promises is synced
  decides_before_disk,  // participants and the client hear of a commit that is not synced
  forgets_locks,        // after a restart what was prepared holds no locks
  presumes_commit,      // who asks after an unknown transaction is told that it was committed
  aborts_in_doubt,      // a participant that has waited too long for the outcome aborts
  silence_is_yes,       // a participant that does not vote in time counts as one that did
  unlocks_at_vote,      // locks are released with the vote
  commits_twice,        // an outcome that comes again is carried out again
};
// By name, in the order above, without `none`.
const std::vector<std::string>& two_phase_bug_names();
// Requires: one of those names.
TwoPhaseBug two_phase_bug_named(const std::string& name);

struct TwoPhaseOptions {
  // All nodes, this one included; filled before the first of them starts.
  std::shared_ptr<const std::vector<NodeId>> members = nullptr;
  double initial = 0;  // what a number is before anybody wrote it
  Duration vote_timeout = std::chrono::milliseconds(300);
  Duration retry_every = std::chrono::milliseconds(100);
  TwoPhaseBug bug = TwoPhaseBug::none;
};

class TwoPhaseCommit final : public Node {
 public:
  explicit TwoPhaseCommit(TwoPhaseOptions options) : options_(std::move(options)) {}

  void on_start(Env& env) override;
  void on_message(Env& env, const Message& message) override;
  void on_request(Env& env, const Request& request, Reply reply) override;
  // committed, aborted (as a coordinator), in_doubt (as a participant), locked (keys), undelivered
  // (outcomes).
  Value show() const override;

 private:
  using Bug = TwoPhaseBug;
  struct Voting {  // as a coordinator, before the decision
    Value ops;
    std::map<std::string, Value> votes = {};  // of those who said yes: what their operations came to
    std::set<std::string> participants = {};
    Reply reply = nullptr;
  };
  struct Prepared {  // as a participant, in doubt
    NodeId coordinator;
    Value writes;  // a list of {key, value}, of all keys that it locks
    bool durable = true;
    Instant since = {};
  };

  bool bug(Bug bug) const { return options_.bug == bug; }
  NodeId owner(const Value& key) const;

  void transact(Env& env, const Value& ops, Reply reply);
  void load(Env& env);
  // Appends to the log; `done` runs when it is synced, at once for a bug that does not wait.
  void write(Env& env, Value record, std::function<void()> done, bool wait = true);

  void decide(Env& env, const std::string& tx, bool commit, const std::string& why);
  void tell_outcomes(Env& env);
  void retry(Env& env);
  void on_prepare(Env& env, const Message& m);
  void on_vote(Env& env, const Message& m);
  void on_outcome(Env& env, const Message& m, bool commit);
  void on_ask(Env& env, const Message& m);
  void carry_out(const Prepared& prepared);
  void unlock(const std::string& tx);

  TwoPhaseOptions options_;
  bool broken_ = false;
  bool ready_ = false;
  std::uint64_t started_ = 0;  // how often, from the log: names of transactions are never given twice
  std::uint64_t transactions_ = 0;

  std::map<std::string, Voting> voting_;
  std::map<std::string, std::set<std::string>> undelivered_;  // commits, and who has not acknowledged
  std::set<std::string> deciding_;                            // the decision is on its way to the disk
  std::uint64_t committed_ = 0, aborted_ = 0;

  std::map<Value, Value> data_;
  std::map<Value, std::string> locks_;
  std::map<std::string, Prepared> prepared_;
  std::set<std::string> ended_;   // transactions whose outcome is carried out here
  std::set<std::string> ending_;  // of these, whose outcome is on its way to the disk
};

}  // namespace syslab
