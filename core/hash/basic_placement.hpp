// What all placements share, so that an algorithm is little more than its look-up.
//
// An algorithm derives from BasicPlacement<Itself> and gives:
//
//   static constexpr std::string_view kName; static constexpr PlacementTraits kTraits;
//   std::size_t place(std::uint64_t hash) const override        the look-up, inline
//   void build(std::span<const std::uint32_t> order)            from nodes_; order[k] is who came k-th
//   void added(std::size_t place), removed(std::size_t place)   where a change is less than building anew
//   std::size_t memory_bytes() const, void check() const
//
// and what else it does in another way: its own hash_of (then place_all follows), place_replicas, room().
#pragma once

#include <algorithm>
#include <memory>
#include <numeric>
#include <utility>

#include "core/base/assert.hpp"
#include "core/base/rng.hpp"
#include "core/hash/placement.hpp"

namespace syslab {

namespace internal {

inline bool node_before(const PlacedNode& a, const PlacedNode& b) {
  return a.name < b.name;
}

// Why a node cannot join these, by what holds for all algorithms.
std::string refusal_of(std::string_view algorithm, const PlacementTraits& traits, const PlacedNode& node,
                       std::size_t nodes);

}  // namespace internal

template <class Self>
class BasicPlacement : public Placement {
 public:
  std::string_view name() const override { return Self::kName; }
  PlacementTraits traits() const override { return self().limits(); }

  std::string reset(std::vector<PlacedNode> nodes) override {
    std::vector<std::uint32_t> by_name(nodes.size()), order(nodes.size());
    std::iota(by_name.begin(), by_name.end(), 0u);
    std::sort(by_name.begin(), by_name.end(), [&](auto a, auto b) { return nodes[a].name < nodes[b].name; });
    for (std::uint32_t place = 0; place < nodes.size(); ++place) order[by_name[place]] = place;
    std::vector<PlacedNode> sorted;
    sorted.reserve(nodes.size());
    for (std::uint32_t i : by_name) sorted.push_back(std::move(nodes[i]));
    for (std::size_t i = 0; i < sorted.size(); ++i) {
      SYSLAB_ASSERT(sorted[i].weight > 0);
      if (i > 0 && sorted[i - 1].name == sorted[i].name) return "'" + sorted[i].name + "' is there twice";
      std::string problem = internal::refusal_of(name(), traits(), sorted[i], sorted.size() - 1);
      if (!problem.empty()) return problem;
    }
    std::string problem = self().room(sorted);
    if (!problem.empty()) return problem;
    nodes_ = std::move(sorted);
    self().build(order);
    return "";
  }

  std::string refusal(const PlacedNode& node) const override {
    SYSLAB_ASSERT(node.weight > 0);
    if (index_of(node.name) != kNone) return "there is a node '" + node.name + "' already";
    std::string problem = internal::refusal_of(name(), traits(), node, nodes_.size());
    return problem.empty() ? self().room_beside(node) : problem;
  }

  std::string removal_refusal(std::string_view node) const override {
    const std::size_t place = index_of(node);
    if (place == kNone) return "there is no node '" + std::string(node) + "'";
    return self().stays(place);
  }

  bool add(PlacedNode node) override {
    if (!refusal(node).empty()) return false;
    const auto at = std::lower_bound(nodes_.begin(), nodes_.end(), node, internal::node_before);
    const auto place = static_cast<std::size_t>(at - nodes_.begin());
    nodes_.insert(at, std::move(node));
    self().added(place);
    return true;
  }

  bool remove(std::string_view node) override {
    if (!removal_refusal(node).empty()) return false;
    const std::size_t place = index_of(node);
    nodes_.erase(nodes_.begin() + static_cast<std::ptrdiff_t>(place));
    self().removed(place);
    return true;
  }

  // The home, then the homes of hashes made from this one until `count` nodes are found, and at last, where
  // the hashes keep missing some, those in the order of their names. A node that leaves is replaced where it
  // stood in the list.
  std::vector<std::size_t> place_replicas(std::uint64_t hash, std::size_t count) const override {
    std::vector<std::size_t> out;
    count = std::min(count, nodes_.size());
    std::vector<bool> taken(nodes_.size());
    const auto take = [&](std::size_t place) {
      if (taken[place]) return;
      taken[place] = true;
      out.push_back(place);
    };
    if (count > 0) take(self().place(hash));
    for (std::uint64_t i = 1; out.size() < count && i <= 16 * nodes_.size(); ++i) {
      take(self().place(mix64(hash ^ mix64(i))));
    }
    for (std::size_t place = 0; out.size() < count; ++place) take(place);
    return out;
  }

  void place_all(std::span<const std::uint64_t> keys, std::span<std::uint32_t> places) const override {
    SYSLAB_ASSERT(keys.size() == places.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      places[i] = static_cast<std::uint32_t>(self().place(self().hash_of(keys[i])));
    }
  }
  void place_hashes(std::span<const std::uint64_t> hashes, std::span<std::uint32_t> places) const override {
    SYSLAB_ASSERT(hashes.size() == places.size());
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      places[i] = static_cast<std::uint32_t>(self().place(hashes[i]));
    }
  }

  std::unique_ptr<Placement> clone() const override { return std::make_unique<Self>(self()); }

  void check_invariants() const override {
    SYSLAB_ASSERT(std::is_sorted(nodes_.begin(), nodes_.end(), internal::node_before));
    SYSLAB_ASSERT(nodes_.size() <= traits().nodes_max);
    self().check();
  }

 protected:
  // What an algorithm may replace. Its traits, where its options change them.
  PlacementTraits limits() const { return Self::kTraits; }
  // Why these nodes, or one more, are too much for it.
  std::string room(const std::vector<PlacedNode>&) const { return ""; }
  std::string room_beside(const PlacedNode&) const { return ""; }
  // Why the node at this place cannot leave.
  std::string stays(std::size_t) const { return ""; }
  void added(std::size_t) { self().build({}); }
  void removed(std::size_t) { self().build({}); }

 private:
  Self& self() { return static_cast<Self&>(*this); }
  const Self& self() const { return static_cast<const Self&>(*this); }
};

}  // namespace syslab
