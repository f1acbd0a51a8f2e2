// Rendezvous hashing (highest random weight): every node bids for the key, the highest bid wins.
//
// A bid is made from the hashes of key and node alone. So nodes need no table; a node that leaves gives only
// its own keys away, evenly to all others; one that comes takes only what it wins; and the second highest bid
// is the natural replica. With weights the bid is -w / ln(u), u uniform in (0, 1), which gives a node exactly
// w / sum(w) of the keys and keeps movement minimal when a weight changes. Among nodes of one weight the
// highest u wins, so that a look-up takes one logarithm for each different weight, and none where all are
// equal.
//
// Cost: place is O(n), about 1 ns a node; a change of nodes is O(n); 12 bytes a node. Papers: Thaler &
// Ravishankar, "Using name-based mappings to increase hit rates", ToN 1998; weights: Schindelhauer &
// Schomaker, SPAA 2005.
#pragma once

#include "core/hash/basic_placement.hpp"

namespace syslab {

class Rendezvous final : public BasicPlacement<Rendezvous> {
 public:
  static constexpr std::string_view kName = "rendezvous";
  static constexpr PlacementTraits kTraits{};

  std::size_t place(std::uint64_t hash) const override {
    const Bid first = highest(classes_.front(), hash);
    return classes_.size() == 1 ? first.place : place_weighted(hash, first);
  }
  std::vector<std::size_t> place_replicas(std::uint64_t hash, std::size_t count) const override;
  std::size_t memory_bytes() const override {
    return seeds_.capacity() * 8 + places_.capacity() * 4 + classes_.capacity() * sizeof(Class);
  }

 private:
  friend class BasicPlacement<Rendezvous>;
  struct Class {  // nodes of one weight: seeds_[begin, end)
    double weight;
    std::uint32_t begin, end;
  };
  struct Bid {
    std::uint64_t bits;
    std::uint32_t place;
  };

  static std::uint64_t mix(std::uint64_t x) {
    x *= 0x9E3779B97F4A7C15ull;
    x ^= x >> 32;
    return x * 0xD6E8FEB86659FD93ull;
  }
  Bid highest(const Class& c, std::uint64_t hash) const {
    std::uint64_t best = 0;
    std::uint32_t at = c.begin;
    for (std::uint32_t i = c.begin; i < c.end; ++i) {
      const std::uint64_t bits = mix(hash ^ seeds_[i]);
      at = bits > best ? i : at;
      best = bits > best ? bits : best;
    }
    return {best, places_[at]};
  }
  static double score(double weight, std::uint64_t bits);
  std::size_t place_weighted(std::uint64_t hash, Bid first) const;
  void build(std::span<const std::uint32_t>);
  void check() const;

  std::vector<std::uint64_t> seeds_;   // by class, then by name
  std::vector<std::uint32_t> places_;  // of the node of each seed
  std::vector<Class> classes_;         // by weight, falling
};

std::unique_ptr<Placement> make_rendezvous();

}  // namespace syslab
