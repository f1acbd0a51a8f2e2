// Replication protocols in Lua: `lab.replicate.STEM{...}` describes a group of replicas, w:replicas makes it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bindings/host/component.hpp"
#include "bindings/host/object.hpp"
#include "core/replicate/planted_bugs.hpp"
#include "core/replicate/watch.hpp"
#include "core/runtime/node.hpp"
#include "core/sim/world.hpp"

namespace syslab {

struct Protocol {
  std::string name;
  std::size_t count = 0;
  // Makes the factory of one replica. The list is filled with all of them before the first one starts.
  std::function<NodeFactory(std::shared_ptr<const std::vector<NodeId>> members)> replica = nullptr;
  // In its place, where the replicas of a group have a watch, which w:violation() and lab.explore ask: called
  // once for a group.
  struct Watched {
    NodeFactory replica;
    std::shared_ptr<const Watch> watch;
  };
  std::function<Watched(std::shared_ptr<const std::vector<NodeId>> members)> watched = nullptr;
  // Adds the nodes that belong to the group `name` without being replicas, such as NAME-monitor; null: none.
  std::function<void(World& world, const std::string& name,
                     std::shared_ptr<const std::vector<NodeId>> members)>
      beside = nullptr;
};

// The option `bug` of a protocol, and what was given.
template <class Bug, std::size_t N>
Param bug_param(const PlantedBugs<Bug, N>& bugs) {
  return choice("bug", std::vector<std::string>(bugs.names.begin(), bugs.names.end()),
                "a mistake to plant, to see what finds it")
      .optional("none");
}
template <class Bug, std::size_t N>
Bug bug_argument(Arguments& a, const PlantedBugs<Bug, N>& bugs) {
  return a.has("bug") ? *bugs.parse(a.string("bug")) : Bug::none;
}

}  // namespace syslab
