#include "core/balance/placed_backends.hpp"

#include <algorithm>
#include <string>

#include "core/base/assert.hpp"

namespace syslab {

void PlacedBackends::update(std::span<const Backend> backends) {
  SYSLAB_ASSERT(!backends.empty());
  if (placement_ != nullptr &&
      std::equal(weights_.begin(), weights_.end(), backends.begin(), backends.end(),
                 [](double weight, const Backend& b) { return weight == b.weight; })) {
    return;
  }
  weights_.clear();
  std::vector<PlacedNode> nodes;
  for (const Backend& b : backends) {
    weights_.push_back(b.weight);
    const bool twice =
        std::any_of(nodes.begin(), nodes.end(), [&](const auto& n) { return n.name == b.name; });
    if (!twice) nodes.push_back({std::string(b.name), b.weight});
  }
  placement_ = make_(std::move(nodes));
  backend_at_.resize(placement_->nodes().size());
  for (std::size_t i = backends.size(); i-- > 0;) backend_at_[placement_->index_of(backends[i].name)] = i;
}

std::vector<std::size_t> PlacedBackends::all(std::uint64_t hash) const {
  std::vector<std::size_t> out = placement_->place_replicas(hash, backend_at_.size());
  for (std::size_t& place : out) place = backend_at_[place];
  return out;
}

}  // namespace syslab
