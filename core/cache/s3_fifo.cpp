#include "core/cache/s3_fifo.hpp"

namespace syslab {

static_assert(EvictionPolicy<S3Fifo>);
template class BasicCache<S3Fifo>;

std::unique_ptr<Cache> make_s3_fifo(CacheCapacity capacity, const S3FifoOptions& options) {
  return std::make_unique<BasicCache<S3Fifo>>(capacity, S3Fifo(capacity, options));
}

}  // namespace syslab
