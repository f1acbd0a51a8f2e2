#include "core/cache/slru.hpp"

namespace syslab {

static_assert(EvictionPolicy<Slru>);
template class BasicCache<Slru>;

std::unique_ptr<Cache> make_slru(CacheCapacity capacity, const SlruOptions& options) {
  SYSLAB_ASSERT(options.segments >= 1 && options.segments <= 8);
  return std::make_unique<BasicCache<Slru>>(capacity, Slru(capacity, options));
}

}  // namespace syslab
