#include "core/cache/lifo.hpp"

namespace syslab {

static_assert(EvictionPolicy<Lifo>);
template class BasicCache<Lifo>;

std::unique_ptr<Cache> make_lifo(CacheCapacity capacity) {
  return std::make_unique<BasicCache<Lifo>>(capacity, Lifo());
}

}  // namespace syslab
