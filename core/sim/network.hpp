// The network of a world: one directed link between every two nodes, and the rules that faults put on them.
//
// A link behaves like a TCP connection: messages arrive in the order in which they were sent, each after a
// latency of its own but never before the one ahead of it. Only a `reorder` fault (or link option) lets
// messages overtake. A node's messages to itself take no time and suffer no faults. Latency is one way;
// between zones the zone latency is added. With a bandwidth, messages leave one after the other and wait
// their turn.
//
// What a rule does to the messages it matches:
//   block      lost, both when it is sent and when it would arrive: a partition also cuts what is in flight
//   hold       kept at the far end; all of it is delivered, in order, at the moment of release
//   clog       kept at the near end, in the sender's queue (limited by queue_limit); leaves in order, one after the
//              other, when the clog is gone, and then still takes its latency
//   loss       lost with a probability
//   duplicate  a second copy with the same id, with a latency of its own
//   delay      takes longer
//   reorder    this message is delayed, and those behind it may overtake it
//   bandwidth  a lower limit
//   drop       lost if its type matches
// Probabilities have a correlation c: given the last message was hit, the next one is with p + c (1 - p),
// else with p (1 - c). So bursts form while the share that is hit stays p (a Markov chain; Linux netem's
// recursion does not keep the share).
// Cost: below 1 us a message, of which tracing is half; a rule costs a bit test a message.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/distribution.hpp"
#include "core/base/rng.hpp"
#include "core/base/time.hpp"
#include "core/runtime/message.hpp"

namespace syslab {

class World;

struct LinkOptions {
  DistributionPtr latency = nullptr;  // one way; null: 250 us
  double bandwidth = 0;               // bytes a second; 0: no limit
  std::size_t queue_limit = 0;        // bytes that may wait to leave; 0: no limit
  double loss = 0;
  double loss_correlation = 0;
  double duplicate = 0;
  double reorder = 0;
  Duration reorder_delay = std::chrono::milliseconds(1);
};

// A set of nodes, or all of them, later ones included.
class NodeSet {
 public:
  static NodeSet all() {
    NodeSet set;
    set.all_ = true;
    return set;
  }
  NodeSet() = default;
  explicit NodeSet(const std::vector<NodeId>& nodes) {
    for (NodeId node : nodes) insert(node);
  }
  void insert(NodeId node) {
    if (member_.size() <= node.index) member_.resize(node.index + 1);
    member_[node.index] = true;
  }
  bool contains(NodeId node) const { return all_ || (node.index < member_.size() && member_[node.index]); }

 private:
  bool all_ = false;
  std::vector<bool> member_;
};

struct LinkRule {
  enum class Verb : std::uint8_t { block, hold, clog, loss, duplicate, delay, reorder, bandwidth, drop };

  Verb verb = Verb::block;
  // The directed links it is about: from a member of the first set to one of the second.
  std::vector<std::pair<NodeSet, NodeSet>> spans;
  double probability = 1;  // loss, duplicate, reorder, delay, drop
  double correlation = 0;
  DistributionPtr extra;                        // seconds: delay, reorder
  double bandwidth = 0;                         // bytes a second
  std::string type;                             // drop: the message type; empty: every type
  std::function<bool(const Message&)> matches;  // drop: a further condition, if set
  Rng rng{0};

  bool covers(NodeId from, NodeId to) const {
    for (const auto& [sources, targets] : spans) {
      if (sources.contains(from) && targets.contains(to)) return true;
    }
    return false;
  }
};
using RuleId = std::uint64_t;

struct LinkStats {
  std::uint64_t sent = 0;
  std::uint64_t delivered = 0;
  std::uint64_t lost = 0;
  std::uint64_t bytes = 0;
  std::size_t held = 0;    // now kept by a hold
  std::size_t queued = 0;  // now kept by a clog
};

class Network {
 public:
  Network(World& world, LinkOptions defaults, Rng rng);
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  // Gives the message its id and takes it on its way.
  void send(Message message);

  // For links without options of their own. Messages on their way are not affected.
  void set_defaults(LinkOptions options);
  void set_link(NodeId from, NodeId to, LinkOptions options);
  // Extra latency, one way, between nodes of two zones, in both directions; and for all pairs of different
  // zones.
  void set_zone_latency(const std::string& zone_a, const std::string& zone_b, DistributionPtr extra);
  void set_zone_latency(DistributionPtr extra);

  RuleId add_rule(LinkRule rule);
  // Messages that only this rule kept back go on their way.
  void remove_rule(RuleId id);
  // True if a message sent now from one node to the other would be lost for certain.
  bool blocked(NodeId from, NodeId to) const;

  LinkStats stats(NodeId from, NodeId to) const;
  std::uint64_t messages() const { return last_id_; }

 private:
  struct Link;
  struct InFlight;
  struct ActiveRule {
    RuleId id;
    LinkRule rule;
    struct State {
      Rng rng;
      bool hit_last = false;
    };
    std::map<std::uint64_t, State> states = {};  // by link
  };

  Link& link(NodeId from, NodeId to);
  const Link* find_link(NodeId from, NodeId to) const;
  ActiveRule::State& state(ActiveRule& active, const Link& link);
  bool hit(ActiveRule& active, const Link& link);
  bool kept_by(LinkRule::Verb verb, const Link& link) const;
  void transmit(Link& link, Message message, bool record_send);
  void fly(Link* link, Message message, Instant arrival);
  void arrive(InFlight* flight);
  void deliver_parked(Link& link);
  void drain(Link& link);
  void record_send(const Message& message, std::optional<Instant> arrival);
  void lose(Link& link, const Message& message, const Value& reason, bool on_arrival);

  World& world_;
  LinkOptions defaults_;
  Rng rng_;
  std::vector<std::vector<std::unique_ptr<Link>>> links_;  // [from][to]
  std::vector<ActiveRule> rules_;
  std::map<std::pair<std::string, std::string>, DistributionPtr> zone_latency_;
  DistributionPtr any_zone_latency_;
  std::vector<std::unique_ptr<InFlight[]>> flight_chunks_;
  InFlight* free_flights_ = nullptr;
  std::uint64_t last_id_ = 0;
  RuleId last_rule_ = 0;
};

}  // namespace syslab
