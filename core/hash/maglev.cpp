#include "core/hash/maglev.hpp"

namespace syslab {

std::vector<std::uint32_t> maglev_table(std::span<const std::uint32_t> offsets,
                                        std::span<const std::uint32_t> skips, std::uint32_t size,
                                        std::span<const double> weights) {
  const std::size_t nodes = offsets.size();
  SYSLAB_ASSERT(nodes >= 1 && nodes <= size && skips.size() == nodes);
  SYSLAB_ASSERT(weights.empty() || weights.size() == nodes);
  constexpr std::uint32_t kFree = ~0u;
  std::vector<std::uint32_t> table(size, kFree), next(offsets.begin(), offsets.end());
  const double heaviest = weights.empty() ? 1 : *std::max_element(weights.begin(), weights.end());
  std::vector<double> credit(nodes, 0.0);
  for (std::uint32_t filled = 0;;) {
    for (std::uint32_t i = 0; i < nodes; ++i) {
      if (!weights.empty()) {
        credit[i] += weights[i] / heaviest;
        if (credit[i] < 1) continue;
        credit[i] -= 1;
      }
      // The next entry of the node's permutation that is free: there is one, because the size is prime.
      std::uint32_t entry = next[i];
      while (table[entry] != kFree) {
        entry += skips[i];
        if (entry >= size) entry -= size;
      }
      table[entry] = i;
      entry += skips[i];
      next[i] = entry >= size ? entry - size : entry;
      if (++filled == size) return table;
    }
  }
}

bool is_prime(std::uint32_t n) {
  if (n < 4) return n >= 2;
  if (n % 2 == 0) return false;
  for (std::uint64_t d = 3; d * d <= n; d += 2) {
    if (n % d == 0) return false;
  }
  return true;
}

Maglev::Maglev(std::uint32_t size) : size_(size) {
  SYSLAB_ASSERT(is_prime(size) && size <= kMostSize);
}

PlacementTraits Maglev::limits() const {
  PlacementTraits traits = kTraits;
  traits.nodes_max = size_;
  return traits;
}

void Maglev::build(std::span<const std::uint32_t>) {
  table_.clear();
  if (nodes_.empty()) return;
  std::vector<std::uint32_t> offsets, skips;
  std::vector<double> weights;
  bool equal = true;
  for (const PlacedNode& node : nodes_) {
    offsets.push_back(static_cast<std::uint32_t>(hash64(node.name, 11) % size_));
    skips.push_back(size_ == 2 ? 1 : static_cast<std::uint32_t>(hash64(node.name, 13) % (size_ - 1) + 1));
    weights.push_back(node.weight);
    equal = equal && node.weight == nodes_.front().weight;
  }
  table_ = maglev_table(offsets, skips, size_,
                        equal ? std::span<const double>() : std::span<const double>(weights));
}

void Maglev::check() const {
  SYSLAB_ASSERT(table_.size() == (nodes_.empty() ? 0 : size_));
  for (std::uint32_t place : table_) SYSLAB_ASSERT(place < nodes_.size());
}

std::unique_ptr<Placement> make_maglev(std::uint32_t size) {
  return std::make_unique<Maglev>(size);
}

}  // namespace syslab
