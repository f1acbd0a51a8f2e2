#include "core/cache/mru.hpp"

namespace syslab {

static_assert(EvictionPolicy<Mru>);
template class BasicCache<Mru>;

std::unique_ptr<Cache> make_mru(CacheCapacity capacity) {
  return std::make_unique<BasicCache<Mru>>(capacity, Mru());
}

}  // namespace syslab
