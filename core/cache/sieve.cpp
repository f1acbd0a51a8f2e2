#include "core/cache/sieve.hpp"

namespace syslab {

static_assert(EvictionPolicy<Sieve>);
template class BasicCache<Sieve>;

std::unique_ptr<Cache> make_sieve(CacheCapacity capacity) {
  return std::make_unique<BasicCache<Sieve>>(capacity, Sieve());
}

}  // namespace syslab
