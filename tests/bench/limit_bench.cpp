// Limiters against the arithmetic alone: an array of plain structs, and the same in a std::unordered_map.
// Virtual time; 100 000 keys by a random index. Rows with the goal 0 are there to be read.
#include <algorithm>
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

#include "core/base/probe_table.hpp"  // fold_hash
#include "core/base/rng.hpp"
#include "core/limit/aimd.hpp"
#include "core/limit/basic_limiter.hpp"
#include "core/limit/concurrency.hpp"
#include "core/limit/fixed_window.hpp"
#include "core/limit/gcra.hpp"
#include "core/limit/gradient2.hpp"
#include "core/limit/leaky_bucket.hpp"
#include "core/limit/sliding_log.hpp"
#include "core/limit/sliding_window.hpp"
#include "core/limit/token_bucket.hpp"
#include "tests/bench/ratio.hpp"

namespace syslab::bench {
namespace {

constexpr std::size_t kKeys = 100000;
constexpr std::size_t kDecisions = 4000000;

// ---- the references: what one would write by hand, without exactness, retry_after or what is left --------

struct PlainBucket {
  double tokens = 100;
  std::int64_t last = 0;
  bool take(std::int64_t now) {
    tokens = std::min(100.0, tokens + static_cast<double>(now - last) * 1e-6);
    last = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  }
};

struct PlainGcra {
  std::int64_t tat = 0;
  bool take(std::int64_t now) {
    const std::int64_t base = std::max(tat, now);
    if (base - now > 99 * 1'000'000) return false;
    tat = base + 1'000'000;
    return true;
  }
};

struct PlainFixedWindow {
  std::int64_t window = 0;
  std::int64_t used = 0;
  bool take(std::int64_t now) {
    const std::int64_t w = now / 100'000'000;
    if (w != window) {
      window = w;
      used = 0;
    }
    if (used >= 100) return false;
    ++used;
    return true;
  }
};

struct PlainSlidingWindow {
  std::int64_t window = 0;
  double previous = 0;
  double current = 0;
  bool take(std::int64_t now) {
    const std::int64_t w = now / 100'000'000;
    if (w != window) {
      previous = w == window + 1 ? current : 0;
      current = 0;
      window = w;
    }
    const double gone = static_cast<double>(now % 100'000'000) / 1e8;
    if (previous * (1 - gone) + current >= 100) return false;
    ++current;
    return true;
  }
};

struct PlainLog {
  std::deque<std::int64_t> times;
  bool take(std::int64_t now) {
    while (!times.empty() && now - times.front() >= 100'000'000) times.pop_front();
    if (times.size() >= 100) return false;
    times.push_back(now);
    return true;
  }
};

// ----------------------------------------------------------------------------------------------------------

std::vector<std::uint32_t> random_order() {
  Rng rng(1);
  std::vector<std::uint32_t> order(kDecisions);
  for (auto& key : order) key = static_cast<std::uint32_t>(rng.below(kKeys));
  return order;
}

// Keys as they come: hashes of names.
std::uint64_t key_of(std::uint32_t i) {
  return fold_hash(i + 1);
}
// Multiples of one number, which std::unordered_map, whose hash is the number itself and whose size is a
// prime, spreads without a single collision: the best that can happen to it.
std::uint64_t multiple_of(std::uint32_t i) {
  return i * 2654435761ull;
}

Instant at(std::int64_t ns) {
  return Instant(Duration(ns));
}

// The states of 100 000 keys in an array, and a random one each 7 ns: some 1400 a second for a key whose
// limit is 1000 a second.
template <class Algorithm, class Plain>
void compare_arrays(RatioRun& run, const Algorithm& algorithm) {
  const auto order = random_order();
  std::vector<typename Algorithm::State> ours(kKeys, algorithm.fresh());
  std::vector<Plain> reference(kKeys);
  std::int64_t now = 0, reference_now = 0;
  std::uint64_t admitted = 0;
  run.compare(
      kDecisions,
      [&] {
        // A copy of its own, so that the compiler knows that writing states does not change it.
        const Algorithm local = algorithm;
        for (std::uint32_t i : order) admitted += local.admit(ours[i], at(now += 7), 1).admitted;
      },
      [&] {
        for (std::uint32_t i : order) admitted += reference[i].take(reference_now += 7);
      });
  benchmark::DoNotOptimize(admitted);
}

// A KeyedLimiter, through its face, against std::unordered_map; after `before` requests of each key, 1 ms
// apart.
template <class Plain>
void compare_maps(RatioRun& run, const std::unique_ptr<KeyedLimiter>& ours,
                  std::uint64_t (*key_of)(std::uint32_t) = bench::key_of, int before = 1) {
  const auto order = random_order();
  std::unordered_map<std::uint64_t, Plain> reference;
  std::int64_t now = 0, reference_now = 0;
  for (int round = 0; round < before; ++round) {
    now = reference_now = round * 1'000'000;
    for (std::uint32_t i = 0; i < kKeys; ++i) {
      ours->admit(key_of(i), at(now));
      reference[key_of(i)].take(reference_now);
    }
  }
  std::uint64_t admitted = 0;
  run.compare(
      kDecisions,
      [&] {
        for (std::uint32_t i : order) admitted += ours->admit(key_of(i), at(now += 7), 1).admitted;
      },
      [&] {
        for (std::uint32_t i : order) admitted += reference[key_of(i)].take(reference_now += 7);
      });
  benchmark::DoNotOptimize(admitted);
}

const TokenBucketOptions kBucket{.rate = 1000, .burst = 100};
const GcraOptions kGcra{.rate = 1000, .burst = 100};
const LeakyBucketOptions kLeaky{.rate = 1000, .burst = 100};
const WindowOptions kWindow{100, std::chrono::milliseconds(100)};

const RatioRow one_key("token bucket, one key through the face", 0.15, [](RatioRun& run) {
  const auto ours = make_token_bucket({.rate = 1e8, .burst = 100});
  PlainBucket reference;
  std::int64_t now = 0, reference_now = 0;
  std::uint64_t admitted = 0;
  run.compare(
      2e7,
      [&] {
        for (int i = 0; i < 20000000; ++i) admitted += ours->admit(at(now += 7), 1).admitted;
      },
      [&] {
        for (int i = 0; i < 20000000; ++i) admitted += reference.take(reference_now += 7);
      });
  benchmark::DoNotOptimize(admitted);
});

const RatioRow bucket_array("token bucket, array of 100k keys", 0.70, [](RatioRun& run) {
  compare_arrays<TokenBucket, PlainBucket>(run, TokenBucket(kBucket));
});
const RatioRow gcra_array("gcra, array of 100k keys", 0.70,
                          [](RatioRun& run) { compare_arrays<Gcra, PlainGcra>(run, Gcra(kGcra)); });
const RatioRow fine_gcra_array("gcra in 128 bits, array of 100k keys", 0.0, [](RatioRun& run) {
  compare_arrays<FineGcra, PlainGcra>(run, FineGcra(kGcra));
});
const RatioRow leaky_array("leaky bucket, array of 100k keys", 0.0, [](RatioRun& run) {
  compare_arrays<LeakyBucket, PlainBucket>(run, LeakyBucket(kLeaky));
});
const RatioRow fixed_array("fixed window, array of 100k keys", 0.0, [](RatioRun& run) {
  compare_arrays<FixedWindow, PlainFixedWindow>(run, FixedWindow({.count = kWindow}));
});
const RatioRow sliding_array("sliding window, array of 100k keys", 0.0, [](RatioRun& run) {
  compare_arrays<SlidingWindow, PlainSlidingWindow>(run, SlidingWindow(kWindow));
});

const RatioRow bucket_keyed("token bucket, 100k keys in a bounded table, against std::unordered_map", 1.0,
                            [](RatioRun& run) {
                              compare_maps<PlainBucket>(run, make_keyed_token_bucket(kBucket, kKeys));
                            });
const RatioRow gcra_keyed("gcra, 100k keys in a bounded table, against std::unordered_map", 1.0,
                          [](RatioRun& run) { compare_maps<PlainGcra>(run, make_keyed_gcra(kGcra, kKeys)); });
const RatioRow gcra_multiples("gcra, the same with keys that suit std::unordered_map best", 0.0,
                              [](RatioRun& run) {
                                compare_maps<PlainGcra>(run, make_keyed_gcra(kGcra, kKeys), multiple_of);
                              });
const RatioRow bucket_multiples("token bucket, the same with keys that suit std::unordered_map best", 0.0,
                                [](RatioRun& run) {
                                  compare_maps<PlainBucket>(run, make_keyed_token_bucket(kBucket, kKeys),
                                                            multiple_of);
                                });
const RatioRow leaky_keyed("leaky bucket, 100k keys in a bounded table, against std::unordered_map", 1.0,
                           [](RatioRun& run) {
                             compare_maps<PlainBucket>(run, make_keyed_leaky_bucket(kLeaky, kKeys));
                           });
const RatioRow fixed_keyed("fixed window, 100k keys in a bounded table, against std::unordered_map", 1.0,
                           [](RatioRun& run) {
                             compare_maps<PlainFixedWindow>(
                                 run, make_keyed_fixed_window({.count = kWindow}, kKeys));
                           });
const RatioRow sliding_keyed("sliding window, 100k keys in a bounded table, against std::unordered_map", 1.0,
                             [](RatioRun& run) {
                               compare_maps<PlainSlidingWindow>(run,
                                                                make_keyed_sliding_window(kWindow, kKeys));
                             });
// Full logs, or growing them is what takes the time. Ours remember what a request cost, too, so they are
// twice as long as the reference's, and memory is what both wait for.
const RatioRow log_keyed("sliding log, 100k keys in a bounded table, against std::unordered_map of deques",
                         0.7, [](RatioRun& run) {
                           compare_maps<PlainLog>(run, make_keyed_sliding_log(kWindow, kKeys), key_of, 100);
                         });

// ---- memory: bytes a key, with 100 000 keys that may not be forgotten, in a table that is full -----------

std::size_t filled(const std::unique_ptr<KeyedLimiter>& limiter, int times) {
  for (int i = 0; i < times; ++i) {
    for (std::uint32_t key = 0; key < kKeys; ++key) limiter->admit(key_of(key), at(1 + i));
  }
  return limiter->size_bytes();
}

std::size_t filled(const std::unique_ptr<KeyedConcurrencyLimiter>& limiter) {
  for (std::uint32_t key = 0; key < kKeys; ++key) limiter->acquire(key_of(key));
  return limiter->size_bytes();
}

MemoryRow memory_of(const std::string& name, std::size_t (*bytes)()) {
  return {"memory of a key, " + name, [bytes] { return static_cast<double>(bytes()) / kKeys; }};
}

const MemoryRow memory_rows[] = {
    memory_of("token bucket", [] { return filled(make_keyed_token_bucket(kBucket, kKeys), 1); }),
    memory_of("gcra", [] { return filled(make_keyed_gcra(kGcra, kKeys), 1); }),
    memory_of("gcra in 128 bits", [] { return filled(make_keyed_gcra({.rate = 7, .burst = 9}, kKeys), 1); }),
    memory_of("leaky bucket", [] { return filled(make_keyed_leaky_bucket(kLeaky, kKeys), 1); }),
    memory_of("fixed window", [] { return filled(make_keyed_fixed_window({.count = kWindow}, kKeys), 1); }),
    memory_of("sliding window", [] { return filled(make_keyed_sliding_window(kWindow, kKeys), 1); }),
    memory_of("sliding log, 1 request logged",
              [] { return filled(make_keyed_sliding_log(kWindow, kKeys), 1); }),
    memory_of("sliding log, 100 requests logged",
              [] { return filled(make_keyed_sliding_log(kWindow, kKeys), 100); }),
    memory_of("concurrency", [] { return filled(make_keyed_concurrency({.limit = 9}, kKeys)); }),
    memory_of("aimd", [] { return filled(make_keyed_aimd({}, kKeys)); }),
    memory_of("gradient2", [] { return filled(make_keyed_gradient2({}, kKeys)); }),
};

}  // namespace
}  // namespace syslab::bench
