#include "core/cache/fifo.hpp"

namespace syslab {

static_assert(EvictionPolicy<Fifo>);
template class BasicCache<Fifo>;

std::unique_ptr<Cache> make_fifo(CacheCapacity capacity) {
  return std::make_unique<BasicCache<Fifo>>(capacity, Fifo());
}

}  // namespace syslab
