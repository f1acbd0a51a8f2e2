// Placement: the face of the hash family. Which of the nodes is a key's home?
//
// Nodes have names and weights; a key is placed by its hash, so that everybody who knows the nodes agrees
// without asking. What differs between algorithms is speed, memory, balance, and how many keys move when
// nodes come and go; traits() says what an algorithm promises. Pure data structure, not thread-safe,
// deterministic. See spread.hpp for judging one, and basic_placement.hpp for writing one.
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

// What an algorithm promises. The conformance test holds each one to it.
struct PlacementTraits {
  bool weighted = true;      // nodes may have weights; else all weigh 1
  bool history_free = true;  // depends on the set of nodes only, not on the order in which they came and went
  // The same whether nodes came at once or one by one, or one came and left again between.
  bool path_free = true;
  bool last_only = false;   // only the node that came last can leave
  bool minimal = true;      // keys move only from nodes that leave and to nodes that come
  bool independent = true;  // a key's home does not depend on which other keys there are
  std::size_t nodes_max = 1'000'000;
};

class Placement {
 public:
  static constexpr std::size_t kNone = ~std::size_t{0};

  virtual ~Placement() = default;
  // The algorithm: "ring".
  virtual std::string_view name() const = 0;
  virtual PlacementTraits traits() const = 0;

  // Sorted by name. Places are indexes into it, valid until the next change.
  const std::vector<PlacedNode>& nodes() const { return nodes_; }
  // kNone where there is no such node.
  std::size_t index_of(std::string_view name) const;

  // Starts anew with these nodes, which came in this order. Returns why they cannot be had, in words, and
  // changes nothing then; "" where it went well. Requires: weights finite and above 0.
  virtual std::string reset(std::vector<PlacedNode> nodes) = 0;
  // Why this node cannot be added or removed, in words; "" where it can.
  virtual std::string refusal(const PlacedNode& node) const = 0;
  virtual std::string removal_refusal(std::string_view name) const = 0;
  // False, and nothing changes, where the node is refused. Requires: weight > 0, finite.
  virtual bool add(PlacedNode node) = 0;
  virtual bool remove(std::string_view name) = 0;

  // The hash by which this algorithm places a key: hash64, unless compatibility asks for another. A number is
  // the id that hash_key() takes it for.
  virtual std::uint64_t hash_of(std::string_view key) const { return hash64(key); }
  virtual std::uint64_t hash_of(std::uint64_t key) const { return hash64(key); }

  // The home of a key, given by its hash_of; any uniform 64-bit hash does where nobody else need agree.
  // Requires: there is a node.
  virtual std::size_t place(std::uint64_t hash) const = 0;
  // The first `count` different nodes for a key, its home first: where its replicas go. Fewer where there are
  // fewer nodes. When a node leaves, the others stay in the list of a key, as far as the algorithm is
  // minimal.
  virtual std::vector<std::size_t> place_replicas(std::uint64_t hash, std::size_t count) const = 0;
  // The homes of many number keys, or of many hashes, that are there together. Requires: there is a node;
  // both spans have one size.
  virtual void place_all(std::span<const std::uint64_t> keys, std::span<std::uint32_t> places) const = 0;
  virtual void place_hashes(std::span<const std::uint64_t> hashes, std::span<std::uint32_t> places) const = 0;

  // As place(), and from now on the node carries the key until release(). Only placements that look at loads
  // (bounded_load) remember it. Requires: there is a node.
  virtual std::size_t take(std::uint64_t hash) { return place(hash); }
  // False where the node carries nothing.
  virtual bool release(std::size_t) { return false; }

  // What it takes beside the names of the nodes.
  virtual std::size_t memory_bytes() const = 0;
  // The same placement, on its own.
  virtual std::unique_ptr<Placement> clone() const = 0;
  // Ends the process if the structure contradicts itself. For tests.
  virtual void check_invariants() const = 0;

 protected:
  Placement() = default;
  Placement(const Placement&) = default;
  Placement& operator=(const Placement&) = default;

  std::vector<PlacedNode> nodes_;
};

}  // namespace syslab
