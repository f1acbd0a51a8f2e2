// Maglev: a table that nodes fill in turns, each along a permutation of its own; a key is one read of the
// table.
//
// The most even of the consistent ones (no node has above one percent more than its share while the table is
// 100 times as long as there are nodes) and the fastest; in exchange a few keys move needlessly when nodes
// come and go: with a table of 65537 about 0.2 % of all keys among 10 nodes, 0.55 % among 100, 0.6 % among
// 1000. Made for a fleet of balancers that agree without talking. A node of weight w takes w turns where the
// heaviest takes max(w).
//
// Cost: place O(1), about 1 ns beyond the hash; a change of nodes builds the table anew, O(M ln M) steps:
// about 2 ms for 65537; 4 bytes an entry, 256 KiB for 65537, however many nodes there are. Paper: Eisenbud et
// al., "Maglev: a fast and reliable software network load balancer", NSDI 2016, section 3.4.
#pragma once

#include "core/hash/basic_placement.hpp"

namespace syslab {

// The look-up table by the paper's pseudocode: which node has each entry. Node i tries offsets[i], then every
// skips[i]-th entry further on. Requires: one size, not 0; at most `size` nodes; size is prime; offset <
// size; 1 <= skip < size; weights > 0, or none: all equal.
std::vector<std::uint32_t> maglev_table(std::span<const std::uint32_t> offsets,
                                        std::span<const std::uint32_t> skips, std::uint32_t size,
                                        std::span<const double> weights = {});

bool is_prime(std::uint32_t n);

class Maglev final : public BasicPlacement<Maglev> {
 public:
  static constexpr std::string_view kName = "maglev";
  static constexpr PlacementTraits kTraits{.weighted = true,
                                           .history_free = true,
                                           .path_free = true,
                                           .last_only = false,
                                           .minimal = false,
                                           .independent = true,
                                           .nodes_max = 65537};
  static constexpr std::uint32_t kSize = 65537;
  static constexpr std::uint32_t kMostSize = 5'000'011;

  // Requires: size is prime, at most kMostSize.
  explicit Maglev(std::uint32_t size = kSize);

  std::size_t place(std::uint64_t hash) const override {
    __extension__ using Wide = unsigned __int128;
    return table_[static_cast<std::size_t>(static_cast<Wide>(hash) * size_ >> 64)];
  }
  std::size_t memory_bytes() const override { return table_.capacity() * 4; }

 private:
  friend class BasicPlacement<Maglev>;
  PlacementTraits limits() const;
  void build(std::span<const std::uint32_t>);
  void check() const;

  std::uint32_t size_;
  std::vector<std::uint32_t> table_;
};

std::unique_ptr<Placement> make_maglev(std::uint32_t size = Maglev::kSize);

}  // namespace syslab
