// Quorum: a key-value store without a leader, after Dynamo. Any replica coordinates any request.
//
// A key's homes are the first N nodes that a hash ring lists for it. A write goes to all of them and is
// answered when W have it on disk; a read asks all and is answered when R have answered, with everything they
// know, merged (versions.hpp). Where they differ, it repairs those that are behind. Requests: "read" {key},
// "write" {key, value}, "delete" {key}; each may carry {n, r, w} of its own, and with vectors "write" and
// "delete" the {context} of the read that they follow. Errors: timeout where too few replicas answered (a
// write may then have happened), unavailable (definite) where this replica's disk has failed or it is still
// starting, malformed (definite). A request that arrives twice is executed twice.
//
//   versions  wall     a write is stamped with its coordinator's wall clock, and the last one wins: where
//   clocks
//                      are wrong, acknowledged writes are lost
//             logical  ... with one more than the highest number that R replicas know of. With R + W > N, a
//                      strict quorum and blocking repair a key is a linearizable register (Attiya, Bar-Noy &
//                      Dolev 1995; several writers: Lynch & Shvartsman 1997)
//             vector   dotted version vectors: a write replaces what its client had read, and what is
//                      concurrent stays beside it. A read answers {values, context}. Writes are made by
//                      one of the homes, to which others pass them on
//   repair    none; background, after the answer; or blocking: a read is answered when W replicas are known
//   to
//             have what it answers with
//   sloppy    a home that does not answer is replaced by the next node of the ring, which counts, keeps what
//             it is given as a hint, on disk, and delivers it when the home is back. Strict: only homes
//             count, and the coordinator keeps the hint
// Hints that could not be delivered for `hint_ttl` expire. Every `anti_entropy` a replica compares what it
// has in common with another one by hash trees (merkle.hpp), and only what differs is exchanged. A tombstone
// is forgotten when it is older than `grace` by the wall clock; who was away for longer brings the value
// back.
//
// Invariants: see quorum_watch.hpp. Cost of a write: two message delays and an fsync at W replicas (logical:
// two delays more); 2 N messages. Of anti-entropy: building a tree is O(keys) after a change. Paper: DeCandia
// et al. 2007, "Dynamo: Amazon's Highly Available Key-value Store".
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/hash/ring.hpp"
#include "core/replicate/merkle.hpp"
#include "core/replicate/quorum_bug.hpp"
#include "core/replicate/quorum_watch.hpp"
#include "core/replicate/record_log.hpp"
#include "core/runtime/node.hpp"

namespace syslab {

enum class QuorumVersions : std::uint8_t { wall, logical, vector };
enum class QuorumRepair : std::uint8_t { none, background, blocking };

struct QuorumOptions {
  // All replicas, this one included; filled before the first of them starts.
  std::shared_ptr<const std::vector<NodeId>> members = nullptr;
  std::size_t n = 3, r = 2, w = 2;
  QuorumVersions versions = QuorumVersions::wall;
  QuorumRepair repair = QuorumRepair::background;
  bool sloppy = false;
  bool hints = true;
  Duration hint_ttl = std::chrono::hours(3);             // Cassandra's max_hint_window
  Duration hint_every = std::chrono::milliseconds(500);  // between two attempts to deliver
  Duration anti_entropy = std::chrono::seconds(1);       // between two comparisons; 0: never
  unsigned tree_depth = 8;
  Duration grace = std::chrono::hours(240);    // Cassandra's gc_grace_seconds
  Duration timeout = std::chrono::seconds(1);  // of a request
  Duration patience =
      std::chrono::milliseconds(100);  // with one replica, before it is asked again or replaced
  std::uint32_t points = 64;           // of a node on the ring
  QuorumBug bug = QuorumBug::none;
  std::shared_ptr<QuorumWatch> watch = nullptr;  // shared by all replicas
};

class Quorum final : public Node {
 public:
  // Requires: n, r and w are at least 1 and at most the number of members; r and w at most n.
  explicit Quorum(QuorumOptions options) : options_(std::move(options)) {}

  void on_start(Env& env) override;
  void on_message(Env&, const Message&) override {}
  void on_request(Env& env, const Request& request, Reply reply) override;
  // keys, siblings (keys with more than one version), tombstones, hints (kept now), hinted, delivered,
  // expired, repairs (records sent because a read found them missing), compared (nodes of hash trees),
  // exchanged (records that anti-entropy moved).
  Value show() const override;

  // What it holds for a key, on behalf of itself; nil if nothing. For tests.
  Value record_of(const Value& key) const;
  std::vector<NodeId> homes_of(const Value& key) const { return homes(key, options_.n); }

 private:
  // One request under way at its coordinator.
  struct Operation {
    Value key;
    Reply reply;  // empty once it is answered
    std::size_t n = 0, r = 0, w = 0;
    std::vector<NodeId> homes;
    std::vector<NodeId> spare;  // who else could stand in, the next one last
    TimerId deadline = {};
    bool sent = false;  // a write, or its request, to somebody: it may have happened
    Value floor = {};   // for the watch

    Value content = {};            // of a write: {value} or {deleted, at}
    Value context = {};            // of its client
    Value id = {};                 // its stamp or dot
    Value record = {};             // what is stored: of a write, or what a read found and writes back
    std::set<NodeId> stored = {};  // homes that have it, themselves or by a stand-in

    Value found = {};                      // by a read, so far
    std::map<NodeId, Value> answers = {};  // of the homes
    std::size_t heard = 0;
    bool decided = false;
    // When R have answered; and of a read that writes back, when W have it.
    std::function<void(const std::shared_ptr<Operation>&)> decide = nullptr;
  };
  using OperationPtr = std::shared_ptr<Operation>;
  struct Hint {
    Value record;
    Instant since;
    bool busy = false;  // on its way
  };
  struct Comparison;

  bool bug(QuorumBug bug) const { return options_.bug == bug; }
  std::vector<NodeId> ring_order(const Value& key) const;
  std::vector<NodeId> homes(const Value& key, std::size_t n) const;
  bool suspected(Env& env, NodeId node) const;
  void suspect(Env& env, NodeId node) { suspects_[node] = env.now() + options_.patience * 5; }
  // Asks a replica; itself without the network.
  void ask(Env& env, NodeId to, std::string type, Value body, Reply reply);

  // The replica.
  void load(Env& env, const Value& record);
  void rewrite_if_long(Env& env);
  bool expired(Env& env, const Value& record) const;
  Value merged(const Value& mine, const Value& theirs) const;
  void put(Env& env, const Value& key, Value record);
  // Takes note of what another one knows; `done` runs when it is on disk.
  void apply(Env& env, const Value& key, const Value& record, std::function<void()> done);
  void keep_hint(Env& env, NodeId home, const Value& key, const Value& record, std::function<void()> done);
  void drop_hint(Env& env, NodeId home, const Value& key);
  void deliver_hints(Env& env);
  void purge(Env& env);
  void on_fetch(Env& env, const Request& request, Reply reply);
  void on_store(Env& env, const Request& request, Reply reply);

  // Anti-entropy.
  MerkleTree& tree_with(Env& env, NodeId peer);
  void compare(Env& env);
  void compare_nodes(Env& env, const std::shared_ptr<Comparison>& c);
  void exchange(Env& env, const std::shared_ptr<Comparison>& c);
  Value::List leaf_records(Env& env, NodeId peer, const std::set<std::size_t>& leaves);

  // The coordinator.
  void coordinate(Env& env, const Request& request, Reply reply);
  void finish(Env& env, Operation& o, Result result);
  void gather(Env& env, const OperationPtr& o);
  void fetch_from(Env& env, const OperationPtr& o, NodeId home, NodeId node);
  void found(Env& env, const OperationPtr& o, NodeId home, NodeId node, const Value& record);
  void answer_read(Env& env, const OperationPtr& o);
  void repair(Env& env, const OperationPtr& o);
  void write_stamped(Env& env, const OperationPtr& o, double time);
  void write_versioned(Env& env, const OperationPtr& o);
  void pass_on(Env& env, const Request& request, const OperationPtr& o, std::size_t next);
  void spread(Env& env, const OperationPtr& o);
  void store_at(Env& env, const OperationPtr& o, NodeId home, NodeId node);
  void stored(Env& env, const OperationPtr& o, NodeId home);
  NodeId stand_in(Env& env, Operation& o, NodeId home);
  Value new_stamp(Env& env, double time);

  QuorumOptions options_;
  std::unique_ptr<Ring> ring_;
  std::vector<NodeId> ring_nodes_;  // in the ring's order
  RecordLog log_;

  // On disk.
  double epoch_ = 0;  // how often it has started
  std::map<Value, Value> records_;
  std::map<NodeId, std::map<Value, Hint>> hints_;  // by home

  bool ready_ = false;  // this start's epoch is on disk
  double writes_ = 0;   // stamped in this epoch
  std::map<Value, std::pair<std::string, double>>
      actors_;  // by key: under which name and number it made dots
  std::map<NodeId, Instant> suspects_;
  std::uint64_t changes_ = 0;
  std::map<NodeId, std::pair<std::uint64_t, MerkleTree>> trees_;  // with the change they were made at
  std::uint64_t hinted_ = 0, delivered_ = 0, expired_ = 0, repairs_ = 0, compared_ = 0, exchanged_ = 0;
};

}  // namespace syslab
