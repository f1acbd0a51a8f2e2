// TTL: gives every entry of another cache a time to live. Whatever the policy, an entry whose time is over is
// gone.
//
// Time is told by advance(): entries are removed at the moment they expire, so they neither answer nor take
// up room, and an expiry is no eviction. An entry's time begins with its insertion and with every
// replacement; a hit does not prolong it, unless `sliding`. Expired ones count in expired(). Times may be
// jittered, so that what was put at once does not expire at once: a life is drawn uniformly from [ttl * (1 -
// jitter), ttl], from a stream of its own.
//
// Cost: O(log n) a put, and then for the expiry; about 250 bytes an entry beside what the cache itself needs.
#pragma once

#include <memory>

#include "core/base/time.hpp"
#include "core/cache/cache.hpp"

namespace syslab {

struct TtlOptions {
  Duration ttl = std::chrono::minutes(1);
  double jitter = 0;     // 0 to 1, a share of the ttl
  bool sliding = false;  // a hit begins a new life
  std::uint64_t seed = 1;
};

class TtlCache : public Cache {
 public:
  virtual std::uint64_t expired() const = 0;
  // As put, with a time to live of its own instead of the cache's. Requires: ttl > 0.
  virtual bool put_for(const Key& key, Value value, Duration ttl, std::uint64_t weight = 1) = 0;

 protected:
  using Cache::Cache;
};

// Takes a cache that is empty, and has its name: "ttl(lru)". Requires: cache is not null; ttl > 0; 0 <=
// jitter <= 1.
std::unique_ptr<TtlCache> make_ttl(std::unique_ptr<Cache> cache, const TtlOptions& options);

}  // namespace syslab
