#include "core/hash/ketama.hpp"

#include <fmt/format.h>

#include <cmath>

#include "core/hash/md5.hpp"

namespace syslab {
namespace {

constexpr float kPointsPerNode = 160;
constexpr float kPointsPerDigest = 4;

}  // namespace

std::uint64_t Ketama::hash_of(std::string_view key) const {
  return static_cast<std::uint64_t>(md5_word(md5(key), 0)) << 32;
}

std::uint64_t Ketama::hash_of(std::uint64_t key) const {
  const fmt::format_int digits(key);
  return hash_of(std::string_view(digits.data(), digits.size()));
}

std::uint32_t Ketama::point(std::uint64_t hash) const {
  const std::size_t found = circle_.point_of(static_cast<std::uint32_t>(hash >> 32));
  // The end of the circle is the first point again.
  return circle_.hash(found + 1 == circle_.size() ? 0 : found);
}

std::vector<std::size_t> Ketama::place_replicas(std::uint64_t hash, std::size_t count) const {
  return circle_.owners_from(static_cast<std::uint32_t>(hash >> 32), std::min(count, nodes_.size()));
}

void Ketama::build(std::span<const std::uint32_t>) {
  double total = 0;
  for (const PlacedNode& node : nodes_) total += node.weight;
  std::vector<Circle<std::uint32_t>::Point> points;
  for (std::uint32_t node = 0; node < nodes_.size(); ++node) {
    // In single precision, and in libmemcached's order of operations: the rounding decides how many points
    // there are.
    const float part = static_cast<float>(nodes_[node].weight) / static_cast<float>(total);
    const float scaled = part * kPointsPerNode / kPointsPerDigest * static_cast<float>(nodes_.size());
    const auto digests = static_cast<std::uint32_t>(std::floor(scaled + 0.0000000001F));
    // libmemcached gives a node of very small weight no point at all. Here each node has one digest at least,
    // so that every node can be a replica.
    for (std::uint32_t i = 0; i < std::max(1u, digests); ++i) {
      const Md5Digest digest = md5(fmt::format("{}-{}", nodes_[node].name, i));
      for (int word = 0; word < 4; ++word) points.push_back({md5_word(digest, word), node});
    }
  }
  circle_.build(std::move(points));
}

std::unique_ptr<Placement> make_ketama() {
  return std::make_unique<Ketama>();
}

}  // namespace syslab
