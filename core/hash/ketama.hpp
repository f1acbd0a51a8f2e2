// Ketama: the hash ring as memcached clients have it, point by point.
//
// A key is placed by the first four bytes of its MD5 on a circle of 32 bits. A node has 40 digests, of
// "name-0", "name-1" ..., and four points from each. With weights it has floor(40 * n * weight / total)
// digests, counted in single precision, as libmemcached does; so weights are compared to the average, and a
// node that comes shifts the number of points of the others a little: where weights differ, a few keys move
// needlessly. Names are those which the clients use: the host alone for memcached's port 11211, else
// "host:port".
//
// Cost: place is O(1) expected once the key is hashed, but MD5 takes about 150 ns a key; a change of nodes is
// O(P log P) for P points; 12 to 16 bytes a point. Source: libketama (R. Jones, last.fm 2007);
// libmemcached 1.1, hosts.cc, MEMCACHED_DISTRIBUTION_CONSISTENT_KETAMA with
// MEMCACHED_BEHAVIOR_KETAMA_WEIGHTED.
#pragma once

#include "core/hash/basic_placement.hpp"
#include "core/hash/circle.hpp"

namespace syslab {

class Ketama final : public BasicPlacement<Ketama> {
 public:
  static constexpr std::string_view kName = "ketama";
  static constexpr PlacementTraits kTraits{.weighted = true,
                                           .history_free = true,
                                           .path_free = true,
                                           .last_only = false,
                                           .minimal = false,
                                           .independent = true,
                                           .nodes_max = Circle<std::uint32_t>::kMostPoints / 320};

  // In the upper half of the 64 bits. A number is hashed as its decimal digits.
  std::uint64_t hash_of(std::string_view key) const override;
  std::uint64_t hash_of(std::uint64_t key) const override;
  std::size_t place(std::uint64_t hash) const override {
    return circle_.owner_of(static_cast<std::uint32_t>(hash >> 32));
  }
  std::vector<std::size_t> place_replicas(std::uint64_t hash, std::size_t count) const override;
  std::size_t memory_bytes() const override { return circle_.memory_bytes(); }

  // The point of the circle that a hash belongs to.
  std::uint32_t point(std::uint64_t hash) const;

 private:
  friend class BasicPlacement<Ketama>;
  void build(std::span<const std::uint32_t>);
  void check() const { circle_.check(nodes_.size()); }

  Circle<std::uint32_t> circle_;
};

std::unique_ptr<Placement> make_ketama();

}  // namespace syslab
