#include "core/hash/bounded_load.hpp"

#include <cmath>

#include "core/hash/ring.hpp"

namespace syslab {

BoundedLoad::BoundedLoad(const BoundedLoadOptions& options) : options_(options) {
  SYSLAB_ASSERT(options.points >= 1 && options.bound > 1);
}

std::uint64_t BoundedLoad::most_at(std::size_t place, std::uint64_t keys) const {
  const double share = options_.bound * static_cast<double>(keys) * (nodes_[place].weight / weights_);
  return static_cast<std::uint64_t>(std::ceil(share));
}

// The bounds add up to more than `keys`, so somebody has room.
std::size_t BoundedLoad::first_with_room(std::uint64_t hash, const std::vector<std::uint64_t>& loads,
                                         std::uint64_t keys) const {
  std::size_t point = circle_.point_of(hash);
  for (;;) {
    const std::uint32_t owner = circle_.owner(point);
    if (loads[owner] < most_at(owner, keys)) return owner;
    if (++point == circle_.size()) point = 0;
  }
}

template <class HashAt>
void BoundedLoad::place_batch(std::size_t count, HashAt hash_at, std::span<std::uint32_t> places) const {
  SYSLAB_ASSERT(places.size() == count);
  std::vector<std::uint64_t> room(nodes_.size());
  for (std::size_t i = 0; i < room.size(); ++i) {
    const std::uint64_t most = most_at(i, carried_ + count);
    room[i] = most - std::min(most, loads_[i]);
  }
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t point = circle_.point_of(hash_at(i));
    while (room[circle_.owner(point)] == 0) {
      if (++point == circle_.size()) point = 0;
    }
    places[i] = circle_.owner(point);
    --room[places[i]];
  }
}

void BoundedLoad::place_all(std::span<const std::uint64_t> keys, std::span<std::uint32_t> places) const {
  place_batch(
      keys.size(), [&](std::size_t i) { return hash64(keys[i]); }, places);
}

void BoundedLoad::place_hashes(std::span<const std::uint64_t> hashes, std::span<std::uint32_t> places) const {
  place_batch(
      hashes.size(), [&](std::size_t i) { return hashes[i]; }, places);
}

std::vector<std::size_t> BoundedLoad::place_replicas(std::uint64_t hash, std::size_t count) const {
  count = std::min(count, nodes_.size());
  if (count == 0) return {};
  // The nodes from the key's point on, those with room before those without.
  std::vector<std::size_t> out = circle_.owners_from(hash, nodes_.size());
  std::stable_partition(out.begin(), out.end(),
                        [&](std::size_t place) { return loads_[place] < most_at(place, carried_ + 1); });
  out.resize(count);
  return out;
}

std::size_t BoundedLoad::take(std::uint64_t hash) {
  const std::size_t place = this->place(hash);
  ++loads_[place];
  ++carried_;
  return place;
}

bool BoundedLoad::release(std::size_t place) {
  if (loads_[place] == 0) return false;
  --loads_[place];
  --carried_;
  return true;
}

void BoundedLoad::rebuild() {
  circle_ = internal::circle_of(nodes_, options_.points);
  weights_ = 0;
  for (const PlacedNode& node : nodes_) weights_ += node.weight;
}

void BoundedLoad::build(std::span<const std::uint32_t>) {
  rebuild();
  loads_.assign(nodes_.size(), 0);
  carried_ = 0;
}

void BoundedLoad::added(std::size_t place) {
  rebuild();
  loads_.insert(loads_.begin() + static_cast<std::ptrdiff_t>(place), 0);
}

void BoundedLoad::removed(std::size_t place) {
  rebuild();
  carried_ -= loads_[place];
  loads_.erase(loads_.begin() + static_cast<std::ptrdiff_t>(place));
}

std::string BoundedLoad::room(const std::vector<PlacedNode>& nodes) const {
  return internal::too_many_points(nodes, nullptr, options_.points);
}

std::string BoundedLoad::room_beside(const PlacedNode& node) const {
  return internal::too_many_points(nodes_, &node, options_.points);
}

void BoundedLoad::check() const {
  circle_.check(nodes_.size());
  SYSLAB_ASSERT(loads_.size() == nodes_.size());
  SYSLAB_ASSERT(std::accumulate(loads_.begin(), loads_.end(), std::uint64_t{0}) == carried_);
}

std::unique_ptr<Placement> make_bounded_load(const BoundedLoadOptions& options) {
  return std::make_unique<BoundedLoad>(options);
}

}  // namespace syslab
