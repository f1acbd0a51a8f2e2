#include "core/sim/network.hpp"

#include <algorithm>

#include "core/sim/world.hpp"

namespace syslab {
namespace {

constexpr Duration kLatency = std::chrono::microseconds(250);

const Value kPartition = "partition";
const Value kLoss = "loss";
const Value kQueueFull = "queue full";
const Value kDropRule = "drop rule";

// Whether the next one is hit, where hits have the given share and correlation; see the header.
bool correlated_hit(double probability, double correlation, bool last, Rng& rng) {
  const double p = last ? probability + correlation * (1 - probability) : probability * (1 - correlation);
  return rng.chance(p);
}

}  // namespace

struct Network::Link {
  NodeId from;
  NodeId to;
  LinkOptions options;
  bool own_options = false;
  Rng rng{0};
  DistributionPtr zone_latency;
  Instant last_arrival;   // nothing arrives before it, unless it is reordered
  Instant leaving_until;  // the sender's side is busy until then
  bool lost_last = false;
  std::deque<Message> held;    // by a hold, at the far end
  std::deque<Message> queued;  // by a clog, at the near end
  std::size_t queued_bytes = 0;
  bool delivering = false;
  LinkStats stats;
};

struct Network::InFlight {
  Network* network = nullptr;
  Link* link = nullptr;
  Message message;
  InFlight* next_free = nullptr;
};

Network::Network(World& world, LinkOptions defaults, Rng rng)
    : world_(world), defaults_(std::move(defaults)), rng_(rng) {}
Network::~Network() = default;

Network::Link& Network::link(NodeId from, NodeId to) {
  if (links_.size() <= from.index) links_.resize(from.index + 1);
  auto& row = links_[from.index];
  if (row.size() <= to.index) row.resize(to.index + 1);
  auto& slot = row[to.index];
  if (!slot) {
    slot = std::make_unique<Link>();
    slot->from = from;
    slot->to = to;
    slot->options = defaults_;
    // By names, so that a link's luck does not depend on the order in which hosts are made.
    slot->rng = rng_.split(world_.name_of(from)).split(world_.name_of(to));
    const std::string& a = world_.host(from).zone();
    const std::string& b = world_.host(to).zone();
    const auto found = zone_latency_.find(std::minmax(a, b));
    if (found != zone_latency_.end()) {
      slot->zone_latency = found->second;
    } else if (a != b) {
      slot->zone_latency = any_zone_latency_;
    }
  }
  return *slot;
}

const Network::Link* Network::find_link(NodeId from, NodeId to) const {
  if (links_.size() <= from.index || links_[from.index].size() <= to.index) return nullptr;
  return links_[from.index][to.index].get();
}

void Network::set_defaults(LinkOptions options) {
  defaults_ = std::move(options);
  for (auto& row : links_) {
    for (auto& slot : row) {
      if (slot && !slot->own_options) slot->options = defaults_;
    }
  }
}

void Network::set_link(NodeId from, NodeId to, LinkOptions options) {
  Link& l = link(from, to);
  l.options = std::move(options);
  l.own_options = true;
}

void Network::set_zone_latency(const std::string& zone_a, const std::string& zone_b, DistributionPtr extra) {
  zone_latency_[std::minmax(zone_a, zone_b)] = extra;
  for (auto& row : links_) {
    for (auto& slot : row) {
      if (!slot) continue;
      const std::string& a = world_.host(slot->from).zone();
      const std::string& b = world_.host(slot->to).zone();
      if (std::minmax(a, b) == std::minmax(zone_a, zone_b)) slot->zone_latency = extra;
    }
  }
}

void Network::set_zone_latency(DistributionPtr extra) {
  any_zone_latency_ = std::move(extra);
  for (auto& row : links_) {
    for (auto& slot : row) {
      if (!slot) continue;
      const std::string& a = world_.host(slot->from).zone();
      const std::string& b = world_.host(slot->to).zone();
      if (a != b && !zone_latency_.contains(std::minmax(a, b))) slot->zone_latency = any_zone_latency_;
    }
  }
}

// Sending

void Network::send(Message message) {
  SYSLAB_ASSERT(message.to.index < world_.node_count());
  message.id = ++last_id_;
  if (message.from == message.to) {
    record_send(message, world_.now());
    fly(nullptr, std::move(message), world_.now());
    return;
  }
  Link& l = link(message.from, message.to);
  ++l.stats.sent;
  if (!rules_.empty() && (!l.queued.empty() || kept_by(LinkRule::Verb::clog, l))) {
    record_send(message, std::nullopt);
    const std::size_t bytes = message.size_bytes();
    if (l.options.queue_limit > 0 && l.queued_bytes + bytes > l.options.queue_limit) {
      lose(l, message, kQueueFull, false);
      return;
    }
    l.queued_bytes += bytes;
    l.queued.push_back(std::move(message));
    return;
  }
  transmit(l, std::move(message), true);
}

// The message leaves the sender: what happens to it on the way is decided here.
void Network::transmit(Link& l, Message message, bool record) {
  const LinkOptions& options = l.options;
  const Instant now = world_.now();
  const Value* lost = nullptr;
  bool twice = options.duplicate > 0 && l.rng.chance(options.duplicate);
  bool overtaken = options.reorder > 0 && l.rng.chance(options.reorder);
  Duration extra = overtaken ? options.reorder_delay : Duration::zero();
  double bandwidth = options.bandwidth;
  if (options.loss > 0) {
    l.lost_last = correlated_hit(options.loss, options.loss_correlation, l.lost_last, l.rng);
    if (l.lost_last) lost = &kLoss;
  }
  for (ActiveRule& active : rules_) {
    const LinkRule& rule = active.rule;
    if (!rule.covers(l.from, l.to)) continue;
    switch (rule.verb) {
      case LinkRule::Verb::block:
        lost = &kPartition;
        break;
      case LinkRule::Verb::loss:
        if (hit(active, l)) lost = &kLoss;
        break;
      case LinkRule::Verb::drop:
        if (!rule.type.empty() && rule.type != message.type) break;
        if (rule.matches && !rule.matches(message)) break;
        if (hit(active, l)) lost = &kDropRule;
        break;
      case LinkRule::Verb::duplicate:
        twice |= hit(active, l);
        break;
      case LinkRule::Verb::delay:
        if (hit(active, l)) extra += sample_duration(*rule.extra, state(active, l).rng);
        break;
      case LinkRule::Verb::reorder:
        if (hit(active, l)) {
          overtaken = true;
          extra += sample_duration(*rule.extra, state(active, l).rng);
        }
        break;
      case LinkRule::Verb::bandwidth:
        bandwidth = bandwidth > 0 ? std::min(bandwidth, rule.bandwidth) : rule.bandwidth;
        break;
      case LinkRule::Verb::hold:
      case LinkRule::Verb::clog:
        break;
    }
  }
  Instant left = now;
  if (bandwidth > 0 && lost == nullptr) {
    const auto bytes = static_cast<double>(message.size_bytes());
    left = std::max(now, l.leaving_until);
    if (options.queue_limit > 0 &&
        to_seconds(left - now) * bandwidth + bytes > static_cast<double>(options.queue_limit)) {
      lost = &kQueueFull;
    } else {
      left = saturating_add(left, from_seconds(bytes / bandwidth));
      l.leaving_until = left;
    }
  }
  if (lost != nullptr) {
    if (record) record_send(message, std::nullopt);
    lose(l, message, *lost, false);
    return;
  }
  const auto arrival = [&] {
    Duration latency = options.latency ? sample_duration(*options.latency, l.rng) : kLatency;
    if (l.zone_latency) latency += sample_duration(*l.zone_latency, l.rng);
    Instant t = saturating_add(left, latency);
    if (!overtaken) {
      t = std::max(saturating_add(t, extra), l.last_arrival);
      l.last_arrival = t;
      return t;
    }
    // Those behind it need not wait for it.
    t = std::max(t, l.last_arrival);
    l.last_arrival = t;
    return saturating_add(t, extra);
  };
  const Instant first = arrival();
  if (record) record_send(message, first);
  if (twice) {
    const Instant second = arrival();
    TraceEvent event;
    event.kind = TraceEvent::Kind::duplicate;
    event.node = message.from;
    event.peer = message.to;
    event.id = message.id;
    event.form = to_string(message.kind);
    event.label = message.type;
    event.arrival = second;
    world_.record(std::move(event));
    fly(&l, message, first);
    fly(&l, std::move(message), second);
    return;
  }
  fly(&l, std::move(message), first);
}

void Network::fly(Link* link, Message message, Instant arrival) {
  if (free_flights_ == nullptr) {
    constexpr std::size_t kChunk = 64;
    flight_chunks_.push_back(std::make_unique<InFlight[]>(kChunk));
    for (std::size_t i = 0; i < kChunk; ++i) {
      InFlight& flight = flight_chunks_.back()[i];
      flight.network = this;
      flight.next_free = free_flights_;
      free_flights_ = &flight;
    }
  }
  InFlight* flight = free_flights_;
  free_flights_ = flight->next_free;
  flight->link = link;
  flight->message = std::move(message);
  world_.scheduler().schedule(
      arrival,
      [](void* context) {
        auto* due = static_cast<InFlight*>(context);
        due->network->arrive(due);
      },
      flight);
}

void Network::arrive(InFlight* flight) {
  Message message = std::move(flight->message);
  Link* l = flight->link;
  flight->next_free = free_flights_;
  free_flights_ = flight;
  if (l != nullptr) {
    if (!rules_.empty() || !l->held.empty()) {
      if (blocked(l->from, l->to)) {
        lose(*l, message, kPartition, true);
        return;
      }
      if (!l->held.empty() || kept_by(LinkRule::Verb::hold, *l)) {
        l->held.push_back(std::move(message));
        return;
      }
    }
    ++l->stats.delivered;
    l->stats.bytes += message.size_bytes();
  }
  world_.host(message.to).deliver(std::move(message));
}

// Rules

Network::ActiveRule::State& Network::state(ActiveRule& active, const Link& l) {
  const std::uint64_t key = std::uint64_t{l.from.index} << 32 | l.to.index;
  const auto found = active.states.find(key);
  if (found != active.states.end()) return found->second;
  const Rng rng = active.rule.rng.split(world_.name_of(l.from)).split(world_.name_of(l.to));
  return active.states.emplace(key, ActiveRule::State{rng}).first->second;
}

bool Network::hit(ActiveRule& active, const Link& l) {
  ActiveRule::State& s = state(active, l);
  s.hit_last = correlated_hit(active.rule.probability, active.rule.correlation, s.hit_last, s.rng);
  return s.hit_last;
}

bool Network::kept_by(LinkRule::Verb verb, const Link& l) const {
  return std::any_of(rules_.begin(), rules_.end(), [&](const ActiveRule& active) {
    return active.rule.verb == verb && active.rule.covers(l.from, l.to);
  });
}

bool Network::blocked(NodeId from, NodeId to) const {
  return std::any_of(rules_.begin(), rules_.end(), [&](const ActiveRule& active) {
    return active.rule.verb == LinkRule::Verb::block && active.rule.covers(from, to);
  });
}

RuleId Network::add_rule(LinkRule rule) {
  rules_.push_back({++last_rule_, std::move(rule)});
  return last_rule_;
}

void Network::remove_rule(RuleId id) {
  const auto found =
      std::find_if(rules_.begin(), rules_.end(), [&](const ActiveRule& active) { return active.id == id; });
  SYSLAB_ASSERT(found != rules_.end());
  const LinkRule::Verb verb = found->rule.verb;
  rules_.erase(found);
  if (verb != LinkRule::Verb::hold && verb != LinkRule::Verb::clog) return;
  for (auto& row : links_) {
    for (auto& slot : row) {
      if (!slot) continue;
      Link& l = *slot;
      if (!l.held.empty() && !l.delivering && !kept_by(LinkRule::Verb::hold, l)) {
        l.delivering = true;
        world_.scheduler().at(world_.now(), [this, &l] { deliver_parked(l); });
      }
      if (!l.queued.empty() && !kept_by(LinkRule::Verb::clog, l)) drain(l);
    }
  }
}

// One message an event; what arrives meanwhile joins the end of the line.
void Network::deliver_parked(Link& l) {
  l.delivering = false;
  if (l.held.empty() || kept_by(LinkRule::Verb::hold, l)) return;
  Message message = std::move(l.held.front());
  l.held.pop_front();
  if (!l.held.empty()) {
    l.delivering = true;
    world_.scheduler().at(world_.now(), [this, &l] { deliver_parked(l); });
  }
  if (blocked(l.from, l.to)) {
    lose(l, message, kPartition, true);
    return;
  }
  ++l.stats.delivered;
  l.stats.bytes += message.size_bytes();
  world_.host(message.to).deliver(std::move(message));
}

void Network::drain(Link& l) {
  while (!l.queued.empty()) {
    Message message = std::move(l.queued.front());
    l.queued.pop_front();
    transmit(l, std::move(message), false);
  }
  l.queued_bytes = 0;
}

LinkStats Network::stats(NodeId from, NodeId to) const {
  const Link* l = find_link(from, to);
  if (l == nullptr) return {};
  LinkStats stats = l->stats;
  stats.held = l->held.size();
  stats.queued = l->queued.size();
  return stats;
}

// Records

void Network::record_send(const Message& message, std::optional<Instant> arrival) {
  TraceEvent event;
  event.kind = TraceEvent::Kind::send;
  event.node = message.from;
  event.peer = message.to;
  event.id = message.id;
  event.form = to_string(message.kind);
  event.label = message.type;
  event.detail = message.body;
  event.arrival = arrival;
  world_.record(std::move(event));
}

void Network::lose(Link& l, const Message& message, const Value& reason, bool on_arrival) {
  ++l.stats.lost;
  TraceEvent event;
  event.kind = TraceEvent::Kind::drop;
  event.node = on_arrival ? message.to : message.from;
  event.peer = on_arrival ? message.from : message.to;
  event.id = message.id;
  event.form = to_string(message.kind);
  event.label = message.type;
  event.detail = reason;
  world_.record(std::move(event));
}

}  // namespace syslab
