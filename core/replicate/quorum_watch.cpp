#include "core/replicate/quorum_watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/replicate/versions.hpp"

namespace syslab {

void QuorumWatch::written(const Value& key, const Value& id, const Value& content, const Value& context) {
  const auto [known, fresh] = writes_[key].emplace(id, Write{content.hash(), context});
  if (!fresh) {
    violated(fmt::format("identity: two writes of key {} have the id {}", key.json(), id.json()));
  }
}

void QuorumWatch::holds(NodeId node, const Value& key, const Value& record) {
  Value& held = held_[key][node];
  if (!covers(record, held)) {
    violated(fmt::format("durability: node {} had {} for key {}, now it has {}", node.index, held.json(),
                         key.json(), record.json()));
  }
  held = record;
}

void QuorumWatch::hints(NodeId node, NodeId home, const Value& key, const Value& record) {
  hinted_[key][{node, home}] = record;
}

void QuorumWatch::hint_gone(NodeId node, NodeId home, const Value& key, bool expired) {
  const auto hint = hinted_[key].find({node, home});
  if (hint == hinted_[key].end()) return;
  if (!expired && !covers(held_[key][home], hint->second)) {
    violated(fmt::format("hints: node {} drops a hint for node {}, which has not got it: key {}, {}",
                         node.index, home.index, key.json(), hint->second.json()));
  }
  hinted_[key].erase(hint);
}

void QuorumWatch::purged(NodeId node, const Value& key) {
  held_[key].erase(node);
  if (const auto floor = floor_.find(key); floor != floor_.end() && is_tombstone(floor->second)) {
    floor_.erase(floor);
  }
}

void QuorumWatch::restarted(NodeId node, const std::function<Value(const Value&)>& record_of,
                            const std::function<Value(NodeId, const Value&)>& hint_of) {
  for (const auto& [key, replicas] : held_) {
    const auto held = replicas.find(node);
    if (held != replicas.end() && !covers(record_of(key), held->second)) {
      violated(fmt::format("durability: node {} had {} for key {} on disk, and not after a restart",
                           node.index, held->second.json(), key.json()));
    }
  }
  for (const auto& [key, hinted] : hinted_) {
    for (const auto& [where, record] : hinted) {
      if (where.first == node && !covers(hint_of(where.second, key), record)) {
        violated(fmt::format("hints: node {} had a hint for node {} on disk, and not after a restart",
                             node.index, where.second.index));
      }
    }
  }
}

void QuorumWatch::acknowledged(const Value& key, const Value& id, const Value& record, std::size_t needed,
                               const std::vector<NodeId>& homes, bool sloppy) {
  std::set<NodeId> have;
  for (const auto& [node, held] : held_[key]) {
    const bool home = std::find(homes.begin(), homes.end(), node) != homes.end();
    if (home && covers(held, record)) have.insert(node);
  }
  for (const auto& [where, hint] : hinted_[key]) {
    if (sloppy && covers(hint, record)) have.insert(where.first);
  }
  if (have.size() < needed) {
    violated(fmt::format(
        "acknowledgement: a write of key {} is answered while {} of the {} replicas needed have it",
        key.json(), have.size(), needed));
  }
  Write& write = writes_[key].at(id);
  write.acknowledged = true;
  if (record["clock"].is_map()) {
    const Value::List versions = versions_of(record);
    const bool left = std::any_of(versions.begin(), versions.end(),
                                  [&](const Value& v) { return knows(write.context, v["dot"]); });
    if (left || !(join_clocks(record["clock"], write.context) == record["clock"])) {
      violated(
          fmt::format("replacement: write {} of key {} has not replaced what its client had read: it is {}",
                      id.json(), key.json(), record.json()));
    }
  }
  Value& floor = floor_[key];
  floor = merge_records(floor, record);
}

Value QuorumWatch::floor_of(const Value& key) const {
  const auto floor = floor_.find(key);
  return floor == floor_.end() ? Value() : floor->second;
}

void QuorumWatch::answered(NodeId node, const Value& key, const Value& floor, const Value& record,
                           bool writes_back) {
  const auto now = floor_.find(key);
  if (now == floor_.end() && !floor.is_nil()) return;  // it was purged meanwhile
  if (!covers(record, floor)) {
    violated(fmt::format(
        "freshness: a read of key {} at node {} answers with {}, after {} was acknowledged or read",
        key.json(), node.index, record.json(), floor.json()));
  }
  if (writes_back && !record.is_nil()) {
    Value& known = floor_[key];
    known = merge_records(known, record);
  }
}

void QuorumWatch::settled(const std::function<std::vector<NodeId>(const Value&)>& homes_of,
                          const std::function<Value(NodeId, const Value&)>& record_of) {
  for (const auto& [key, writes] : writes_) {
    const std::vector<NodeId> homes = homes_of(key);
    const Value record = record_of(homes.front(), key);
    for (const NodeId home : homes) {
      if (record_of(home, key) == record) continue;
      return violated(fmt::format("convergence: key {} is {} at node {} and {} at node {}", key.json(),
                                  record.json(), homes.front().index, record_of(home, key).json(),
                                  home.index));
    }
    if (!record["clock"].is_map()) {  // stamped: the latest one wins
      for (const auto& [id, write] : writes) {
        if (!write.acknowledged || (!record.is_nil() && !(record["stamp"] < id))) continue;
        return violated(
            fmt::format("lost update: key {} ends as {}, and a write with stamp {} was acknowledged",
                        key.json(), record.json(), id.json()));
      }
      continue;
    }
    const Value::List versions = versions_of(record);
    for (const auto& [id, write] : writes) {
      const Value& dot = id;
      const bool there =
          std::any_of(versions.begin(), versions.end(), [&](const Value& v) { return v["dot"] == dot; });
      const auto replaces = [&](const auto& other) { return knows(other.second.context, dot); };
      if (write.acknowledged && !there && std::none_of(writes.begin(), writes.end(), replaces)) {
        return violated(
            fmt::format("lost update: write {} of key {} was acknowledged and nobody replaced it, "
                        "but it is gone from {}",
                        dot.json(), key.json(), record.json()));
      }
      const auto surely = [&](const auto& other) { return other.second.acknowledged && replaces(other); };
      if (there && std::any_of(writes.begin(), writes.end(), surely)) {
        return violated(fmt::format("resurrection: write {} of key {} was replaced, but it is in {}",
                                    dot.json(), key.json(), record.json()));
      }
    }
  }
}

}  // namespace syslab
