// Modulo: the hash of the key, modulo the number of nodes.
//
// Even, stateless and fast, and the reason why the others exist: when the number of nodes changes from n to n
// + 1, a key stays only where both remainders agree, so n/(n + 1) of all keys move: 10 of 11. Nodes count in
// the order of their names. Cost: one division, about 3 ns; no memory; a change of nodes costs nothing.
#pragma once

#include "core/hash/basic_placement.hpp"

namespace syslab {

class Modulo final : public BasicPlacement<Modulo> {
 public:
  static constexpr std::string_view kName = "modulo";
  static constexpr PlacementTraits kTraits{.weighted = false,
                                           .history_free = true,
                                           .path_free = true,
                                           .last_only = false,
                                           .minimal = false,
                                           .independent = true,
                                           .nodes_max = 1'000'000};

  std::size_t place(std::uint64_t hash) const override { return hash % nodes_.size(); }
  std::size_t memory_bytes() const override { return 0; }

 private:
  friend class BasicPlacement<Modulo>;
  void build(std::span<const std::uint32_t>) {}
  void check() const {}
};

std::unique_ptr<Placement> make_modulo();

}  // namespace syslab
