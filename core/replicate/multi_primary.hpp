// Multi-primary replication: every replica takes writes, answers when they are on its own disk, and sends
// them to the others later. Nobody is asked, so a partition stops nobody; and two replicas may take writes
// that do not know of each other. What becomes of those is the `data` that a key holds (see crdt.hpp):
//
//   lww_register   the write with the latest time stays. The others are lost, though they were acknowledged:
//                  those of the same time, and of replicas whose clock is behind also later ones.
//   mv_register    all of them stay, until a client writes what it made of them; or `merge` does, at each
//   read any other      counters, sets, maps and texts, which lose nothing
//
// Each replica is a Node. Requests: "read" {key}; "write" {key, value} of registers; "update" {key, op, ...}
// of others, an operation of crdt.hpp. A request with {client, seq} is done once at each replica that has
// heard of it. An mv_register without `merge` is read as {values, context}, and a write that carries this
// context replaces what was read, not what came after (without one it replaces nothing). "conflicts" lists
// the last 1000 that this replica has seen: {key, kind, kept, lost, from, at}, kind "concurrent", or "clock"
// for a write that lost to one which it knew. Errors: malformed (not for this data), unavailable where the
// disk has failed.
//
// How it works: a write is an update {origin, seq, key, delta, causes}; causes is the version vector of its
// replica. Each replica keeps the updates of all origins in order, until it knows that everybody has them on
// disk. New ones go to the neighbours of the topology every `ship_every`: to all (each sends its own ones),
// to the next in the ring, or through the first replica (star). Every `anti_entropy` a replica tells those
// from whom it gets updates what it has, and is sent what it lacks, whoever's it is. With `causal` an update
// waits for its causes.
//
// Invariants: a replica applies the updates of each origin in order and without gaps; nothing is sent, or
// acknowledged to anybody, that is not on this disk. Cost: a write is one fsync, its replication a message to
// each neighbour with the others of that interval; a version vector an update. Members are fixed; a replica
// that lost its disk must come back under another name. Papers: Terry et al. 1995 (Bayou), "Managing Update
// Conflicts"; DeCandia et al. 2007, "Dynamo"; Lloyd et al. 2011 (COPS), "Don't Settle for Eventual".
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/replicate/crdt.hpp"
#include "core/replicate/event_clock.hpp"
#include "core/replicate/planted_bugs.hpp"
#include "core/replicate/version_vector.hpp"
#include "core/runtime/node.hpp"

namespace syslab {

// See planted_bugs.hpp. The last ones are bugs of the data (CrdtBug).
enum class MultiPrimaryBug : std::uint8_t {
  none,
  answers_before_disk,       // a write is acknowledged before it is synced
  ships_before_disk,         // an update is sent before it is synced: after a crash its number is given again
  acknowledges_before_disk,  // a replica says that it has what it may still lose
  skips_gaps,                // an update is taken though an earlier one of its origin is missing
  relays_nothing,            // a replica sends only what it wrote itself
  prunes_early,              // an update is forgotten when one other replica has it
  ignores_causes,            // with causal delivery: an update does not wait for what its writer had seen
  executes_twice,            // a request that comes again is done again
  forgets_state,             // a checkpoint lacks the numbers of the updates that it contains
  keeps_latest,
  no_tie_break,
  drops_sibling,
  ignores_context,
  sums_counters,
  one_slot,
  forgets_removals,
};
inline constexpr PlantedBugs<MultiPrimaryBug, 16> kMultiPrimaryBugs{{
    "answers_before_disk",
    "ships_before_disk",
    "acknowledges_before_disk",
    "skips_gaps",
    "relays_nothing",
    "prunes_early",
    "ignores_causes",
    "executes_twice",
    "forgets_state",
    "keeps_latest",
    "no_tie_break",
    "drops_sibling",
    "ignores_context",
    "sums_counters",
    "one_slot",
    "forgets_removals",
}};

enum class Topology : std::uint8_t { all, ring, star };
// Of last-write-wins data: the wall clock in milliseconds, or a hybrid clock, which is never behind what the
// replica knows.
enum class WriteClock : std::uint8_t { wall, hybrid };

struct MultiPrimaryOptions {
  // All replicas, this one included; filled before the first of them starts.
  std::shared_ptr<const std::vector<NodeId>> members = nullptr;
  // What each key holds: an empty one of its type. Null: an lww_register.
  std::shared_ptr<const Crdt> data = nullptr;
  // Of mv_registers: makes one value of several, given as a list in an order that is the same everywhere.
  std::function<Expected<Value>(const Value& values, const Value& key)> merge = nullptr;
  Topology topology = Topology::all;
  bool causal = false;
  WriteClock clock = WriteClock::wall;
  Duration ship_every = std::chrono::milliseconds(50);
  Duration anti_entropy = std::chrono::seconds(1);
  std::size_t batch = 64;               // updates a message
  std::size_t checkpoint_after = 1000;  // records in the file; 0: never
  MultiPrimaryBug bug = MultiPrimaryBug::none;
};

class MultiPrimary final : public Node {
 public:
  explicit MultiPrimary(MultiPrimaryOptions options);

  void on_start(Env& env) override;
  void on_message(Env& env, const Message& message) override;
  void on_request(Env& env, const Request& request, Reply reply) override;
  // applied (a version vector), waiting and kept (updates), keys, concurrent and clock (conflicts); disk =
  // failed.
  Value show() const override;

 private:
  using Bug = MultiPrimaryBug;
  struct Written {  // an update that made an lww_register what it is
    Dot dot;
    VersionVector causes;
    Value value;
  };
  struct Item {
    std::unique_ptr<Crdt> data;
    Written last = {};
    std::size_t siblings = 0;  // of an mv_register, after the last update
  };
  struct Updates {              // of an origin
    std::uint64_t dropped = 0;  // everybody has them
    std::deque<Value> kept = {};
  };
  struct Neighbour {
    NodeId node;
    std::string name;
    bool target;         // it gets our updates
    bool source;         // we get its
    VersionVector sent;  // and not said to be missing since
  };
  // Called with whether all is on disk; false where the disk failed meanwhile.
  using Durable = std::function<void(bool ok)>;
  struct Deferred {
    std::uint64_t writes;  // runs when so many are on disk
    Durable action;
  };

  bool bug(Bug bug) const { return options_.bug == bug; }

  // The disk: see raft.cpp, from where the scheme of two files is.
  void load(Env& env);
  bool restore(const Value& checkpoint);  // false where it is damaged
  void write(Env& env, Value record);
  void checkpoint(Env& env);
  void when_durable(Env& env, Durable action);
  void flush(Env& env);
  bool disk_ok(Env& env, const Result& result);

  Item& item(const Value& key);
  Value shown(const Value& key, const Item& item) const;
  void answer_read(Env& env, const Value& key, Reply reply);
  void change(Env& env, const Request& request, Reply reply);
  double stamp(Env& env);
  // Takes an update into the data; `record` as on disk and in messages. False where it is damaged.
  bool take(const Value& record, Instant at);
  // That the data have it.
  void note(const Value& record, Instant at);
  void note_versions(Item& item, const Value& record, Instant at);
  void note_conflict(Instant at, const char* kind, const Value& key, const Value& kept, const Value& lost,
                     const std::string& from);

  void find_neighbours(Env& env);
  void ship_again(Env& env);
  void ask_again(Env& env);
  Neighbour* neighbour(NodeId node);
  const VersionVector& shippable() const { return bug(Bug::ships_before_disk) ? applied_ : durable_; }
  const VersionVector& held() const { return bug(Bug::acknowledges_before_disk) ? applied_ : durable_; }
  void ship(Env& env, Neighbour& to, bool everything);
  void tell(Env& env, const Neighbour& to, bool ask);
  void receive(const Value& record);
  void drain(Env& env);
  bool ready(const Dot& dot, const Value& record) const;
  void learn(const std::string& member, const Value& vectors);
  void prune();

  MultiPrimaryOptions options_;
  std::string name_;

  // On disk.
  std::map<Value, Item> items_;
  VersionVector applied_;
  std::map<std::string, Updates> updates_;         // by origin
  std::map<std::string, std::uint64_t> sessions_;  // the last request of each client

  std::uint64_t generation_ = 0;  // of the file
  bool checkpointing_ = false;
  std::uint64_t records_ = 0;  // in it
  std::uint64_t writes_ = 0;
  std::uint64_t durable_writes_ = 0;
  bool flushing_ = false;
  std::deque<Deferred> deferred_;
  bool broken_ = false;

  HybridTime clock_;       // in milliseconds
  VersionVector durable_;  // of what is applied
  std::map<Dot, Value> waiting_;
  std::vector<Neighbour> neighbours_;
  std::map<std::string, VersionVector> known_;  // to be on the disk of each member
  std::deque<Value> conflicts_;
  std::uint64_t concurrent_ = 0, clock_losses_ = 0;
};

}  // namespace syslab
