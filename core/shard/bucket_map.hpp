// BucketMap: a fixed number of buckets, and a table that says which shard has each.
//
// A key's bucket never changes, because their number is fixed for life; what changes is the table. So a shard
// can be given exactly its share, in units that can be moved one at a time. Two kinds:
//
//   slots    16384 of them; CRC16 of the key, or of what stands in its {braces} (Redis Cluster)
//   buckets  as many as are asked for (vshard's default: 3000); hash_key of the key modulo their number
//
// plan() is the rebalancer: the fewest moves that give every shard its share, by weight; none as long as no
// shard is further from its share than a threshold, in percent (vshard's rebalancer_disbalance_threshold, 1).
// A router follows each change of its shards with the whole plan at once; a cluster carries it out move by
// move (core/shard/manager.hpp). Cost: O(1) a key, O(buckets) a change; 4 bytes a bucket. Sources: Redis
// Cluster specification, "Key distribution model"; Tarantool vshard, "Rebalancing process".
#pragma once

#include "core/shard/router.hpp"

namespace syslab {

inline constexpr std::uint32_t kVshardBuckets = 3000;
inline constexpr std::uint32_t kMostBuckets = 1 << 20;

enum class BucketKind : std::uint8_t { slots, buckets };

// From 0. Requires: count >= 1; of slots, count is kRedisSlots.
std::uint32_t bucket_of(BucketKind kind, std::uint32_t count, const Value& key);

struct BucketMove {
  std::uint32_t bucket;
  std::uint32_t from;
  std::uint32_t to;
  bool operator==(const BucketMove&) const = default;
};

// The fewest moves after which every shard has its share. `owners` of each bucket; kNobody's are given away
// first. None where no shard that has buckets or should have some is further than `threshold` percent from
// its share. Shards in `frozen` neither give nor get (their share is what they have).
std::vector<BucketMove> plan_of_buckets(std::span<const std::uint32_t> owners,
                                        std::span<const PlacedNode> shards, double threshold = 0,
                                        const std::vector<bool>& frozen = {});
// How far the shard that is furthest from its share is, in percent of it.
double disbalance_of(std::span<const std::uint32_t> owners, std::span<const PlacedNode> shards);

class BucketMap final : public Router {
 public:
  // Requires: 1 <= count <= kMostBuckets; of slots, kRedisSlots.
  BucketMap(BucketKind kind, std::uint32_t count) : kind_(kind), owners_(count, kNobody) {}

  std::string_view name() const override { return kind_ == BucketKind::slots ? "slots" : "buckets"; }
  RouterTraits traits() const override { return {}; }
  std::size_t route(const Value& key) const override { return owners_[bucket(key)]; }
  std::size_t memory_bytes() const override { return owners_.capacity() * sizeof(std::uint32_t); }
  std::unique_ptr<Router> clone() const override { return std::make_unique<BucketMap>(*this); }
  void check_invariants() const override;

  std::uint32_t bucket(const Value& key) const {
    return bucket_of(kind_, static_cast<std::uint32_t>(owners_.size()), key);
  }
  std::span<const std::uint32_t> owners() const { return owners_; }
  // Gives a bucket to a shard. Requires: there are both.
  void assign(std::uint32_t bucket, std::size_t place) {
    owners_[bucket] = static_cast<std::uint32_t>(place);
  }

 private:
  void build(std::span<const std::uint32_t> order) override;
  void added(std::size_t place) override;
  void removed(std::size_t place) override;
  void weighed(std::size_t) override { follow(); }
  std::string refusal_of_all(const std::vector<PlacedNode>& shards) const override;
  std::string refusal(const PlacedNode& shard) const override;
  void follow();

  BucketKind kind_;
  std::vector<std::uint32_t> owners_;
};

}  // namespace syslab
