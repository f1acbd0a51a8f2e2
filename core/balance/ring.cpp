#include "core/balance/ring.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/base/assert.hpp"
#include "core/hash/ring.hpp"

namespace syslab {
namespace {

class RingPicker final : public Picker {
 public:
  explicit RingPicker(const RingPickerOptions& options) : options_(options) {
    SYSLAB_ASSERT(options.points >= 1 && options.points <= Ring::kMostPoints);
    SYSLAB_ASSERT(!options.bound || *options.bound > 1);
  }

  std::string_view name() const override { return "ring"; }

  std::optional<std::size_t> pick(std::span<const Backend> backends, const Value& key, Rng& rng) override {
    if (backends.empty()) return std::nullopt;
    if (changed(backends)) rebuild(backends);
    const std::uint64_t hash = key.is_nil() ? rng.next() : hash_key(key);
    const double share = options_.bound ? share_of_bound(backends) : 0;
    const auto takes = [&](const Backend& b) {
      // At least one request fits, or a backend of small weight would never get any.
      return b.available && (!options_.bound || b.outstanding < std::ceil(share * b.weight));
    };
    const std::size_t home = backend_at_[ring_->place(hash)];
    if (takes(backends[home])) return home;
    std::optional<std::size_t> first;
    for (const std::size_t place : ring_->place_replicas(hash, ring_->nodes().size())) {
      const std::size_t i = backend_at_[place];
      if (takes(backends[i])) return i;
      if (!first && backends[i].available) first = i;
    }
    return first;
  }

 private:
  // What a backend of weight 1 may have outstanding when this request has come in, too.
  double share_of_bound(std::span<const Backend> backends) const {
    double outstanding = 1;
    double weight = 0;
    for (const Backend& b : backends) {
      if (!b.available) continue;
      outstanding += b.outstanding;
      weight += b.weight;
    }
    return weight > 0 ? *options_.bound * outstanding / weight : 0;
  }

  bool changed(std::span<const Backend> backends) const {
    if (ring_ == nullptr || backends.size() != weights_.size()) return true;
    return !std::equal(weights_.begin(), weights_.end(), backends.begin(),
                       [](double weight, const Backend& b) { return weight == b.weight; });
  }

  void rebuild(std::span<const Backend> backends) {
    RingOptions ring;
    ring.points = options_.points;
    weights_.clear();
    // No weight may cost more points than a ring has room for.
    const double most_points = std::min(Ring::kMostPoints, Ring::kMostPointsOfAll / (backends.size() + 1.0) - 1);
    for (const Backend& b : backends) {
      weights_.push_back(b.weight);
      const bool twice =
          std::any_of(ring.nodes.begin(), ring.nodes.end(), [&](const auto& n) { return n.name == b.name; });
      if (!twice)
        ring.nodes.push_back({std::string(b.name), std::min(b.weight, most_points / options_.points)});
    }
    ring_ = std::make_unique<Ring>(std::move(ring));
    backend_at_.resize(ring_->nodes().size());
    for (std::size_t i = backends.size(); i-- > 0;) backend_at_[ring_->index_of(backends[i].name)] = i;
  }

  const RingPickerOptions options_;
  std::unique_ptr<Ring> ring_;
  std::vector<double> weights_;          // as they were when the ring was built
  std::vector<std::size_t> backend_at_;  // by place on the ring
};

}  // namespace

std::unique_ptr<Picker> make_ring_picker(const RingPickerOptions& options) {
  return std::make_unique<RingPicker>(options);
}

}  // namespace syslab
