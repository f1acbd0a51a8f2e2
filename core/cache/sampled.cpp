#include "core/cache/sampled.hpp"

#include <algorithm>

namespace syslab {

Sampled::Sampled(const SampledOptions& options) : options_(options), rng_(options.seed) {}

void Sampled::clear() {
  rng_ = Rng(options_.seed);
  now_ = {};
  requests_ = 0;
  bag_.clear();
  pool_.clear();
}

std::uint8_t Sampled::count_now(const Use& use) const {
  if (options_.decay == Duration::zero()) return use.count;
  const auto idle = static_cast<std::uint64_t>(now_.time_since_epoch().count()) - use.last;
  const std::uint64_t lost = idle / static_cast<std::uint64_t>(options_.decay.count());
  return lost >= use.count ? 0 : static_cast<std::uint8_t>(use.count - lost);
}

std::uint64_t Sampled::worth(Slot slot) const {
  return options_.by == SampledOptions::By::lru ? uses_[slot].last : count_now(uses_[slot]);
}

void Sampled::on_insert(Slot slot, const Entrant&) {
  bag_.insert(slot);
  const auto now = static_cast<std::uint64_t>(now_.time_since_epoch().count());
  uses_[slot] = {options_.by == SampledOptions::By::lru ? ++requests_ : now, kFirstCount};
}

void Sampled::on_hit(Slot slot) {
  Use& use = uses_[slot];
  if (options_.by == SampledOptions::By::lru) {
    use.last = ++requests_;
    return;
  }
  use.count = count_now(use);
  use.last = static_cast<std::uint64_t>(now_.time_since_epoch().count());
  if (use.count == 255) return;
  const double above = use.count > kFirstCount ? use.count - kFirstCount : 0;
  if (rng_.unit() < 1 / (above * options_.log_factor + 1)) ++use.count;
}

// Into the pool, unless it is full of worse ones.
void Sampled::offer(Slot slot) {
  if (std::find(pool_.begin(), pool_.end(), slot) != pool_.end()) return;
  if (pool_.size() < kPool) {
    pool_.push_back(slot);
    return;
  }
  const auto best =
      std::max_element(pool_.begin(), pool_.end(), [this](Slot a, Slot b) { return worth(a) < worth(b); });
  if (worth(slot) < worth(*best)) *best = slot;
}

Slot Sampled::victim(const Entrant&) {
  for (std::size_t i = 0; i < options_.samples; ++i) offer(bag_[rng_.below(bag_.size())]);
  // Worths are taken anew: who was used since it was sampled is no victim any more.
  return *std::min_element(pool_.begin(), pool_.end(),
                           [this](Slot a, Slot b) { return worth(a) < worth(b); });
}

void Sampled::on_remove(Slot slot, Leaving) {
  bag_.remove(slot);
  if (const auto it = std::find(pool_.begin(), pool_.end(), slot); it != pool_.end()) pool_.erase(it);
}

void Sampled::check_invariants() const {
  bag_.check_invariants();
  SYSLAB_ASSERT(pool_.size() <= kPool);
  for (std::size_t i = 0; i < pool_.size(); ++i) {
    SYSLAB_ASSERT(std::find(pool_.begin(), pool_.begin() + static_cast<std::ptrdiff_t>(i), pool_[i]) ==
                  pool_.begin() + static_cast<std::ptrdiff_t>(i));
    bool here = false;
    for (std::size_t k = 0; k < bag_.size() && !here; ++k) here = bag_[k] == pool_[i];
    SYSLAB_ASSERT(here);
  }
}

static_assert(EvictionPolicy<Sampled> && TimedPolicy<Sampled>);
template class BasicCache<Sampled>;

std::unique_ptr<Cache> make_sampled(CacheCapacity capacity, const SampledOptions& options) {
  SYSLAB_ASSERT(options.samples >= 1 && options.samples <= 64);
  SYSLAB_ASSERT(options.log_factor >= 0 && options.decay >= Duration::zero());
  return std::make_unique<BasicCache<Sampled>>(capacity, Sampled(options));
}

}  // namespace syslab
