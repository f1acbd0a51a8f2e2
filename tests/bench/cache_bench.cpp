// Cache replay against the tightest loop we know: open addressing and index links, unit sizes, nothing else.
#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/rng.hpp"
#include "core/cache/lru.hpp"
#include "tests/bench/ratio.hpp"

namespace syslab::bench {
namespace {

// Zipf(1.0) over `objects`, by inverting the summed distribution: slow, exact enough, and not what is
// measured.
std::vector<std::uint64_t> zipf_ids(std::size_t objects, std::size_t requests) {
  std::vector<double> sums(objects);
  double sum = 0;
  for (std::size_t i = 0; i < objects; ++i) sums[i] = sum += 1.0 / static_cast<double>(i + 1);
  Rng rng(42);
  std::vector<std::uint64_t> ids(requests);
  for (auto& id : ids) {
    id = static_cast<std::uint64_t>(std::lower_bound(sums.begin(), sums.end(), rng.unit() * sum) -
                                    sums.begin());
  }
  return ids;
}

class ReferenceLru {
 public:
  explicit ReferenceLru(std::uint32_t capacity) : nodes_(capacity + 1), capacity_(capacity) {
    std::size_t buckets = 1;
    while (buckets < 2 * static_cast<std::size_t>(capacity)) buckets <<= 1;
    index_.assign(buckets, 0);
    mask_ = buckets - 1;
    nodes_[0] = {~0ull, 0, 0};
  }
  bool get(std::uint64_t key) {
    if (const std::uint32_t slot = find(key)) {
      unlink(slot);
      push_front(slot);
      return true;
    }
    std::uint32_t slot;
    if (used_ < capacity_) {
      slot = ++used_;
    } else {
      slot = nodes_[0].previous;
      erase(nodes_[slot].key);
      unlink(slot);
    }
    nodes_[slot].key = key;
    push_front(slot);
    std::size_t i = hash(key) & mask_;
    while (index_[i]) i = (i + 1) & mask_;
    index_[i] = slot;
    return false;
  }

 private:
  struct Node {
    std::uint64_t key;
    std::uint32_t previous, next;
  };
  static std::uint64_t hash(std::uint64_t key) {
    key *= 0x9E3779B97F4A7C15ull;
    return key ^ (key >> 29);
  }
  std::uint32_t find(std::uint64_t key) const {
    for (std::size_t i = hash(key) & mask_;; i = (i + 1) & mask_) {
      const std::uint32_t slot = index_[i];
      if (!slot || nodes_[slot].key == key) return slot;
    }
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
  std::vector<std::uint32_t> index_;
  std::size_t mask_;
  std::uint32_t capacity_, used_ = 0;
};

void replay_rows(RatioRun& run, std::size_t objects, std::size_t requests, std::uint32_t capacity) {
  const auto ids = zipf_ids(objects, requests);
  run.compare(
      static_cast<double>(requests),
      [&] {
        const auto cache = make_lru(CacheCapacity::entries(capacity));
        cache->replay(ids);
        benchmark::DoNotOptimize(cache->stats().hits);
      },
      [&] {
        ReferenceLru cache(capacity);
        std::uint64_t hits = 0;
        for (std::uint64_t id : ids) hits += cache.get(id);
        benchmark::DoNotOptimize(hits);
      });
}

// The traces Z1 and Z2 of the yardstick, a third as long.
const RatioRow lru_replay_large("lru replay zipf, 100k entries of 1M objects", 0.70,
                                [](RatioRun& run) { replay_rows(run, 1000000, 3000000, 100000); });
const RatioRow lru_replay_small("lru replay zipf, 10k entries of 100k objects", 0.70,
                                [](RatioRun& run) { replay_rows(run, 100000, 3000000, 10000); });
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
      [&] {
        ReferenceLru cache(10000);
        std::uint64_t hits = 0;
        for (std::uint64_t id : ids) hits += cache.get(id);
        benchmark::DoNotOptimize(hits);
      });
});

}  // namespace
}  // namespace syslab::bench
