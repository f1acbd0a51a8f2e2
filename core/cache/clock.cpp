#include "core/cache/clock.hpp"

namespace syslab {

static_assert(EvictionPolicy<ClockPolicy>);
template class BasicCache<ClockPolicy>;

std::unique_ptr<Cache> make_clock(CacheCapacity capacity, const ClockOptions& options) {
  SYSLAB_ASSERT(options.bits >= 1 && options.bits <= 8);
  return std::make_unique<BasicCache<ClockPolicy>>(capacity, ClockPolicy(options));
}

}  // namespace syslab
