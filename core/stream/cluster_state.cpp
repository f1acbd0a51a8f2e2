#include "core/stream/cluster_state.hpp"

#include <algorithm>

namespace syslab {
namespace {

Error refused(std::string_view code, std::string message) {
  return Error{std::string(code), std::move(message), true};
}

Value number(double n) {
  return n;
}

Value numbers(const std::vector<int>& all) {
  Value::List list;
  for (const int n : all) list.emplace_back(n);
  return Value::list(std::move(list));
}

std::vector<int> ints(const Value& list) {
  std::vector<int> out;
  for (const Value& v : list.list()) out.push_back(static_cast<int>(v.number()));
  return out;
}

bool has(const std::vector<int>& all, int n) {
  return std::find(all.begin(), all.end(), n) != all.end();
}

}  // namespace

bool is_topic_name(std::string_view name) {
  return !name.empty() && name.size() <= 249 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

Value ClusterState::pack() const {
  Value::List all;
  for (const Broker& b : brokers) {
    all.push_back(Value::map({{"alive", b.alive}, {"incarnation", number(b.incarnation)}}));
  }
  Value::Map named;
  for (const auto& [name, topic] : topics) {
    Value::List partitions;
    for (const PartitionState& p : topic.partitions) {
      partitions.push_back(Value::map({{"leader", p.leader},
                                       {"epoch", number(p.epoch)},
                                       {"version", number(p.version)},
                                       {"isr", numbers(p.isr)},
                                       {"replicas", numbers(p.replicas)},
                                       {"unclean", p.unclean}}));
    }
    const StreamTopic& c = topic.config;
    const LogOptions& l = c.log;
    Value::Map config = {{"min_insync", number(c.min_insync)},
                         {"unclean", c.unclean},
                         {"remove", l.remove},
                         {"compact", l.compact},
                         {"retention", to_seconds(l.retention)},
                         {"segment_bytes", number(static_cast<double>(l.segment_bytes))},
                         {"segment_time", to_seconds(l.segment_time)},
                         {"tombstones", to_seconds(l.tombstones)},
                         {"record_bytes", number(static_cast<double>(l.record_bytes_max))}};
    if (l.retention_bytes)
      config.emplace_back("retention_bytes", number(static_cast<double>(*l.retention_bytes)));
    named.emplace_back(name, Value::map({{"config", Value::map(std::move(config))},
                                         {"partitions", Value::list(std::move(partitions))}}));
  }
  return Value::map({{"version", number(static_cast<double>(version))},
                     {"brokers", Value::list(std::move(all))},
                     {"topics", Value::map(std::move(named))}});
}

ClusterState ClusterState::unpack(const Value& packed) {
  ClusterState s;
  s.version = static_cast<std::uint64_t>(packed["version"].number());
  for (const Value& b : packed["brokers"].list())
    s.brokers.push_back({b["alive"].truthy(), b["incarnation"].number()});
  for (const auto& [name, t] : packed["topics"].map()) {
    Topic& topic = s.topics[name];
    const Value& c = t["config"];
    topic.config.name = name;
    topic.config.min_insync = static_cast<std::uint32_t>(c["min_insync"].number());
    topic.config.unclean = c["unclean"].truthy();
    LogOptions& l = topic.config.log;
    l.remove = c["remove"].truthy();
    l.compact = c["compact"].truthy();
    l.retention = from_seconds(c["retention"].number());
    l.segment_bytes = static_cast<std::size_t>(c["segment_bytes"].number());
    l.segment_time = from_seconds(c["segment_time"].number());
    l.tombstones = from_seconds(c["tombstones"].number());
    l.record_bytes_max = static_cast<std::size_t>(c["record_bytes"].number());
    if (c["retention_bytes"].is_number())
      l.retention_bytes = static_cast<std::size_t>(c["retention_bytes"].number());
    for (const Value& v : t["partitions"].list()) {
      topic.partitions.push_back({static_cast<int>(v["leader"].number()),
                                  static_cast<std::uint32_t>(v["epoch"].number()),
                                  static_cast<std::uint32_t>(v["version"].number()), ints(v["isr"]),
                                  ints(v["replicas"]), v["unclean"].truthy()});
    }
    topic.config.partitions = static_cast<std::uint32_t>(topic.partitions.size());
    topic.config.replication =
        static_cast<std::uint32_t>(topic.partitions.empty() ? 0 : topic.partitions.front().replicas.size());
  }
  return s;
}

Expected<bool> ClusterState::create_topic(const StreamTopic& topic) {
  if (!is_topic_name(topic.name))
    return refused("INVALID_TOPIC_EXCEPTION", "'" + topic.name + "' is no topic's name");
  if (topics.contains(topic.name))
    return refused("TOPIC_ALREADY_EXISTS", "the topic '" + topic.name + "' exists");
  if (topic.partitions < 1) return refused("INVALID_PARTITIONS", "a topic has at least one partition");
  if (topic.replication < 1 || topic.replication > brokers.size()) {
    return refused("INVALID_REPLICATION_FACTOR", std::to_string(topic.replication) + " replicas on " +
                                                     std::to_string(brokers.size()) + " brokers");
  }
  Topic made{topic, {}};
  // Dealt out in turn; each topic begins one broker further, so that leaders are spread.
  const std::size_t first = topics.size();
  for (std::uint32_t p = 0; p < topic.partitions; ++p) {
    PartitionState state;
    for (std::uint32_t r = 0; r < topic.replication; ++r) {
      state.replicas.push_back(static_cast<int>((first + p + r) % brokers.size()));
    }
    for (const int r : state.replicas) {
      if (brokers[static_cast<std::size_t>(r)].alive) state.isr.push_back(r);
    }
    if (state.isr.empty()) state.isr = state.replicas;
    choose(made, state);
    made.partitions.push_back(std::move(state));
  }
  topics.emplace(topic.name, std::move(made));
  return true;
}

void ClusterState::choose(Topic& topic, PartitionState& p) {
  const auto alive = [&](int b) { return brokers[static_cast<std::size_t>(b)].alive; };
  if (p.leader >= 0 && alive(p.leader) && has(p.isr, p.leader)) return;
  const int before = p.leader;
  p.leader = -1;
  for (const int r : p.replicas) {
    if (p.leader < 0 && alive(r) && has(p.isr, r)) {
      p.leader = r;
      p.unclean = false;
    }
  }
  if (p.leader < 0 && topic.config.unclean) {
    for (const int r : p.replicas) {
      if (p.leader >= 0 || !alive(r)) continue;
      p.leader = r;
      p.isr = {r};
      p.unclean = true;
    }
  }
  if (p.leader == before) return;
  ++p.epoch;
  ++p.version;
}

void ClusterState::remove_from_isr(Topic& topic, PartitionState& p, int broker) {
  if (has(p.isr, broker) && p.isr.size() > 1) {
    std::erase(p.isr, broker);
    ++p.version;
  }
  if (p.leader == broker) {
    // Also where it was the last one in sync: it has to be chosen anew when it is back.
    p.leader = -1;
    ++p.epoch;
    ++p.version;
  }
  choose(topic, p);
}

void ClusterState::fence(std::size_t broker) {
  if (!brokers[broker].alive) return;
  brokers[broker].alive = false;
  for (auto& [name, topic] : topics) {
    for (PartitionState& p : topic.partitions) remove_from_isr(topic, p, static_cast<int>(broker));
  }
}

void ClusterState::welcome(std::size_t broker, double incarnation) {
  Broker& b = brokers[broker];
  if (b.incarnation != 0 && b.incarnation != incarnation) fence(broker);
  b.incarnation = incarnation;
  b.alive = true;
  for (auto& [name, topic] : topics) {
    for (PartitionState& p : topic.partitions) choose(topic, p);
  }
}

Expected<bool> ClusterState::change_isr(const std::string& topic, std::size_t partition, int leader,
                                        std::uint32_t epoch, std::uint32_t version, std::vector<int> isr) {
  const auto found = topics.find(topic);
  if (found == topics.end() || partition >= found->second.partitions.size()) {
    return refused("UNKNOWN_TOPIC_OR_PARTITION", "there is no such partition");
  }
  PartitionState& p = found->second.partitions[partition];
  if (p.leader != leader || p.epoch != epoch)
    return refused("FENCED_LEADER_EPOCH", "somebody else leads by now");
  if (p.version != version) return refused("INVALID_UPDATE_VERSION", "the partition has changed meanwhile");
  std::erase_if(isr, [&](int b) {
    return !has(p.replicas, b) || (b != leader && !brokers[static_cast<std::size_t>(b)].alive);
  });
  if (!has(isr, leader)) return refused("INVALID_REQUEST", "a leader is in sync with itself");
  if (isr == p.isr) return true;
  p.isr = std::move(isr);
  ++p.version;
  return true;
}

void ClusterState::prefer_leaders() {
  for (auto& [name, topic] : topics) {
    for (PartitionState& p : topic.partitions) {
      const int first = p.replicas.front();
      if (p.leader < 0 || p.leader == first || !has(p.isr, first) ||
          !brokers[static_cast<std::size_t>(first)].alive)
        continue;
      p.leader = first;
      p.unclean = false;
      ++p.epoch;
      ++p.version;
    }
  }
}

}  // namespace syslab
