// Cache replay against the tightest loops we know: open addressing and index links, unit sizes, nothing else.
// LRU, FIFO and SIEVE have a reference of their own; the goals of the others are what libCacheSim (aa0fc409,
// in memory, Z1) has against a bare LRU like the one here. Then what an entry takes in memory.
#include <malloc.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/cache/arc.hpp"
#include "core/cache/belady.hpp"
#include "core/cache/clock.hpp"
#include "core/cache/fifo.hpp"
#include "core/cache/lfu.hpp"
#include "core/cache/lifo.hpp"
#include "core/cache/lirs.hpp"
#include "core/cache/lru.hpp"
#include "core/cache/mru.hpp"
#include "core/cache/random.hpp"
#include "core/cache/reuse_distances.hpp"
#include "core/cache/s3_fifo.hpp"
#include "core/cache/sampled.hpp"
#include "core/cache/sieve.hpp"
#include "core/cache/slab.hpp"
#include "core/cache/slru.hpp"
#include "core/cache/ttl.hpp"
#include "core/cache/two_queue.hpp"
#include "core/cache/w_tiny_lfu.hpp"
#include "core/workload/zipf_trace.hpp"
#include "tests/bench/ratio.hpp"

namespace syslab::bench {
namespace {

std::vector<std::uint64_t> zipf_ids(std::uint64_t objects, std::uint64_t requests) {
  const auto trace = make_zipf_trace({.count = objects, .requests = requests});
  std::vector<std::uint64_t> ids;
  ids.reserve(requests);
  RequestBatch batch;
  while (*trace->read(batch) > 0) ids.insert(ids.end(), batch.ids.begin(), batch.ids.end());
  return ids;
}

// Keys, links and a mark in one array, and an index of slots beside it.
class Bare {
 public:
  explicit Bare(std::uint32_t capacity) : nodes_(capacity + 1), capacity_(capacity) {
    std::size_t buckets = 1;
    while (buckets < 2 * static_cast<std::size_t>(capacity)) buckets <<= 1;
    index_.assign(buckets, 0);
    mask_ = buckets - 1;
    nodes_[0] = {~0ull, 0, 0, 0};
  }

 protected:
  struct Node {
    std::uint64_t key;
    std::uint32_t previous, next;
    std::uint8_t used;
  };

  std::uint32_t find(std::uint64_t key) const {
    for (std::size_t i = hash(key) & mask_;; i = (i + 1) & mask_) {
      const std::uint32_t slot = index_[i];
      if (!slot || nodes_[slot].key == key) return slot;
    }
  }
  bool full() const { return used_ == capacity_; }
  // Puts the key in the place of the victim, which counts only where the cache is full.
  void insert(std::uint64_t key, std::uint32_t victim) {
    std::uint32_t slot;
    if (full()) {
      slot = victim;
      erase(nodes_[slot].key);
      unlink(slot);
    } else {
      slot = ++used_;
    }
    nodes_[slot].key = key;
    nodes_[slot].used = 0;
    push_front(slot);
    std::size_t i = hash(key) & mask_;
    while (index_[i]) i = (i + 1) & mask_;
    index_[i] = slot;
  }
  void unlink(std::uint32_t slot) {
    nodes_[nodes_[slot].previous].next = nodes_[slot].next;
    nodes_[nodes_[slot].next].previous = nodes_[slot].previous;
  }
  void push_front(std::uint32_t slot) {
    nodes_[slot].previous = 0;
    nodes_[slot].next = nodes_[0].next;
    nodes_[nodes_[0].next].previous = slot;
    nodes_[0].next = slot;
  }

  std::vector<Node> nodes_;

 private:
  static std::uint64_t hash(std::uint64_t key) {
    key *= 0x9E3779B97F4A7C15ull;
    return key ^ (key >> 29);
  }
  void erase(std::uint64_t key) {
    std::size_t i = hash(key) & mask_;
    while (nodes_[index_[i]].key != key) i = (i + 1) & mask_;
    for (std::size_t j = i;;) {
      index_[i] = 0;
      for (;;) {
        j = (j + 1) & mask_;
        if (!index_[j]) return;
        const std::size_t h = hash(nodes_[index_[j]].key) & mask_;
        if (i <= j ? (i < h && h <= j) : (i < h || h <= j)) continue;
        break;
      }
      index_[i] = index_[j];
      i = j;
    }
  }

  std::vector<std::uint32_t> index_;
  std::size_t mask_;
  std::uint32_t capacity_, used_ = 0;
};

struct BareLru : Bare {
  using Bare::Bare;
  bool get(std::uint64_t key) {
    if (const std::uint32_t slot = find(key)) {
      unlink(slot);
      push_front(slot);
      return true;
    }
    insert(key, nodes_[0].previous);
    return false;
  }
};

struct BareFifo : Bare {
  using Bare::Bare;
  bool get(std::uint64_t key) {
    if (find(key)) return true;
    insert(key, nodes_[0].previous);
    return false;
  }
};

struct BareSieve : Bare {
  using Bare::Bare;
  bool get(std::uint64_t key) {
    if (const std::uint32_t slot = find(key)) {
      nodes_[slot].used = 1;
      return true;
    }
    std::uint32_t victim = 0;
    if (full()) {
      victim = hand ? hand : nodes_[0].previous;
      while (nodes_[victim].used) {
        nodes_[victim].used = 0;
        victim = nodes_[victim].previous ? nodes_[victim].previous : nodes_[0].previous;
      }
      hand = nodes_[victim].previous;
    }
    insert(key, victim);
    return false;
  }
  std::uint32_t hand = 0;
};

using Make = std::function<std::unique_ptr<Cache>(CacheCapacity)>;

template <class Reference>
void replay_bare(const std::vector<std::uint64_t>& ids, std::uint32_t capacity) {
  Reference cache(capacity);
  std::uint64_t hits = 0;
  for (const std::uint64_t id : ids) hits += cache.get(id);
  benchmark::DoNotOptimize(hits);
}

template <class Reference>
void replay_rows(RatioRun& run, const Make& make, std::uint64_t objects, std::uint64_t requests,
                 std::uint32_t capacity) {
  const auto ids = zipf_ids(objects, requests);
  run.compare(
      static_cast<double>(requests),
      [&] {
        const auto cache = make(CacheCapacity::entries(capacity));
        cache->replay(ids);
        benchmark::DoNotOptimize(cache->stats().hits);
      },
      [&] { replay_bare<Reference>(ids, capacity); });
}

// The first part of the traces Z1 and Z2 (core/workload/zipf_trace.hpp).
template <class Reference>
RatioRow large(const char* name, double goal, const Make& make) {
  return {std::string(name) + " replay zipf, 100k entries of 1M keys", goal,
          [make](RatioRun& run) { replay_rows<Reference>(run, make, 1000000, 2000000, 100000); }};
}
template <class Reference>
RatioRow small(const char* name, double goal, const Make& make) {
  return {std::string(name) + " replay zipf, 10k entries of 100k keys", goal,
          [make](RatioRun& run) { replay_rows<Reference>(run, make, 100000, 2000000, 10000); }};
}

const Make kClock = [](CacheCapacity c) { return make_clock(c); };
const Make kRandom = [](CacheCapacity c) { return make_random(c); };
const Make kSlru = [](CacheCapacity c) { return make_slru(c); };
const Make kTwoQueue = [](CacheCapacity c) { return make_two_queue(c); };
const Make kLirs = [](CacheCapacity c) { return make_lirs(c); };
const Make kS3Fifo = [](CacheCapacity c) { return make_s3_fifo(c); };
const Make kWTinyLfu = [](CacheCapacity c) { return make_w_tiny_lfu(c); };
const Make kSampled = [](CacheCapacity c) { return make_sampled(c); };
const Make kTtl = [](CacheCapacity c) { return make_ttl(make_lru(c), {}); };
// Items of one byte in chunks of 96, as many as the others have entries.
const Make kSlab = [](CacheCapacity c) {
  return std::make_unique<SlabCache>(
      SlabOptions{.memory_bytes = std::max<std::uint64_t>(c.amount * 96, 1 << 20)});
};

const RatioRow large_rows[] = {
    large<BareLru>("lru", 0.70, make_lru),        large<BareFifo>("fifo", 0.70, make_fifo),
    large<BareSieve>("sieve", 0.70, make_sieve),  large<BareLru>("clock", 0.24, kClock),
    large<BareLru>("lfu", 0.12, make_lfu),        large<BareLru>("arc", 0.21, make_arc),
    large<BareLru>("s3_fifo", 0.10, kS3Fifo),     large<BareLru>("w_tiny_lfu", 0.09, kWTinyLfu),
    large<BareLru>("two_queue", 0.11, kTwoQueue), large<BareLru>("lirs", 0.08, kLirs),
    large<BareLru>("slru", 0.29, kSlru),          large<BareLru>("random", 0.24, kRandom),
    large<BareLru>("sampled", 0.05, kSampled),    large<BareLru>("ttl around lru", 0.05, kTtl),
    large<BareLru>("slab", 0.05, kSlab),
};
const RatioRow small_rows[] = {
    small<BareLru>("lru", 0.70, make_lru),
    small<BareFifo>("fifo", 0.70, make_fifo),
    small<BareSieve>("sieve", 0.70, make_sieve),
};

const RatioRow lru_get("lru get and put, one by one through the face", 0.50, [](RatioRun& run) {
  const auto ids = zipf_ids(100000, 2000000);
  run.compare(
      2000000,
      [&] {
        const auto cache = make_lru(CacheCapacity::entries(10000));
        for (std::uint64_t id : ids) {
          if (cache->get(id) == nullptr) cache->put(id, Value());
        }
      },
      [&] { replay_bare<BareLru>(ids, 10000); });
});

// The time to look into the future is not counted: it is shared by all caches of a trace.
const RatioRow belady("belady replay zipf, 10k entries of 100k keys", 0.05, [](RatioRun& run) {
  const auto ids = zipf_ids(100000, 2000000);
  const auto future = std::make_shared<FutureUses>();
  future->add(ids);
  run.compare(
      2000000,
      [&] {
        const auto cache = make_belady(CacheCapacity::entries(10000), future);
        cache->replay(ids);
        benchmark::DoNotOptimize(cache->stats().hits);
      },
      [&] { replay_bare<BareLru>(ids, 10000); });
});

// All sizes at once against one size: the goal is to be cheaper than a dozen replays.
const RatioRow all_sizes("lru at all sizes in one pass, against one bare lru", 0.08, [](RatioRun& run) {
  const auto ids = zipf_ids(100000, 2000000);
  run.compare(
      2000000,
      [&] {
        ReuseDistances distances;
        distances.add(ids);
        benchmark::DoNotOptimize(distances.lru_hits(10000));
      },
      [&] { replay_bare<BareLru>(ids, 10000); });
});

// ---- memory: bytes an entry, ids without values, after as many evictions again. The arrays are just full;
// after they have grown they take twice as much.

constexpr std::uint64_t kEntries = (std::uint64_t{1} << 19) - kFirstSlot;

std::size_t allocated() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

MemoryRow memory_of(const char* name, const Make& make) {
  return {"memory of an entry, " + std::string(name), [make] {
            std::vector<std::uint64_t> ids(4096);
            const std::size_t before = allocated();
            const auto cache = make(CacheCapacity::entries(kEntries));
            for (std::uint64_t id = 0; id < 2 * kEntries; id += ids.size()) {
              for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = id + i;
              cache->replay(ids);
            }
            return static_cast<double>(allocated() - before) / static_cast<double>(kEntries);
          }};
}

const MemoryRow memory_rows[] = {
    memory_of("lru", make_lru),        memory_of("fifo", make_fifo),   memory_of("lifo", make_lifo),
    memory_of("mru", make_mru),        memory_of("lfu", make_lfu),     memory_of("sieve", make_sieve),
    memory_of("clock", kClock),        memory_of("random", kRandom),   memory_of("slru", kSlru),
    memory_of("arc", make_arc),        memory_of("lirs", kLirs),       memory_of("two_queue", kTwoQueue),
    memory_of("s3_fifo", kS3Fifo),     memory_of("sampled", kSampled), memory_of("w_tiny_lfu", kWTinyLfu),
    memory_of("ttl around lru", kTtl), memory_of("slab", kSlab),
};

}  // namespace
}  // namespace syslab::bench
