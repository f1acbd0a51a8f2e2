// Slots: a fixed number of them (16384, as in a Redis cluster), and a table that says which node has each.
//
// A key's slot never changes: CRC16 of the key, or of what stands in its {braces}, modulo 16384. What changes
// is the table: a node that comes is given slots of the others until all have their shares, one that leaves
// gives its slots to those which have the fewest for their weight, and no other slot moves. So movement is
// minimal and shares differ by one slot at most; in exchange the table is a state that all must agree on,
// which depends on its history. The first nodes get contiguous ranges, as `redis-cli --cluster create` deals
// them.
//
// Cost: place is one read of the table, once the key is hashed (CRC16: 1 ns a byte); a change of nodes is
// O(16384); 64 KiB. Source: Redis Cluster specification, "Key distribution model".
#pragma once

#include "core/hash/basic_placement.hpp"
#include "core/hash/crc16.hpp"

namespace syslab {

class Slots final : public BasicPlacement<Slots> {
 public:
  static constexpr std::string_view kName = "slots";
  static constexpr PlacementTraits kTraits{.weighted = true,
                                           .history_free = false,
                                           .path_free = false,
                                           .last_only = false,
                                           .minimal = true,
                                           .independent = true,
                                           .nodes_max = kRedisSlots};

  Slots() { build({}); }

  // The slot, in the upper bits. A number is hashed as its decimal digits.
  std::uint64_t hash_of(std::string_view key) const override {
    return static_cast<std::uint64_t>(redis_slot(key)) << kShift;
  }
  std::uint64_t hash_of(std::uint64_t key) const override;
  std::size_t place(std::uint64_t hash) const override { return owners_[hash >> kShift]; }
  std::size_t memory_bytes() const override { return owners_.capacity() * 4; }

  std::size_t owner(std::uint32_t slot) const { return owners_[slot]; }

 private:
  friend class BasicPlacement<Slots>;
  static constexpr int kShift = 50;
  static_assert(kRedisSlots == 1u << (64 - kShift));

  void build(std::span<const std::uint32_t> order);
  void added(std::size_t place);
  void removed(std::size_t place);
  // How many slots each node should have, given how many it has.
  std::vector<std::uint32_t> targets(const std::vector<std::uint32_t>& has) const;
  void rebalance();
  void check() const;

  std::vector<std::uint32_t> owners_;  // of each slot, nobody while there is no node
};

std::unique_ptr<Placement> make_slots();

}  // namespace syslab
