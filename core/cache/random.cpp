#include "core/cache/random.hpp"

namespace syslab {

static_assert(EvictionPolicy<RandomPolicy>);
template class BasicCache<RandomPolicy>;

std::unique_ptr<Cache> make_random(CacheCapacity capacity, const RandomOptions& options) {
  return std::make_unique<BasicCache<RandomPolicy>>(capacity, RandomPolicy(options));
}

}  // namespace syslab
