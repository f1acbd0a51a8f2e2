#include "core/balance/power_of_two.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/base/assert.hpp"

namespace syslab {
namespace {

class PowerOfTwo final : public Picker {
 public:
  explicit PowerOfTwo(const PowerOfTwoOptions& options) : choices_(options.choices) {
    SYSLAB_ASSERT(choices_ >= 1);
  }

  std::string_view name() const override { return "power_of_two"; }

  std::optional<std::size_t> pick(std::span<const Backend> backends, const Value&, Rng& rng) override {
    candidates_.clear();
    for (std::size_t i = 0; i < backends.size(); ++i) {
      if (backends[i].available) candidates_.push_back(i);
    }
    std::optional<std::size_t> best;
    const std::size_t draws = std::min(choices_, candidates_.size());
    for (std::size_t k = 0; k < draws; ++k) {  // the first steps of a shuffle: no backend is drawn twice
      std::swap(candidates_[k], candidates_[k + rng.below(candidates_.size() - k)]);
      const std::size_t i = candidates_[k];
      if (!best || load_after(backends[i]) < load_after(backends[*best])) best = i;
    }
    return best;
  }

 private:
  const std::size_t choices_;
  std::vector<std::size_t> candidates_;  // kept for its memory
};

}  // namespace

std::unique_ptr<Picker> make_power_of_two(const PowerOfTwoOptions& options) {
  return std::make_unique<PowerOfTwo>(options);
}

}  // namespace syslab
