#include "core/shard/bucket_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/assert.hpp"
#include "core/hash/crc16.hpp"

namespace syslab {
namespace {

std::vector<std::uint32_t> counts_of(std::span<const std::uint32_t> owners, std::size_t shards) {
  std::vector<std::uint32_t> has(shards, 0);
  for (const std::uint32_t owner : owners) {
    if (owner != kNobody) ++has[owner];
  }
  return has;
}

// Of each shard: its share of the buckets. Frozen ones keep what they have, and the others share the rest.
std::vector<std::uint32_t> targets_of(std::span<const std::uint32_t> has, std::uint32_t buckets,
                                      std::span<const PlacedNode> shards, const std::vector<bool>& frozen) {
  if (frozen.empty()) return shares_of(buckets, shards, has);
  std::vector<PlacedNode> moving;
  std::vector<std::uint32_t> moving_has;
  std::vector<std::uint32_t> target(has.begin(), has.end());
  for (std::size_t i = 0; i < shards.size(); ++i) {
    if (frozen[i]) {
      buckets -= has[i];
    } else {
      moving.push_back(shards[i]);
      moving_has.push_back(has[i]);
    }
  }
  if (moving.empty()) return target;
  const auto shares = shares_of(buckets, moving, moving_has);
  for (std::size_t i = 0, k = 0; i < shards.size(); ++i) {
    if (!frozen[i]) target[i] = shares[k++];
  }
  return target;
}

double percent_off(std::uint32_t has, std::uint32_t share) {
  if (share == 0) return has == 0 ? 0 : 100;
  return 100 * std::abs(static_cast<double>(has) - share) / share;
}

}  // namespace

std::uint32_t bucket_of(BucketKind kind, std::uint32_t count, const Value& key) {
  if (kind == BucketKind::buckets) return static_cast<std::uint32_t>(hash_key(key) % count);
  SYSLAB_ASSERT(count == kRedisSlots);
  if (key.is_string()) return redis_slot(key.string());
  return redis_slot(key.json());  // a number as its decimal digits, as clients write it
}

std::vector<BucketMove> plan_of_buckets(std::span<const std::uint32_t> owners,
                                        std::span<const PlacedNode> shards, double threshold,
                                        const std::vector<bool>& frozen) {
  if (shards.empty()) return {};
  std::vector<std::uint32_t> has = counts_of(owners, shards.size());
  const auto target = targets_of(has, static_cast<std::uint32_t>(owners.size()), shards, frozen);
  double off = 0;
  for (std::size_t i = 0; i < shards.size(); ++i) off = std::max(off, percent_off(has[i], target[i]));
  const bool homeless = std::find(owners.begin(), owners.end(), kNobody) != owners.end();
  if (!homeless && off <= threshold) return {};
  // Who has too many gives away its last ones; they go, in order, to who has too few.
  std::vector<BucketMove> moves;
  for (auto bucket = static_cast<std::uint32_t>(owners.size()); bucket-- > 0;) {
    const std::uint32_t owner = owners[bucket];
    if (owner == kNobody) {
      moves.push_back({bucket, owner, kNobody});
    } else if (has[owner] > target[owner]) {
      --has[owner];
      moves.push_back({bucket, owner, kNobody});
    }
  }
  std::reverse(moves.begin(), moves.end());
  std::uint32_t taker = 0;
  for (BucketMove& move : moves) {
    while (has[taker] >= target[taker]) ++taker;
    move.to = taker;
    ++has[taker];
  }
  return moves;
}

double disbalance_of(std::span<const std::uint32_t> owners, std::span<const PlacedNode> shards) {
  if (shards.empty()) return 0;
  const auto has = counts_of(owners, shards.size());
  const auto target = shares_of(static_cast<std::uint32_t>(owners.size()), shards, has);
  double off = 0;
  for (std::size_t i = 0; i < shards.size(); ++i) off = std::max(off, percent_off(has[i], target[i]));
  return off;
}

void BucketMap::follow() {
  for (const BucketMove& move : plan_of_buckets(owners_, shards_)) owners_[move.bucket] = move.to;
}

void BucketMap::build(std::span<const std::uint32_t> order) {
  std::fill(owners_.begin(), owners_.end(), kNobody);
  if (shards_.empty()) return;
  // The first shards get ranges, as `redis-cli --cluster create` deals them.
  const auto share = shares_of(static_cast<std::uint32_t>(owners_.size()), shards_,
                               std::vector<std::uint32_t>(shards_.size(), 0));
  std::uint32_t bucket = 0;
  for (const std::uint32_t place : order) {
    for (std::uint32_t i = 0; i < share[place]; ++i) owners_[bucket++] = place;
  }
}

void BucketMap::added(std::size_t place) {
  place_added(owners_, place);
  follow();
}

void BucketMap::removed(std::size_t place) {
  place_removed(owners_, place);
  follow();
}

std::string BucketMap::refusal_of_all(const std::vector<PlacedNode>& shards) const {
  if (shards.size() <= owners_.size()) return "";
  return fmt::format("{} shards cannot share {} {}", shards.size(), owners_.size(), name());
}

std::string BucketMap::refusal(const PlacedNode& shard) const {
  if (shards_.size() < owners_.size()) return Router::refusal(shard);
  return fmt::format("there is no room for '{}': each of the {} {} has a shard of its own", shard.name,
                     owners_.size(), name());
}

void BucketMap::check_invariants() const {
  Router::check_invariants();
  for (const std::uint32_t owner : owners_) {
    SYSLAB_ASSERT(shards_.empty() ? owner == kNobody : owner < shards_.size());
  }
}

}  // namespace syslab
