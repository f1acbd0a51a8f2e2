// Jump consistent hash: no table at all, a few multiplications that say in which of n buckets a key is.
//
// A key's bucket is followed from 1 bucket up to n: with b + 1 buckets the key jumps to the new one with
// probability 1/(b + 1), and the next jump is drawn directly. Even to the last key, and exactly 1/(n + 1) of
// the keys move when a bucket is appended. The price: buckets are numbers, so only the one that came last can
// leave. For shards, which are appended and never lost, rather than for servers. Nodes are buckets in the
// order in which they came, and know no weights.
//
// Cost: place is O(ln n) dependent divisions (about 20 ns at 10 nodes, 50 ns at 1000); 4 bytes a node, which
// are the names' places. Paper: Lamping & Veach, "A fast, minimal memory, consistent hash algorithm", 2014.
#pragma once

#include "core/hash/basic_placement.hpp"

namespace syslab {

// The bucket of a key, 0 to buckets - 1, as the paper has it: the key is not hashed. Requires: 1 <= buckets <
// 2^31.
inline std::uint32_t jump_bucket(std::uint64_t key, std::uint32_t buckets) {
  std::int64_t b = -1, j = 0;
  while (j < static_cast<std::int64_t>(buckets)) {
    b = j;
    key = key * 2862933555777941757ull + 1;
    // Doubles as in the paper: every value is below 2^53, and the division is correctly rounded everywhere.
    j = static_cast<std::int64_t>(static_cast<double>(b + 1) *
                                  (static_cast<double>(1ll << 31) / static_cast<double>((key >> 33) + 1)));
  }
  return static_cast<std::uint32_t>(b);
}

class Jump final : public BasicPlacement<Jump> {
 public:
  static constexpr std::string_view kName = "jump";
  static constexpr PlacementTraits kTraits{.weighted = false,
                                           .history_free = false,
                                           .path_free = true,
                                           .last_only = true,
                                           .minimal = true,
                                           .independent = true,
                                           .nodes_max = 1'000'000};

  std::size_t place(std::uint64_t hash) const override {
    return places_[jump_bucket(hash, static_cast<std::uint32_t>(places_.size()))];
  }
  std::size_t memory_bytes() const override { return places_.capacity() * 4; }

 private:
  friend class BasicPlacement<Jump>;
  void build(std::span<const std::uint32_t> order) { places_.assign(order.begin(), order.end()); }
  void added(std::size_t place);
  void removed(std::size_t place);
  std::string stays(std::size_t place) const;
  void check() const;

  std::vector<std::uint32_t> places_;  // of each bucket's node
};

std::unique_ptr<Placement> make_jump();

}  // namespace syslab
