#include "core/replicate/gossip_watch.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace syslab {

std::string_view to_string(Liveness liveness) {
  constexpr std::string_view kNames[] = {"alive", "suspect", "dead"};
  return kNames[static_cast<std::size_t>(liveness)];
}

void GossipWatch::has_incarnation(NodeId node, std::uint64_t incarnation) {
  incarnations_[node] = std::max(incarnations_[node], incarnation);
}

void GossipWatch::believes(NodeId node, NodeId about, Liveness before, std::uint64_t incarnation_before,
                           Liveness now, std::uint64_t incarnation) {
  if (incarnation > incarnations_[about]) {
    violated(fmt::format("incarnations: node {} hears of incarnation {} of node {}, which has never had it",
                         node.index, incarnation, about.index));
  }
  if (std::pair(incarnation, now) <= std::pair(incarnation_before, before)) {
    violated(fmt::format(
        "precedence: node {} took node {} for {} in incarnation {}, and now for {} in incarnation {}",
        node.index, about.index, to_string(before), incarnation_before, to_string(now), incarnation));
  }
}

void GossipWatch::declares_dead(NodeId node, NodeId about, Duration suspected, Duration needed) {
  if (suspected >= needed) return;
  violated(fmt::format("suspicion: node {} declares node {} dead after {} s; it has {} s to object",
                       node.index, about.index, to_seconds(suspected), to_seconds(needed)));
}

void GossipWatch::learns(NodeId node, const Value& value) {
  if (!said_.contains(value)) {
    violated(fmt::format("integrity: node {} has {}, which nobody broadcast", node.index, value.json()));
  }
}

void GossipWatch::restarted(NodeId node, const std::set<Value>& values) {
  for (const Value& value : acknowledged_[node]) {
    if (values.contains(value)) continue;
    violated(fmt::format("durability: node {} acknowledged {} and has lost it with its memory", node.index,
                         value.json()));
  }
}

std::set<Value> GossipWatch::all_acknowledged() const {
  std::set<Value> all;
  for (const auto& [node, values] : acknowledged_) all.insert(values.begin(), values.end());
  return all;
}

}  // namespace syslab
