// QuorumWatch: the invariants of a store in which any N, R and W replicas take part, checked at every change
// of any replica.
//
//   durability       what a replica has on disk for a key never becomes less, also over a restart; unless it
//   is
//                    a tombstone after its grace period
//   hints            a hint stays on disk until its home has the record, or it expires
//   acknowledgement  when a write is answered, at least W replicas have it, or something newer that replaced
//   it,
//                    on disk; in a strict quorum, W of the key's homes
//   replacement      ... and it knows of all that its client had read, and has none of it
//   freshness        where R + W > N in a strict quorum: a read has every write of its key that was
//   acknowledged
//                    before it began; and where reads write back, all that an earlier read answered with
//   identity         no two writes have one stamp or dot
// and, asked in the end, when all replicas have had the time to hear of everything (settled):
//   convergence      all homes of a key have the same record, and in it the latest stamp that was
//   acknowledged no lost update   a version that was acknowledged is there, unless a write replaced it whose
//   client had read it no resurrection  a version that an acknowledged write replaced is not there
// Cost: a map look-up for each record at each replica; memory for each write of the run.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/base/node_id.hpp"
#include "core/base/value.hpp"
#include "core/replicate/watch.hpp"

namespace syslab {

class QuorumWatch final : public Watch {
 public:
  // A coordinator made a version: `id` is its stamp or dot, `context` what its client had read (of dots).
  void written(const Value& key, const Value& id, const Value& content, const Value& context);
  // On disk at a replica.
  void holds(NodeId node, const Value& key, const Value& record);
  // On disk at a stand-in; gone from there, because its home acknowledged it or it expired.
  void hints(NodeId node, NodeId home, const Value& key, const Value& record);
  void hint_gone(NodeId node, NodeId home, const Value& key, bool expired);
  // A tombstone that may be forgotten is.
  void purged(NodeId node, const Value& key);
  // A replica started again, with what these tell.
  void restarted(NodeId node, const std::function<Value(const Value& key)>& record_of,
                 const std::function<Value(NodeId home, const Value& key)>& hint_of);
  // A write is answered: `record` should be at `needed` replicas, `homes` only or also at stand-ins.
  void acknowledged(const Value& key, const Value& id, const Value& record, std::size_t needed,
                    const std::vector<NodeId>& homes, bool sloppy);
  // What a read of the key that begins now must know of. The answer may know more.
  Value floor_of(const Value& key) const;
  void answered(NodeId node, const Value& key, const Value& floor, const Value& record, bool writes_back);

  // Judges the end: `record_of` tells what a node holds.
  void settled(const std::function<std::vector<NodeId>(const Value& key)>& homes_of,
               const std::function<Value(NodeId node, const Value& key)>& record_of);

 private:
  struct Write {
    std::uint64_t content;  // its hash
    Value context;
    bool acknowledged = false;
  };
  std::map<Value, std::map<NodeId, Value>> held_;                       // by key
  std::map<Value, std::map<std::pair<NodeId, NodeId>, Value>> hinted_;  // by key, then stand-in and home
  std::map<Value, std::map<Value, Write>> writes_;                      // by key and id
  std::map<Value, Value> floor_;  // by key: what is acknowledged, merged
};

}  // namespace syslab
