// Replication protocols in Lua: `lab.replicate.STEM{...}` describes a group of replicas, w:replicas makes it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bindings/host/object.hpp"
#include "core/runtime/node.hpp"

namespace syslab {

struct Protocol {
  std::string name;
  std::size_t count = 0;
  // Makes the factory of one replica. The list is filled with all of them before the first one starts.
  std::function<NodeFactory(std::shared_ptr<const std::vector<NodeId>> members)> replica;
};

}  // namespace syslab
