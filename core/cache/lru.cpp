#include "core/cache/lru.hpp"

namespace syslab {

static_assert(EvictionPolicy<Lru>);
template class BasicCache<Lru>;

std::unique_ptr<Cache> make_lru(CacheCapacity capacity) {
  return std::make_unique<BasicCache<Lru>>(capacity, Lru());
}

}  // namespace syslab
