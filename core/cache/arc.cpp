#include "core/cache/arc.hpp"

namespace syslab {

static_assert(EvictionPolicy<Arc>);
template class BasicCache<Arc>;

std::unique_ptr<Cache> make_arc(CacheCapacity capacity) {
  return std::make_unique<BasicCache<Arc>>(capacity, Arc(capacity));
}

}  // namespace syslab
