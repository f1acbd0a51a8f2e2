#include "core/shard/geographic.hpp"

#include <cmath>

#include "core/base/assert.hpp"

namespace syslab {

GeographicRouter::GeographicRouter(std::unique_ptr<Router> cells, int precision)
    : cells_(std::move(cells)), precision_(precision) {
  SYSLAB_ASSERT(precision >= 1 && precision <= kGeohashMost);
  shards_ = cells_->shards();
}

std::string GeographicRouter::refusal_of_key(const Value& key) const {
  if (key.is_string()) {
    if (!geohash_decode(key.string())) return key.json() + " is no geohash";
    if (key.string().size() >= static_cast<std::size_t>(precision_)) return "";
    return key.json() + " is larger than a cell, which has " + std::to_string(precision_) + " letters";
  }
  const Value &lat = key["lat"], &lon = key["lon"];
  const bool inside =
      lat.is_number() && lon.is_number() && std::abs(lat.number()) <= 90 && std::abs(lon.number()) <= 180;
  return inside ? "" : "expected { lat = -90 to 90, lon = -180 to 180 } or a geohash, got " + key.json();
}

std::string GeographicRouter::cell_of(const Value& key) const {
  if (key.is_map()) return geohash_encode({key["lat"].number(), key["lon"].number()}, precision_);
  // In small letters, so that one place has one cell.
  return geohash_encode(geohash_decode(key.string())->middle(), precision_);
}

void GeographicRouter::route_all(std::span<const Value> keys, std::span<std::uint32_t> places) const {
  std::vector<Value> cells;
  cells.reserve(keys.size());
  for (const Value& key : keys) cells.emplace_back(cell_of(key));
  cells_->route_all(cells, places);
}

void GeographicRouter::build(std::span<const std::uint32_t> order) {
  std::vector<PlacedNode> in_order;
  for (const std::uint32_t place : order) in_order.push_back(shards_[place]);
  const std::string problem = cells_->reset(std::move(in_order));
  SYSLAB_ASSERT(problem.empty());
}

void GeographicRouter::added(std::size_t place) {
  const std::string problem = cells_->add(shards_[place]);
  SYSLAB_ASSERT(problem.empty());
}

void GeographicRouter::removed(std::size_t) {
  for (const PlacedNode& shard : cells_->shards()) {
    if (index_of(shard.name) != kNone) continue;
    const std::string problem = cells_->remove(std::string(shard.name));
    SYSLAB_ASSERT(problem.empty());
    return;
  }
}

void GeographicRouter::weighed(std::size_t place) {
  const std::string problem = cells_->weigh(shards_[place].name, shards_[place].weight);
  SYSLAB_ASSERT(problem.empty());
}

// What the other router refuses, it refuses a copy of it.
std::string GeographicRouter::refusal_of_all(const std::vector<PlacedNode>& shards) const {
  return cells_->clone()->reset(shards);
}
std::string GeographicRouter::refusal(const PlacedNode& shard) const {
  return cells_->clone()->add(shard);
}
std::string GeographicRouter::refusal_of_weight(std::size_t place, double weight) const {
  return cells_->clone()->weigh(shards_[place].name, weight);
}
std::string GeographicRouter::refusal_of_removal(std::size_t place) const {
  return cells_->clone()->remove(shards_[place].name);
}

void GeographicRouter::check_invariants() const {
  Router::check_invariants();
  cells_->check_invariants();
  SYSLAB_ASSERT(cells_->shards().size() == shards_.size());
}

}  // namespace syslab
