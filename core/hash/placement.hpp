// Placement: the face of the hash family. Which of the nodes is a key's home?
//
// Nodes have names and weights; a key is placed by its hash, so that everybody who knows the nodes agrees
// without asking. What differs between algorithms is speed, balance, and how many keys move when nodes come
// and go. A placement depends only on the set of nodes, not on the order in which they came. Pure data
// structure, not thread-safe, deterministic. See spread.hpp for judging one.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/hash/hash64.hpp"

namespace syslab {

struct PlacedNode {
  std::string name;
  double weight = 1;  // its share of the keys, relative to the others'
};

class Placement {
 public:
  static constexpr std::size_t kNone = ~std::size_t{0};

  virtual ~Placement() = default;
  // The algorithm: "ring".
  virtual std::string_view name() const = 0;

  // Sorted by name. Places are indexes into it, valid until the next change.
  const std::vector<PlacedNode>& nodes() const { return nodes_; }
  // kNone where there is no such node.
  std::size_t index_of(std::string_view name) const;

  // False where the name is taken. Requires: weight > 0, finite.
  virtual bool add(PlacedNode node) = 0;
  // False where there is no such node.
  virtual bool remove(std::string_view name) = 0;

  // The home of a key, given by its hash64. Requires: there is a node.
  virtual std::size_t place(std::uint64_t hash) const = 0;
  // The first `count` different nodes for a key, its home first: where its replicas go. Fewer where there are
  // fewer nodes. Leaves out of the list of a key only what must go when a node leaves, so that replicas do
  // not wander either.
  virtual std::vector<std::size_t> place_replicas(std::uint64_t hash, std::size_t count) const = 0;
  // place(hash64(key)) for each of many number keys. Requires: there is a node; places.size() == keys.size().
  virtual void place_all(std::span<const std::uint64_t> keys, std::span<std::uint32_t> places) const = 0;

  // The same placement, on its own.
  virtual std::unique_ptr<Placement> clone() const = 0;
  // Ends the process if the structure contradicts itself. For tests.
  virtual void check_invariants() const = 0;

 protected:
  std::vector<PlacedNode> nodes_;
};

}  // namespace syslab
