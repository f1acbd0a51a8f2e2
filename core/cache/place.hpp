// CachePlace: where a cache filter keeps its entries: in its own process, or on cache servers that others
// use, too.
//
// Answers may come at once (from the same call) or later. A place that cannot be reached has nothing: it is a
// cache, and whoever asks has another way to the value. An entry is a map (see filter.cpp); a key is a string
// or a number that is not NaN.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "core/cache/cache.hpp"
#include "core/runtime/env.hpp"

namespace syslab {

// What a place that gives out leases says of an entry that is not there. Whoever is granted a lease is the
// one to bring the entry; a write of the key in the meantime makes the lease void, so that nothing old is put
// back. (Nishtala et al. 2013, Scaling Memcache at Facebook, section 3.2.1.)
struct CacheLease {
  bool taken = false;  // by somebody else: ask again a little later
  double token = 0;    // 0: none was granted
};

class CachePlace {
 public:
  using Found = std::function<void(Value entry, CacheLease lease)>;  // nil: it is not there
  using Done = std::function<void(bool reached)>;                    // false: nobody knows what is there now

  virtual ~CachePlace() = default;
  virtual void get(Env& env, const Value& key, Found found) = 0;
  // `size_bytes` is that of key and value; after `ttl` the place may forget the entry. With the token of a
  // lease that is void, nothing is put.
  virtual void put(Env& env, const Value& key, Value entry, std::size_t size_bytes,
                   std::optional<Duration> ttl, double token, Done done) = 0;
  virtual void erase(Env& env, const Value& key, Done done) = 0;
  // Whether it costs nothing to ask and dies with the process.
  virtual bool in_process() const = 0;
  // Whether it gives out leases.
  virtual bool leases() const { return false; }
  // A map: policy and size, or the servers.
  virtual Value show() const = 0;
};

// Called once for each process that caches.
using CachePlaceFactory = std::function<std::unique_ptr<CachePlace>()>;

// A cache of the process itself.
CachePlaceFactory in_process(std::function<std::unique_ptr<Cache>()> cache);

}  // namespace syslab
