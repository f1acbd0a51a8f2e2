#include "core/compute/target_tracking.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/base/assert.hpp"

namespace syslab {
namespace {

class TargetTracking final : public ScalingPolicy {
 public:
  explicit TargetTracking(TargetTrackingOptions options) : options_(options) {
    SYSLAB_ASSERT(options.target > 0);
    SYSLAB_ASSERT(options.datapoints_out > 0 && options.datapoints_in > 0);
    SYSLAB_ASSERT(options.margin >= 0 && options.margin < 1);
  }

  std::size_t desired(const ScalingReading& r) override {
    above_ = r.metric > options_.target ? above_ + 1 : 0;
    below_ = r.metric < options_.target * (1 - options_.margin) ? below_ + 1 : 0;
    const double ideal = std::ceil(static_cast<double>(r.warm) * r.metric / options_.target);
    const auto wanted = static_cast<std::size_t>(std::clamp(ideal, 0.0, 1e9));
    if (above_ >= options_.datapoints_out && wanted > r.ordered) {
      changed_ = r.now;
      return wanted;
    }
    // What still starts was ordered for a reason that this reading cannot have seen the end of.
    if (below_ >= options_.datapoints_in && r.ordered == r.warm && wanted < r.ordered &&
        (!changed_ || r.now - *changed_ >= options_.cooldown_in)) {
      changed_ = r.now;
      return wanted;
    }
    return r.ordered;
  }

  void reset() override {
    above_ = below_ = 0;
    changed_.reset();
  }

 private:
  const TargetTrackingOptions options_;
  std::size_t above_ = 0, below_ = 0;  // readings in a row
  std::optional<Instant> changed_;
};

}  // namespace

ScalingPolicyPtr make_target_tracking(TargetTrackingOptions options) {
  return std::make_unique<TargetTracking>(options);
}

}  // namespace syslab
