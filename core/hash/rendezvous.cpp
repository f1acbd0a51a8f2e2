#include "core/hash/rendezvous.hpp"

#include "core/base/exact_math.hpp"

namespace syslab {

double Rendezvous::score(double weight, std::uint64_t bits) {
  // The middle of the interval that the upper 53 bits name, so that u is neither 0 nor 1.
  const double u = (static_cast<double>(bits >> 11) + 0.5) * 0x1p-53;
  return -weight / exact_log(u);
}

std::size_t Rendezvous::place_weighted(std::uint64_t hash, Bid first) const {
  double best = score(classes_.front().weight, first.bits);
  std::size_t place = first.place;
  for (std::size_t i = 1; i < classes_.size(); ++i) {
    const Bid bid = highest(classes_[i], hash);
    const double its = score(classes_[i].weight, bid.bits);
    if (its > best) {
      best = its;
      place = bid.place;
    }
  }
  return place;
}

std::vector<std::size_t> Rendezvous::place_replicas(std::uint64_t hash, std::size_t count) const {
  struct Scored {
    double score, weight;
    std::uint64_t bits;
    std::size_t order;
  };
  std::vector<Scored> all;
  for (const Class& c : classes_) {
    for (std::uint32_t i = c.begin; i < c.end; ++i) {
      const std::uint64_t bits = mix(hash ^ seeds_[i]);
      all.push_back({score(c.weight, bits), c.weight, bits, i});
    }
  }
  count = std::min(count, all.size());
  // The order of place(): where scores are equal, by weight class and then by bits.
  const auto before = [](const Scored& a, const Scored& b) {
    if (a.score != b.score) return a.score > b.score;
    if (a.weight != b.weight) return a.weight > b.weight;
    return a.bits != b.bits ? a.bits > b.bits : a.order < b.order;
  };
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count), all.end(), before);
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(places_[all[i].order]);
  return out;
}

void Rendezvous::build(std::span<const std::uint32_t>) {
  places_.resize(nodes_.size());
  std::iota(places_.begin(), places_.end(), 0u);
  std::stable_sort(places_.begin(), places_.end(),
                   [&](auto a, auto b) { return nodes_[a].weight > nodes_[b].weight; });
  seeds_.clear();
  classes_.clear();
  for (std::uint32_t i = 0; i < places_.size(); ++i) {
    const PlacedNode& node = nodes_[places_[i]];
    if (classes_.empty() || classes_.back().weight != node.weight) classes_.push_back({node.weight, i, i});
    classes_.back().end = i + 1;
    seeds_.push_back(hash64(node.name, 7));
  }
}

void Rendezvous::check() const {
  SYSLAB_ASSERT(seeds_.size() == nodes_.size() && places_.size() == nodes_.size());
  std::uint32_t next = 0;
  for (const Class& c : classes_) {
    SYSLAB_ASSERT(c.begin == next && c.end > c.begin);
    for (std::uint32_t i = c.begin; i < c.end; ++i) SYSLAB_ASSERT(nodes_[places_[i]].weight == c.weight);
    next = c.end;
  }
  SYSLAB_ASSERT(next == nodes_.size());
}

std::unique_ptr<Placement> make_rendezvous() {
  return std::make_unique<Rendezvous>();
}

}  // namespace syslab
