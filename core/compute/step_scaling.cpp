#include "core/compute/step_scaling.hpp"

#include <algorithm>
#include <optional>

#include "core/base/assert.hpp"

namespace syslab {
namespace {

class StepScaling final : public ScalingPolicy {
 public:
  explicit StepScaling(StepScalingOptions options) : options_(std::move(options)) {
    SYSLAB_ASSERT(options_.datapoints > 0);
    for (const auto& in : options_.in) {
      for (const auto& out : options_.out) SYSLAB_ASSERT(in.at < out.at);
    }
  }

  std::size_t desired(const ScalingReading& r) override {
    std::size_t add = 0, remove = 0;
    for (const auto& step : options_.out) {
      if (r.metric >= step.at) add = std::max(add, step.machines);
    }
    for (const auto& step : options_.in) {
      if (r.metric <= step.at) remove = std::max(remove, step.machines);
    }
    above_ = add > 0 ? above_ + 1 : 0;
    below_ = remove > 0 ? below_ + 1 : 0;
    const bool cool = !changed_ || r.now - *changed_ >= options_.cooldown;
    if (options_.simple && !cool) return r.ordered;
    if (above_ >= options_.datapoints && r.warm + add > r.ordered) {
      changed_ = r.now;
      return r.warm + add;
    }
    if (below_ >= options_.datapoints && cool && r.ordered == r.warm) {
      changed_ = r.now;
      return r.ordered - std::min(remove, r.ordered);
    }
    return r.ordered;
  }

  void reset() override {
    above_ = below_ = 0;
    changed_.reset();
  }

 private:
  const StepScalingOptions options_;
  std::size_t above_ = 0, below_ = 0;  // readings in a row
  std::optional<Instant> changed_;
};

}  // namespace

ScalingPolicyPtr make_step_scaling(StepScalingOptions options) {
  return std::make_unique<StepScaling>(std::move(options));
}

}  // namespace syslab
