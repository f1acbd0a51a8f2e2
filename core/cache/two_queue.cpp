#include "core/cache/two_queue.hpp"

namespace syslab {

static_assert(EvictionPolicy<TwoQueue>);
template class BasicCache<TwoQueue>;

std::unique_ptr<Cache> make_two_queue(CacheCapacity capacity, const TwoQueueOptions& options) {
  return std::make_unique<BasicCache<TwoQueue>>(capacity, TwoQueue(capacity, options));
}

}  // namespace syslab
