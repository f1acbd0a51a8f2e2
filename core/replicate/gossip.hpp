// Gossip: who is there, and what was said, spread by everybody telling a few others.
//
// Requests: "broadcast" {value} is answered when this member has it on disk, and in the end all have it;
// "read" answers what this member has, as a sorted list; "members" the names of whom it takes for alive or
// suspect. Errors: unavailable (definite) where its disk has failed or it is still starting.
//
// Membership, by `detector`:
//   swim     each `period` a member pings one other, in an order that visits all. Without an answer in
//            `ping_timeout` it asks `helpers` others to ping it; without one by the end of the period it is
//            suspect, and dead `suspicion` * log2(n) periods later, unless it objects with a higher
//            incarnation, which only it may choose. News ride on the messages that are sent anyway, each
//            `retransmit` * log2(n) times. Messages a period and member are constant; so is the expected time
//            to the first suspicion, e / (e - 1) periods
//   phi, timeout   each `period` a member raises its heartbeat and tells `fanout` others all the heartbeats
//            it knows; each judges by itself with a failure detector a member (failure_detector.hpp)
// Who was declared dead is told so, and so comes back.
//
// Values, by rumours: each `round` a member tells its hot values to `fanout` others; a value is hot for
// `hot_rounds`. One that everybody tells on for ever reaches all n in about log2(n) + ln(n) rounds at fanout
// 1 (Pittel 1987); with so many rounds as `retransmit` * log2(n) nearly surely. What that misses,
// anti-entropy finds: each `anti_entropy` a member compares with one of all members, dead ones too, which
// also heals a group that was cut in two.
//
// Invariants: see gossip_watch.hpp. Cost: O(fanout) messages a round and O(1) a period, each member; views
// and values are O(n). Papers: Das, Gupta & Motivala 2002, "SWIM"; Demers et al. 1987, "Epidemic algorithms
// for replicated database maintenance"; van Renesse, Minsky & Hayden 1998, "A gossip-style failure detection
// service".
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/replicate/failure_detector.hpp"
#include "core/replicate/gossip_bug.hpp"
#include "core/replicate/gossip_watch.hpp"
#include "core/replicate/record_log.hpp"
#include "core/runtime/node.hpp"

namespace syslab {

enum class GossipDetector : std::uint8_t { swim, phi, timeout };

struct GossipOptions {
  // All members, this one included; filled before the first of them starts.
  std::shared_ptr<const std::vector<NodeId>> members = nullptr;
  GossipDetector detector = GossipDetector::swim;
  Duration period = std::chrono::seconds(1);
  Duration ping_timeout = std::chrono::milliseconds(300);
  std::size_t helpers = 3;
  double suspicion = 3;
  double retransmit = 3;
  PhiAccrualOptions phi = {};
  Duration timeout = std::chrono::seconds(5);  // of the detector `timeout`
  Duration round = std::chrono::milliseconds(100);
  std::size_t fanout = 3;
  std::size_t hot_rounds = 0;                       // 0: retransmit * log2(n)
  Duration anti_entropy = std::chrono::seconds(1);  // 0: never
  GossipBug bug = GossipBug::none;
  std::shared_ptr<GossipWatch> watch = nullptr;  // shared by all members
};

class Gossip final : public Node {
 public:
  explicit Gossip(GossipOptions options) : options_(std::move(options)) {}

  void on_start(Env& env) override;
  void on_message(Env& env, const Message& message) override;
  void on_request(Env& env, const Request& request, Reply reply) override;
  // alive, suspect, dead (how many others it takes for that), incarnation, values, hot, suspicions and deaths
  // (that it came to by itself), refuted (suspicions of itself).
  Value show() const override;

  Liveness opinion_of(NodeId node) const { return others_.at(node).liveness; }
  const std::set<Value>& values() const { return values_; }

 private:
  struct Other {
    Liveness liveness = Liveness::alive;
    std::uint64_t incarnation = 0;
    Instant since = {};
    // Of the detectors that judge by heartbeats: the start and number of the last one.
    std::pair<double, double> heartbeat = {};
    std::unique_ptr<FailureDetector> detector = nullptr;
  };
  struct Probe {
    NodeId target;
    NodeId asker = kNoNode;  // on whose behalf
    double asker_probe = 0;
    bool answered = false;
  };

  bool bug(GossipBug bug) const { return options_.bug == bug; }
  double log_n() const;
  std::size_t hot_rounds() const;
  Duration time_to_object() const;
  std::vector<NodeId> pick(Env& env, std::size_t count, bool dead_too, NodeId but = kNoNode);
  // Sends with news on board.
  void tell(Env& env, NodeId to, const char* type, Value body);
  void hear(Env& env, const Value& news);
  void learn_of(Env& env, NodeId node, Liveness liveness, std::uint64_t incarnation);
  void judge_silent(Env& env);

  void probe_next(Env& env);
  void probe(Env& env, Probe probe);
  void beat(Env& env);
  void tell_rumours(Env& env);
  void compare(Env& env);
  // Takes a value; false where it is known.
  bool learn(Env& env, const Value& value);
  Value all_values() const;
  Value summary() const;

  GossipOptions options_;
  RecordLog log_;
  double start_ = 0;  // how often it has started; on disk, as the values are
  std::set<Value> values_;
  std::uint64_t digest_ = 0;  // of the values

  bool ready_ = false;
  NodeId self_ = kNoNode;
  std::uint64_t incarnation_ = 0;
  std::map<NodeId, Other> others_;
  std::map<NodeId, std::size_t> news_;  // about whom, and how often it was told
  std::vector<NodeId> to_probe_;
  std::map<double, Probe> probes_;
  double last_probe_ = 0;
  double heartbeat_ = 0;
  std::map<Value, std::size_t> hot_;  // rounds left
  std::uint64_t suspicions_ = 0, deaths_ = 0, refuted_ = 0;
};

}  // namespace syslab
