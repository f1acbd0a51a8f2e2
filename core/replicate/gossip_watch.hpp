// GossipWatch: the invariants of a group that gossips, checked at every change at any of its members.
//
//   incarnations  nobody is said to have an incarnation that it has not had
//   precedence    what a member believes of another one only ever changes to something stronger: a higher
//                 incarnation, or of the same one first alive, then suspect, then dead
//   suspicion     nobody is declared dead that was not suspect for the time it has to object
//   integrity     nobody has a value that was not broadcast
//   durability    a value that was acknowledged is there after a restart of who acknowledged it
// Cost: a map look-up for each change.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>

#include "core/base/node_id.hpp"
#include "core/base/time.hpp"
#include "core/base/value.hpp"
#include "core/replicate/watch.hpp"

namespace syslab {

enum class Liveness : std::uint8_t { alive, suspect, dead };
std::string_view to_string(Liveness liveness);

class GossipWatch final : public Watch {
 public:
  void has_incarnation(NodeId node, std::uint64_t incarnation);
  // `suspected` is how long it was suspect, of `needed`.
  void believes(NodeId node, NodeId about, Liveness before, std::uint64_t incarnation_before, Liveness now,
                std::uint64_t incarnation);
  void declares_dead(NodeId node, NodeId about, Duration suspected, Duration needed);
  void broadcast(const Value& value) { said_.insert(value); }
  void acknowledged(NodeId node, const Value& value) { acknowledged_[node].insert(value); }
  void learns(NodeId node, const Value& value);
  void restarted(NodeId node, const std::set<Value>& values);

  // What was acknowledged by anybody, and what everybody was asked to say.
  std::set<Value> all_acknowledged() const;

 private:
  std::map<NodeId, std::uint64_t> incarnations_;
  std::set<Value> said_;
  std::map<NodeId, std::set<Value>> acknowledged_;
};

}  // namespace syslab
