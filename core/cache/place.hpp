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

class CachePlace {
 public:
  using Found = std::function<void(Value entry)>;  // nil: it is not there
  using Done = std::function<void(bool reached)>;  // false: nobody knows what is there now

  virtual ~CachePlace() = default;
  virtual void get(Env& env, const Value& key, Found found) = 0;
  // `size_bytes` is that of key and value; after `ttl` the place may forget the entry.
  virtual void put(Env& env, const Value& key, Value entry, std::size_t size_bytes,
                   std::optional<Duration> ttl, Done done) = 0;
  virtual void erase(Env& env, const Value& key, Done done) = 0;
  // Whether it costs nothing to ask and dies with the process.
  virtual bool in_process() const = 0;
  // A map: policy and size, or the servers.
  virtual Value show() const = 0;
};

// Called once for each process that caches.
using CachePlaceFactory = std::function<std::unique_ptr<CachePlace>()>;

// A cache of the process itself.
CachePlaceFactory in_process(std::function<std::unique_ptr<Cache>()> cache);

}  // namespace syslab
