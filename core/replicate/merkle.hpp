// A hash tree over a set of keys and what they hold: two replicas that have the same tree have the same keys,
// and where they differ, they find the keys by comparing only the branches that differ.
//
// A complete binary tree of 2^depth leaves, numbered as a heap: the root is 1, the children of i are 2i and
// 2i + 1. A key belongs to the leaf that the upper bits of its hash name. A leaf is the exclusive or of the
// hashes of its entries, so entries come and go in O(1); a node above is the hash of its two children. Two
// trees with d different keys are compared by asking for at most 1 + 2 * d * depth nodes. Source: Merkle
// 1987; as used by DeCandia et al. 2007, "Dynamo", section 4.7.
#pragma once

#include <cstdint>
#include <vector>

#include "core/hash/hash64.hpp"

namespace syslab {

class MerkleTree {
 public:
  // Requires: 1 <= depth <= 20.
  explicit MerkleTree(unsigned depth) : depth_(depth), nodes_(std::size_t{2} << depth, 0) {}

  unsigned depth() const { return depth_; }
  std::size_t leaf_of(std::uint64_t key_hash) const {
    return (std::size_t{1} << depth_) + (key_hash >> (64 - depth_));
  }
  bool is_leaf(std::size_t node) const { return node >> depth_ != 0; }
  bool has(std::size_t node) const { return node >= 1 && node < nodes_.size(); }

  // Adds an entry, or takes the same one away again.
  void toggle(std::uint64_t key_hash, std::uint64_t content_hash) {
    nodes_[leaf_of(key_hash)] ^= mix64(key_hash ^ mix64(content_hash));
    sealed_ = false;
  }
  // Requires: has(node).
  std::uint64_t hash(std::size_t node) {
    if (!sealed_) {
      for (std::size_t i = (std::size_t{1} << depth_) - 1; i >= 1; --i) {
        const bool empty = nodes_[2 * i] == 0 && nodes_[2 * i + 1] == 0;
        nodes_[i] = empty ? 0 : mix64(nodes_[2 * i] + mix64(nodes_[2 * i + 1]));
      }
      sealed_ = true;
    }
    return nodes_[node];
  }

 private:
  unsigned depth_;
  bool sealed_ = false;
  std::vector<std::uint64_t> nodes_;
};

}  // namespace syslab
