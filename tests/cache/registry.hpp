// The caches that tests/cache/conformance_test.cpp runs on. Every policy's own test file adds itself:
//
//   const RegisteredCache lru("lru", make_lru);
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/cache/cache.hpp"

namespace syslab::test {

struct RegisteredCache {
  using Make = std::function<std::unique_ptr<Cache>(CacheCapacity)>;
  std::string name;
  Make make;

  RegisteredCache(std::string cache_name, Make factory)
      : name(std::move(cache_name)), make(std::move(factory)) {
    all().push_back(this);
  }
  static std::vector<const RegisteredCache*>& all() {
    static std::vector<const RegisteredCache*> caches;
    return caches;
  }
};

// The keys of a cache that was asked for these ids in turn, with a put after every miss.
inline std::vector<Value> keys_after(Cache& cache, const std::vector<std::uint64_t>& ids) {
  cache.replay(ids);
  cache.check_invariants();
  return cache.keys();
}

inline std::vector<Value> ids(const std::vector<std::uint64_t>& list) {
  std::vector<Value> values;
  for (const std::uint64_t id : list) values.emplace_back(static_cast<double>(id));
  return values;
}

}  // namespace syslab::test
