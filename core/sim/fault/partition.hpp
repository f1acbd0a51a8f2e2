// A partition: messages between its sides are lost, those in flight included. Exactly one of these shapes:
//
//   target   the chosen nodes on one side, all other nodes on the other
//   sides    lists of nodes; nodes on no list are not affected
//   isolate  each of the chosen nodes is cut off from every other node
//   bridge   two halves, and one node between them that sees both
//   ring     every node sees a majority, and no two see the same one (with fewer than four nodes, nothing is cut)
//
// Loads and clients stay connected to everybody, unless `clients` puts them on the side of the others
// (target, isolate). With `one_way` only the messages from the first side to the others are lost: it hears,
// but is not heard.
#pragma once

#include <vector>

#include "core/sim/fault.hpp"
#include "core/sim/target.hpp"

namespace syslab {

struct PartitionOptions {
  Target target = {};
  std::vector<Target> sides = {};
  Target isolate = {};
  Target bridge = {};
  Target ring = {};
  bool one_way = false;
  bool clients = false;
};
FaultPtr make_partition(PartitionOptions options);

}  // namespace syslab
