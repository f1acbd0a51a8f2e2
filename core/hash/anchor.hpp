// AnchorHash: consistent hashing over a fixed number of buckets, of which some are in use.
//
// A key is hashed to one of all `capacity` buckets. Where that one is not in use, the key is hashed again,
// now among the buckets that were in use when that one left, and so on until one in use is met. So what a
// node gave away when it left comes back to it exactly, keys move only where they must, shares are as even as
// the hash, and any node can leave at any time. The price is a history: a bucket that is added is always the
// one removed last, so two places agree only if they saw the same changes in the same order; and a capacity
// for life. Nodes know no weights.
//
// Cost: place takes 1 + ln(capacity / nodes) hashes in expectation (about 3 ns where nearly all buckets are
// used, 15 ns where a tenth is); a change of nodes O(1) beside the list of names; 20 to 24 bytes a bucket.
// Paper: Mendelson, Vargaftik, Barabash, Lorenz, Keslassy & Orda, "AnchorHash: a scalable consistent hash",
// IEEE/ACM ToN 2020; names as in its algorithm 3.
#pragma once

#include "core/hash/basic_placement.hpp"

namespace syslab {

class Anchor final : public BasicPlacement<Anchor> {
 public:
  static constexpr std::string_view kName = "anchor";
  static constexpr PlacementTraits kTraits{.weighted = false,
                                           .history_free = false,
                                           .path_free = true,
                                           .last_only = false,
                                           .minimal = true,
                                           .independent = true,
                                           .nodes_max = 0};
  static constexpr std::uint32_t kMostCapacity = 1 << 24;

  // Requires: 1 <= capacity <= kMostCapacity.
  explicit Anchor(std::uint32_t capacity);

  std::size_t place(std::uint64_t hash) const override { return buckets_[bucket_of(hash)].next; }
  std::size_t memory_bytes() const override {
    return buckets_.capacity() * sizeof(Bucket) +
           (working_.capacity() + last_.capacity() + removed_.capacity() + bucket_at_.capacity()) * 4;
  }
  std::uint32_t capacity() const { return static_cast<std::uint32_t>(buckets_.size()); }

  // The bucket of a key's hash. Requires: one is in use.
  std::uint32_t bucket_of(std::uint64_t hash) const {
    std::uint32_t b = below(hash, capacity());
    while (buckets_[b].left > 0) {
      // A fresh hash of key and bucket, among those in use when b left.
      std::uint32_t h = below(mix64(hash ^ b), buckets_[b].left);
      // h may have left before b; then it had been replaced by the time, perhaps more than once.
      while (buckets_[h].left >= buckets_[b].left) h = buckets_[h].next;
      b = h;
    }
    return b;
  }

 private:
  friend class BasicPlacement<Anchor>;
  struct Bucket {
    std::uint32_t left;  // A: 0 while it is in use, else how many were in use right after it left
    // K: who took its position in the working set when it left. That is asked of buckets that have left only,
    // so while it is in use this is the place of its node, and a look-up reads nothing else.
    std::uint32_t next;
  };

  static std::uint32_t below(std::uint64_t hash, std::uint32_t bound) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint32_t>(static_cast<Wide>(hash) * bound >> 64);
  }
  PlacementTraits limits() const;
  void build(std::span<const std::uint32_t> order);
  void added(std::size_t place);
  void removed(std::size_t place);
  void check() const;

  std::vector<Bucket> buckets_;
  std::vector<std::uint32_t> working_;    // W: its first `in use` entries are the buckets in use
  std::vector<std::uint32_t> last_;       // L: where each bucket stood in working_ when it was there last
  std::vector<std::uint32_t> removed_;    // R: buckets not in use, the next one to come back last
  std::vector<std::uint32_t> bucket_at_;  // the bucket of each node
};

std::unique_ptr<Placement> make_anchor(std::uint32_t capacity);

}  // namespace syslab
