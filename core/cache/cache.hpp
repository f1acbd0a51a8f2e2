// Cache: the face of the cache family. Holds values under keys up to a capacity; an eviction policy decides
// who leaves.
//
// Capacity is counted in entries, or in bytes where every entry has a weight. An entry heavier than the whole
// capacity is not admitted. A policy is one file: see basic_cache.hpp. Pure data structure: no clock, no
// world, not thread-safe, deterministic (depends only on the calls made). Cost: every call O(1) expected
// unless said otherwise; memory grows with the entries held, never with the capacity: 24 bytes an entry (32
// where bytes are counted) and what the policy keeps, up to twice that after the arrays have grown, 16 for a
// value from the first one on, and 40 for a key that is no id.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"
#include "core/base/value.hpp"
#include "core/cache/key.hpp"

namespace syslab {

struct CacheCapacity {
  enum class Unit : std::uint8_t { entries, bytes };
  std::uint64_t amount = 0;  // at least 1; at most 2^31 - 8 entries can be held
  Unit unit = Unit::entries;

  static CacheCapacity entries(std::uint64_t amount) { return {amount, Unit::entries}; }
  static CacheCapacity bytes(std::uint64_t amount) { return {amount, Unit::bytes}; }
};

struct CacheStats {
  std::uint64_t hits = 0;        // get and replay only
  std::uint64_t misses = 0;      // get and replay only
  std::uint64_t insertions = 0;  // keys that were not there before
  std::uint64_t evictions = 0;   // entries that left to make room; erase and clear do not count
  std::uint64_t rejections = 0;  // entries heavier than the whole capacity
};

class Cache {
 public:
  virtual ~Cache() = default;

  // The policy: "lru".
  virtual std::string_view name() const = 0;

  // The value, or nullptr on a miss; valid until the next call that changes the cache. Counts, and tells the
  // policy.
  virtual const Value* get(const Key& key) = 0;
  // The same without counting and without telling the policy.
  virtual const Value* peek(const Key& key) const = 0;
  bool contains(const Key& key) const { return peek(key) != nullptr; }

  // Inserts or replaces, and evicts until everything fits. For the policy a replacement is a hit, unless its
  // weight changed: then it is a new entry. The weight counts in bytes and is at least 1; a cache of entries
  // ignores it. False where the entry outweighs the whole capacity: it is not kept, nor is an older value
  // under its key.
  virtual bool put(const Key& key, Value value, std::uint64_t weight = 1) = 0;
  // True if the key was there.
  virtual bool erase(const Key& key) = 0;
  // Forgets entries and what the policy learned; the counters stay.
  virtual void clear() = 0;
  // Another one with the same policy and capacity, as freshly made.
  virtual std::unique_ptr<Cache> fresh() const = 0;

  // It is `now`. Only caches that age listen (a time to live, counters that decay); a time that goes back is
  // ignored. Nobody has to call this: then time stands still.
  virtual void advance(Instant now) { static_cast<void>(now); }

  // For every request in turn: get, and on a miss put (with a nil value), at full speed. `sizes` is empty,
  // where every request weighs 1, or as long as `ids`; size 0 counts as 1. A hit never changes the weight of
  // an entry, as in libCacheSim.
  virtual void replay(std::span<const std::uint64_t> ids, std::span<const std::uint64_t> sizes = {}) = 0;
  // The same with the times of the requests, which advance() is told. Requires: times are as long as ids.
  virtual void replay_timed(std::span<const std::uint64_t> ids, std::span<const std::uint64_t> sizes,
                            std::span<const Instant> times) {
    for (std::size_t start = 0; start < ids.size();) {
      std::size_t end = start + 1;
      while (end < ids.size() && times[end] == times[start]) ++end;
      advance(times[start]);
      replay(ids.subspan(start, end - start), sizes.empty() ? sizes : sizes.subspan(start, end - start));
      start = end;
    }
  }

  // All keys, from the one the policy would keep longest to the next victim, as far as the policy has such an
  // order. O(n). Ids above 2^53 are rounded, as Lua would.
  virtual std::vector<Value> keys() const = 0;
  virtual std::size_t size() const = 0;
  // In the unit of the capacity.
  std::uint64_t used() const { return used_; }
  const CacheCapacity& capacity() const { return capacity_; }
  const CacheStats& stats() const { return stats_; }
  void reset_stats() { stats_ = {}; }

  // Ends the process if the structure contradicts itself. O(n); for tests.
  virtual void check_invariants() const = 0;

 protected:
  explicit Cache(CacheCapacity capacity) : capacity_(capacity) {}

  CacheCapacity capacity_;
  std::uint64_t used_ = 0;
  CacheStats stats_;
};

}  // namespace syslab
