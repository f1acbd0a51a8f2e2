// CacheCommands: what cache servers of any make do with a request: a cache and a table of verbs.
//
//   get, read          the value, nil on a miss
//   set, put, write    stores "value" (or "payload", else true), for "ttl" seconds if given; true
//   add                the same where nothing is there: true, or false
//   delete             whether it was there
//   incr               adds "by" (1) to a number, nothing counts as 0; the new number. A ttl stays as it is.
//   flush              forgets everything; true
//
// With `lease`, a number of seconds, a get answers {value =} on a hit. On a miss it answers {lease = token},
// and for that long nobody else is given one but {lease = 0}. A set with that token in `lease` stores only
// while the lease is good, else it answers false; any other write of the key makes the lease void.
//
// Errors: out_of_memory where the item is too large, or where nothing may be evicted and it does not fit;
// conflict from incr where the value is no number; malformed for a request without a usable key, value or
// ttl; not_found for another verb.
//
// An expired entry is removed when somebody asks for it, and counts until then. An entry weighs its key (8
// for a number), its value and `overhead_bytes`. Depends only on the calls made. Cost: the cache's.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <utility>

#include "core/base/time.hpp"
#include "core/cache/cache.hpp"
#include "core/runtime/env.hpp"

namespace syslab {

struct CacheCommandOptions {
  std::uint64_t overhead_bytes = 0;
  bool evicts = true;  // false: what does not fit is refused
};

class CacheCommands {
 public:
  CacheCommands(std::unique_ptr<Cache> cache, CacheCommandOptions options)
      : cache_(std::move(cache)), options_(options) {}

  Result execute(Instant now, const Request& request);
  // Whether the request may change something.
  static bool writes(const Request& request) { return request.type != "get" && request.type != "read"; }

  // All that is there, a list of {key =, value =, ttl =}, the next victim first; and the same after it was
  // sent.
  Value snapshot(Instant now) const;
  void restore(Instant now, const Value& snapshot);

  const Cache& cache() const { return *cache_; }
  // policy, size, used, capacity, hits, misses, evictions, rejections, expired.
  Value show() const;

 private:
  Value find(Instant now, const Value& key);
  Result store(Instant now, const Value& key, const Value& value, const Value& ttl);
  // A token, or 0 where somebody else has the lease.
  double grant(Instant now, const Value& key, Duration lasting);

  const std::unique_ptr<Cache> cache_;
  const CacheCommandOptions options_;
  std::uint64_t hits_ = 0;
  std::uint64_t misses_ = 0;
  std::uint64_t expired_ = 0;
  std::uint64_t refused_ = 0;

  struct Lease {
    double token = 0;
    Instant until;
  };
  std::map<Value, Lease> leases_;
  std::deque<std::pair<Value, double>> granted_;  // keys and tokens, the oldest first
  double last_token_ = 0;
};

}  // namespace syslab
