// Consistent hashing with bounded loads: a hash ring on which a full node passes a key on to the next.
//
// A node is full when it carries ceil(bound * keys * weight / sum of weights). A key goes to the first node
// on the ring, from its own point on, that is not full. So no node ever carries more than `bound` times its
// fair share, and a change of nodes moves O(1 / (bound - 1)^2) times the keys that must move: more than on a
// plain ring, because a key that was passed on comes home when there is room. Where a key is
// therefore depends on the other keys: keys of one batch (place_all) are put one after the other on top of
// what take() has placed; place() is where one more key would go.
//
// Cost: place is O(1 / (bound - 1)^2) points in expectation, about 10 ns; a ring's memory
// and cost of a change (see ring.hpp), and 8 bytes a node. Loads are by node and stay with it; those of a
// node that leaves are forgotten. Paper: Mirrokni, Thorup & Zadimoghaddam, "Consistent hashing with bounded
// loads", SODA 2018.
#pragma once

#include "core/hash/basic_placement.hpp"
#include "core/hash/circle.hpp"

namespace syslab {

struct BoundedLoadOptions {
  std::uint32_t points = 160;  // of a node with weight 1; at least 1
  double bound = 1.25;         // above 1
};

class BoundedLoad final : public BasicPlacement<BoundedLoad> {
 public:
  static constexpr std::string_view kName = "bounded_load";
  static constexpr PlacementTraits kTraits{.weighted = true,
                                           .history_free = true,
                                           .path_free = true,
                                           .last_only = false,
                                           .minimal = false,
                                           .independent = false,
                                           .nodes_max = 1'000'000};

  explicit BoundedLoad(const BoundedLoadOptions& options = {});

  std::size_t place(std::uint64_t hash) const override { return first_with_room(hash, loads_, carried_ + 1); }
  std::vector<std::size_t> place_replicas(std::uint64_t hash, std::size_t count) const override;
  void place_all(std::span<const std::uint64_t> keys, std::span<std::uint32_t> places) const override;
  void place_hashes(std::span<const std::uint64_t> hashes, std::span<std::uint32_t> places) const override;
  std::size_t take(std::uint64_t hash) override;
  bool release(std::size_t place) override;
  std::size_t memory_bytes() const override { return circle_.memory_bytes() + loads_.capacity() * 8; }

  std::uint64_t load(std::size_t place) const { return loads_[place]; }
  // How many keys this node may carry where there are so many in all.
  std::uint64_t most_at(std::size_t place, std::uint64_t keys) const;

 private:
  friend class BasicPlacement<BoundedLoad>;
  std::size_t first_with_room(std::uint64_t hash, const std::vector<std::uint64_t>& loads,
                              std::uint64_t keys) const;
  template <class HashAt>
  void place_batch(std::size_t count, HashAt hash_at, std::span<std::uint32_t> places) const;
  void build(std::span<const std::uint32_t>);
  void rebuild();
  void added(std::size_t place);
  void removed(std::size_t place);
  std::string room(const std::vector<PlacedNode>& nodes) const;
  std::string room_beside(const PlacedNode& node) const;
  void check() const;

  BoundedLoadOptions options_;
  Circle<std::uint64_t> circle_;
  double weights_ = 0;                // of all nodes
  std::vector<std::uint64_t> loads_;  // of each node
  std::uint64_t carried_ = 0;         // their sum
};

std::unique_ptr<Placement> make_bounded_load(const BoundedLoadOptions& options = {});

}  // namespace syslab
