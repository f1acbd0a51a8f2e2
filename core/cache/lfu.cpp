#include "core/cache/lfu.hpp"

namespace syslab {

static_assert(EvictionPolicy<Lfu>);
template class BasicCache<Lfu>;

std::unique_ptr<Cache> make_lfu(CacheCapacity capacity) {
  return std::make_unique<BasicCache<Lfu>>(capacity, Lfu());
}

}  // namespace syslab
