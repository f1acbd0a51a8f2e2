// Sampled: looks at a few entries at random and lets the worst of them leave, as Redis does.
//
// No list, so nothing moves on a hit and an entry needs 8 bytes; more samples come closer to the real LRU or
// LFU. What was sampled and not taken is kept in a pool of the 16 worst, so that later choices profit (Redis
// since 3.0).
//
//   lru  the clock is the number of requests; the worst is who was not used for the longest time
//   lfu  an 8-bit counter that grows ever more slowly: from c with probability
//        1 / ((c - 5) * log_factor + 1), so that 255 stands for about a million hits at log_factor 10; it
//        begins at 5 and loses one for every `decay` that the entry was not used. Without times
//        (Cache::advance) nothing decays.
//
// Constants as in redis.conf: 5 samples, log factor 10, decay 1 min. Where we differ: Redis has 24-bit clocks
// of 1 s (lru) and 16-bit ones of 1 min (lfu) which wrap around; ours do not, and lfu compares counters as
// they are now, in the pool too. Deterministic: draws from a stream of its own. Cost: O(samples) an eviction,
// O(1) a hit; 24 bytes an entry beside what every cache needs. Source: redis/src/evict.c.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "core/base/rng.hpp"
#include "core/base/time.hpp"
#include "core/cache/cache.hpp"
#include "core/cache/slot_bag.hpp"

namespace syslab {

struct SampledOptions {
  enum class By : std::uint8_t { lru, lfu };
  By by = By::lru;
  std::size_t samples = 5;                   // 1 to 64
  double log_factor = 10;                    // lfu: 0 counts every hit
  Duration decay = std::chrono::minutes(1);  // lfu; zero: counters do not decay
  std::uint64_t seed = 1;
};

class Sampled {
 public:
  static constexpr std::string_view kName = "sampled";

  explicit Sampled(const SampledOptions& options);

  void resize(std::size_t slots) {
    bag_.resize(slots);
    uses_.resize(slots);
  }
  void on_insert(Slot slot, const Entrant&);
  void on_hit(Slot slot);
  Slot victim(const Entrant&);
  void on_remove(Slot slot, Leaving);
  void advance(Instant now) { now_ = now; }
  void clear();
  void prefetch(Slot slot) const { __builtin_prefetch(uses_.data() + slot, 1); }
  template <class Visit>
  void for_each(Visit&& visit) const {  // in no meaningful order
    for (std::size_t i = 0; i < bag_.size(); ++i) visit(bag_[i]);
  }
  // Invariant: the bag holds every entry once, the pool only entries that are here, each once.
  void check_invariants() const;

 private:
  static constexpr std::size_t kPool = 16;
  static constexpr std::uint8_t kFirstCount = 5;
  struct Use {
    // lru: number of the request; lfu: when the counter was brought up to date, in ns.
    std::uint64_t last = 0;
    std::uint8_t count = 0;
  };

  std::uint8_t count_now(const Use& use) const;
  // Who is lower leaves first.
  std::uint64_t worth(Slot slot) const;
  void offer(Slot slot);

  SampledOptions options_;
  Rng rng_;
  Instant now_{};
  std::uint64_t requests_ = 0;
  SlotBag bag_;
  std::vector<Use> uses_;  // by slot
  std::vector<Slot> pool_;
};

// Requires: capacity.amount >= 1; 1 <= samples <= 64; log_factor >= 0; decay >= 0.
std::unique_ptr<Cache> make_sampled(CacheCapacity capacity, const SampledOptions& options = {});

}  // namespace syslab
