#include "core/cache/w_tiny_lfu.hpp"

namespace syslab {

static_assert(EvictionPolicy<WTinyLfu>);
template class BasicCache<WTinyLfu>;

std::unique_ptr<Cache> make_w_tiny_lfu(CacheCapacity capacity, const WTinyLfuOptions& options) {
  return std::make_unique<BasicCache<WTinyLfu>>(capacity, WTinyLfu(capacity, options));
}

}  // namespace syslab
