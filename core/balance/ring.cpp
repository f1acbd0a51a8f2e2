#include "core/balance/ring.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/balance/placed_backends.hpp"
#include "core/base/assert.hpp"
#include "core/hash/ring.hpp"

namespace syslab {
namespace {

std::unique_ptr<Placement> ring_of(std::vector<PlacedNode> nodes, std::uint32_t points) {
  // No weight may cost more points than a ring has room for.
  const double most_points =
      std::min(Ring::kMostPoints, Ring::kMostPointsOfAll / (static_cast<double>(nodes.size()) + 1) - 1);
  for (PlacedNode& node : nodes) node.weight = std::min(node.weight, most_points / points);
  return std::make_unique<Ring>(RingOptions{.nodes = std::move(nodes), .points = points});
}

class RingPicker final : public Picker {
 public:
  explicit RingPicker(const RingPickerOptions& options)
      : bound_(options.bound), placed_([points = options.points](std::vector<PlacedNode> nodes) {
          return ring_of(std::move(nodes), points);
        }) {
    SYSLAB_ASSERT(options.points >= 1 && options.points <= Ring::kMostPoints);
    SYSLAB_ASSERT(!options.bound || *options.bound > 1);
  }

  std::string_view name() const override { return "ring"; }

  std::optional<std::size_t> pick(std::span<const Backend> backends, const Value& key, Rng& rng) override {
    if (backends.empty()) return std::nullopt;
    placed_.update(backends);
    const std::uint64_t hash = key.is_nil() ? rng.next() : hash_key(key);
    const double share = bound_ ? share_of_bound(backends) : 0;
    const auto takes = [&](const Backend& b) {
      // At least one request fits, or a backend of small weight would never get any.
      return b.available && (!bound_ || b.outstanding < std::ceil(share * b.weight));
    };
    const std::size_t home = placed_.home(hash);
    if (takes(backends[home])) return home;
    std::optional<std::size_t> first;
    for (const std::size_t i : placed_.all(hash)) {
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
    return weight > 0 ? *bound_ * outstanding / weight : 0;
  }

  const std::optional<double> bound_;
  PlacedBackends placed_;
};

}  // namespace

std::unique_ptr<Picker> make_ring_picker(const RingPickerOptions& options) {
  return std::make_unique<RingPicker>(options);
}

}  // namespace syslab
