#include "core/replicate/gossip.hpp"

#include <algorithm>
#include <bit>

#include "core/replicate/numbers.hpp"

namespace syslab {
namespace {

using numbers::number;

constexpr std::size_t kNewsAMessage = 8;

Value index_of(NodeId node) {
  return static_cast<double>(node.index);
}
NodeId node_of(const Value& v) {
  return NodeId{static_cast<std::uint32_t>(v.number())};
}

}  // namespace

double Gossip::log_n() const {
  return static_cast<double>(std::bit_width(options_.members->size()));
}
std::size_t Gossip::hot_rounds() const {
  if (bug(GossipBug::told_once)) return 1;
  return options_.hot_rounds > 0 ? options_.hot_rounds
                                 : static_cast<std::size_t>(options_.retransmit * log_n() + 0.5);
}
Duration Gossip::time_to_object() const {
  return from_seconds(options_.suspicion * log_n() * to_seconds(options_.period));
}

void Gossip::on_start(Env& env) {
  self_ = env.self();
  for (const NodeId member : *options_.members) {
    if (member != self_) others_[member].since = env.now();
  }
  const bool readable = log_.load(env, [this](const Value& record) {
    if (record["start"].is_number()) {
      start_ = record["start"].number();
    } else if (values_.insert(record["value"]).second) {
      digest_ ^= mix64(record["value"].hash());
    }
  });
  if (!readable) return env.log("the disk cannot be read: this member does nothing");
  if (options_.watch != nullptr) {
    options_.watch->restarted(self_, values_);
    options_.watch->has_incarnation(self_, incarnation_);
  }
  log_.append(env, Value::map({{"start", ++start_}}));
  log_.when_durable(env, [this] { ready_ = true; });
  const auto within = [&env](Duration time) {
    return Duration(static_cast<std::int64_t>(env.rng().below(static_cast<std::uint64_t>(time.count()) + 1)));
  };
  env.after(within(options_.period),
            [this, &env] { options_.detector == GossipDetector::swim ? probe_next(env) : beat(env); });
  env.after(within(options_.round), [this, &env] { tell_rumours(env); });
  if (options_.anti_entropy > Duration::zero() && !bug(GossipBug::told_once)) {
    env.after(within(options_.anti_entropy), [this, &env] { compare(env); });
  }
}

std::vector<NodeId> Gossip::pick(Env& env, std::size_t count, bool dead_too, NodeId but) {
  std::vector<NodeId> pool;
  for (const auto& [node, other] : others_) {
    if (node != but && (dead_too || other.liveness != Liveness::dead)) pool.push_back(node);
  }
  count = std::min(count, pool.size());
  for (std::size_t i = 0; i < count; ++i) std::swap(pool[i], pool[i + env.rng().below(pool.size() - i)]);
  pool.resize(count);
  return pool;
}

// ---- news of members
//
// News are lists {member, liveness, incarnation}. Those that were told least often ride first; who is not
// taken for alive is told so whenever somebody writes to it.

void Gossip::tell(Env& env, NodeId to, const char* type, Value body) {
  const auto item = [](NodeId about, Liveness liveness, std::uint64_t incarnation) {
    return Value::list({index_of(about), static_cast<double>(liveness), number(incarnation)});
  };
  Value::List news;
  if (const Other& other = others_.at(to);
      other.liveness != Liveness::alive && !bug(GossipBug::tells_nobody)) {
    news.push_back(item(to, other.liveness, other.incarnation));
  }
  std::vector<std::pair<std::size_t, NodeId>> fresh;
  for (const auto& [about, told] : news_) fresh.emplace_back(told, about);
  std::sort(fresh.begin(), fresh.end());
  if (fresh.size() > kNewsAMessage) fresh.resize(kNewsAMessage);
  const auto most = static_cast<std::size_t>(options_.retransmit * log_n() + 0.5);
  for (const auto& [told, about] : fresh) {
    if (about == self_) {
      news.push_back(item(self_, Liveness::alive, incarnation_));
    } else {
      const Other& other = others_.at(about);
      news.push_back(item(about, other.liveness, other.incarnation));
    }
    if (told + 1 >= most) {
      news_.erase(about);
    } else {
      news_[about] = told + 1;
    }
  }
  if (!news.empty()) body = body.with("news", Value::list(std::move(news)));
  env.send(to, type, std::move(body));
}

void Gossip::hear(Env& env, const Value& news) {
  if (!news.is_list()) return;
  for (const Value& item : news.list()) {
    const Value::List& fields = item.list();
    learn_of(env, node_of(fields[0]), static_cast<Liveness>(static_cast<int>(fields[1].number())),
             static_cast<std::uint64_t>(fields[2].number()));
  }
}

void Gossip::learn_of(Env& env, NodeId node, Liveness liveness, std::uint64_t incarnation) {
  if (options_.detector != GossipDetector::swim) return;
  if (node == self_) {
    if (liveness == Liveness::alive || bug(GossipBug::refutes_nothing)) return;
    // Who has not heard of a later incarnation is told once more.
    if (incarnation >= incarnation_) {
      incarnation_ = incarnation + 1;
      ++refuted_;
      if (options_.watch != nullptr) options_.watch->has_incarnation(self_, incarnation_);
    }
    news_[self_] = 0;
    return;
  }
  Other& other = others_.at(node);
  bool stronger = std::pair(incarnation, liveness) > std::pair(other.incarnation, other.liveness);
  // The dead are declared so by somebody who has not heard them object, whatever came of a later incarnation
  // here; so only a higher one brings anybody back.
  if (bug(GossipBug::incarnation_ignored)) stronger = liveness != other.liveness;
  if (bug(GossipBug::dead_for_ever) && other.liveness == Liveness::dead) stronger = false;
  if (!stronger) return;
  if (options_.watch != nullptr) {
    options_.watch->believes(self_, node, other.liveness, other.incarnation, liveness, incarnation);
  }
  other.liveness = liveness;
  other.incarnation = incarnation;
  other.since = env.now();
  news_[node] = 0;
  if (liveness != Liveness::suspect) return;
  const Duration wait = bug(GossipBug::dead_at_once) ? Duration::zero() : time_to_object();
  env.after(wait, [this, &env, node, incarnation] {
    const Other& now = others_.at(node);
    if (now.liveness != Liveness::suspect || now.incarnation != incarnation) return;
    if (options_.watch != nullptr) {
      options_.watch->declares_dead(self_, node, env.now() - now.since, time_to_object());
    }
    ++deaths_;
    learn_of(env, node, Liveness::dead, incarnation);
  });
}

// ---- SWIM

void Gossip::probe_next(Env& env) {
  env.after(options_.period, [this, &env] { probe_next(env); });
  NodeId target = kNoNode;
  while (target == kNoNode) {
    if (to_probe_.empty()) to_probe_ = pick(env, others_.size(), false);
    if (to_probe_.empty()) return;
    if (others_.at(to_probe_.back()).liveness != Liveness::dead) target = to_probe_.back();
    to_probe_.pop_back();
  }
  probe(env, {target});
  const double id = last_probe_;
  env.after(options_.ping_timeout, [this, &env, id, target] {
    if (probes_.at(id).answered) return;
    for (const NodeId helper : pick(env, options_.helpers, false, target)) {
      tell(env, helper, "ping_req", Value::map({{"probe", id}, {"target", index_of(target)}}));
    }
  });
  env.after(options_.period - Duration(1), [this, &env, id, target] {
    const bool answered = probes_.at(id).answered;
    probes_.erase(id);
    const Other& other = others_.at(target);
    if (answered || other.liveness != Liveness::alive) return;
    ++suspicions_;
    learn_of(env, target, Liveness::suspect, other.incarnation + (bug(GossipBug::bumps_others) ? 1 : 0));
  });
}

void Gossip::probe(Env& env, Probe probe) {
  const NodeId target = probe.target;
  probes_[++last_probe_] = probe;
  tell(env, target, "ping", Value::map({{"probe", last_probe_}}));
}

// ---- heartbeats

void Gossip::beat(Env& env) {
  env.after(options_.period, [this, &env] { beat(env); });
  ++heartbeat_;
  Value::List beats = {Value::list({index_of(self_), start_, heartbeat_})};
  for (const auto& [node, other] : others_) {
    if (other.heartbeat.first > 0) {
      beats.push_back(Value::list({index_of(node), other.heartbeat.first, other.heartbeat.second}));
    }
  }
  const Value all = Value::list(std::move(beats));
  for (const NodeId to : pick(env, options_.fanout, true)) {
    env.send(to, "beats", Value::map({{"beats", all}}));
  }
  judge_silent(env);
}

void Gossip::judge_silent(Env& env) {
  for (auto& [node, other] : others_) {
    const bool dead = other.detector == nullptr ? env.now() - other.since > options_.timeout
                                                : other.detector->suspects(env.now());
    if (dead && other.liveness == Liveness::alive) ++deaths_;
    other.liveness = dead ? Liveness::dead : Liveness::alive;
  }
}

// ---- values

bool Gossip::learn(Env& env, const Value& value) {
  if (!values_.insert(value).second) return false;
  if (options_.watch != nullptr) options_.watch->learns(self_, value);
  digest_ ^= mix64(value.hash());
  hot_[value] = hot_rounds();
  if (!bug(GossipBug::values_in_memory)) log_.append(env, Value::map({{"value", value}}));
  return true;
}

Value Gossip::all_values() const {
  return Value::list(Value::List(values_.begin(), values_.end()));
}

// As text: a double does not hold 64 bits.
Value Gossip::summary() const {
  return bug(GossipBug::compares_counts_only) ? Value(number(values_.size()))
                                              : Value(std::to_string(digest_));
}

void Gossip::tell_rumours(Env& env) {
  env.after(options_.round, [this, &env] { tell_rumours(env); });
  if (hot_.empty()) return;
  Value::List rumours;
  for (auto rumour = hot_.begin(); rumour != hot_.end();) {
    rumours.push_back(rumour->first);
    rumour = --rumour->second == 0 ? hot_.erase(rumour) : std::next(rumour);
  }
  const Value body = Value::map({{"values", Value::list(std::move(rumours))}});
  for (const NodeId to : pick(env, bug(GossipBug::told_once) ? 1 : options_.fanout, false)) {
    tell(env, to, "rumours", body);
  }
}

void Gossip::compare(Env& env) {
  env.after(options_.anti_entropy, [this, &env] { compare(env); });
  for (const NodeId to : pick(env, 1, true)) tell(env, to, "compare", Value::map({{"digest", summary()}}));
}

void Gossip::on_message(Env& env, const Message& m) {
  if (!ready_ || log_.broken() || !others_.contains(m.from)) return;
  hear(env, m.body["news"]);
  if (m.type == "ping") {
    tell(env, m.from, "ack", Value::map({{"probe", m.body["probe"]}}));
  } else if (m.type == "ping_req") {
    const NodeId target = node_of(m.body["target"]);
    probe(env, {target, m.from, m.body["probe"].number()});
    env.after(options_.period, [this, id = last_probe_] { probes_.erase(id); });
  } else if (m.type == "ack") {
    const auto asked = probes_.find(m.body["probe"].number());
    if (asked == probes_.end()) return;
    asked->second.answered = true;
    if (asked->second.asker != kNoNode) {
      tell(env, asked->second.asker, "ack", Value::map({{"probe", asked->second.asker_probe}}));
    }
  } else if (m.type == "beats") {
    for (const Value& item : m.body["beats"].list()) {
      const NodeId node = node_of(item.list()[0]);
      const std::pair<double, double> beat(item.list()[1].number(), item.list()[2].number());
      if (node == self_ || others_.at(node).heartbeat >= beat) continue;
      Other& other = others_.at(node);
      // After a restart it is not the same sender: the silence before says nothing of its gaps.
      if (other.detector == nullptr || other.heartbeat.first != beat.first) {
        if (options_.detector == GossipDetector::phi) {
          PhiAccrualOptions phi = options_.phi;
          phi.first = options_.period * 2;
          other.detector = std::make_unique<PhiAccrual>(phi);
        } else {
          other.detector = std::make_unique<TimeoutDetector>(options_.timeout);
        }
      }
      other.heartbeat = beat;
      other.detector->heartbeat(env.now());
    }
  } else if (m.type == "rumours") {
    for (const Value& value : m.body["values"].list()) learn(env, value);
  } else if (m.type == "compare") {
    if (!(m.body["digest"] == summary()))
      tell(env, m.from, "differs", Value::map({{"values", all_values()}}));
  } else if (m.type == "differs") {
    std::set<Value> theirs(m.body["values"].list().begin(), m.body["values"].list().end());
    Value::List missing;
    std::set_difference(values_.begin(), values_.end(), theirs.begin(), theirs.end(),
                        std::back_inserter(missing));
    for (const Value& value : theirs) learn(env, value);
    if (!missing.empty())
      tell(env, m.from, "rumours", Value::map({{"values", Value::list(std::move(missing))}}));
  }
}

void Gossip::on_request(Env& env, const Request& request, Reply reply) {
  if (log_.broken()) return reply(make_error("unavailable", "this member's disk has failed"));
  if (!ready_) return reply(make_error("unavailable", "this member is starting"));
  if (request.type == "read") return reply(all_values());
  if (request.type == "members") {
    Value::List names = {env.name_of(self_)};
    for (const auto& [node, other] : others_) {
      if (other.liveness != Liveness::dead) names.push_back(env.name_of(node));
    }
    std::sort(names.begin(), names.end());
    return reply(Value::list(std::move(names)));
  }
  if (request.type != "broadcast") {
    return reply(
        make_error("not_found", "a member takes broadcast, read and members, not '" + request.type + "'"));
  }
  const Value& value = request.body["value"];
  if (options_.watch != nullptr) options_.watch->broadcast(value);
  learn(env, value);
  const auto acknowledge = [this, value, reply = std::move(reply)] {
    if (options_.watch != nullptr) options_.watch->acknowledged(self_, value);
    reply(Value(true));
  };
  if (bug(GossipBug::ack_before_disk)) return acknowledge();
  log_.when_durable(env, acknowledge);
}

Value Gossip::show() const {
  std::size_t counts[3] = {};
  for (const auto& [node, other] : others_) ++counts[static_cast<std::size_t>(other.liveness)];
  return Value::map({{"alive", number(counts[0])},
                     {"suspect", number(counts[1])},
                     {"dead", number(counts[2])},
                     {"incarnation", number(incarnation_)},
                     {"values", number(values_.size())},
                     {"hot", number(hot_.size())},
                     {"suspicions", number(suspicions_)},
                     {"deaths", number(deaths_)},
                     {"refuted", number(refuted_)}});
}

}  // namespace syslab
