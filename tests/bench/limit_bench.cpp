// Limiters against the arithmetic alone: an array of doubles, and the same in a std::unordered_map. Virtual
// time.
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "core/base/rng.hpp"
#include "core/limit/basic_limiter.hpp"
#include "core/limit/token_bucket.hpp"
#include "tests/bench/ratio.hpp"

namespace syslab::bench {
namespace {

constexpr std::size_t kKeys = 100000;
constexpr std::size_t kDecisions = 4000000;

struct ReferenceBucket {
  double tokens = 100;
  std::int64_t last = 0;
  bool take(std::int64_t now, double per_ns, double burst) {
    tokens = std::min(burst, tokens + static_cast<double>(now - last) * per_ns);
    last = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  }
};

std::vector<std::uint32_t> random_order() {
  Rng rng(1);
  std::vector<std::uint32_t> order(kDecisions);
  for (auto& key : order) key = static_cast<std::uint32_t>(rng.below(kKeys));
  return order;
}

std::uint64_t key_of(std::uint32_t i) {
  return i * 2654435761ull;
}

Instant at(std::int64_t ns) {
  return Instant(Duration(ns));
}

const TokenBucketOptions kOptions{.rate = 1000, .burst = 100};

const RatioRow one_key("token bucket, one key through the face", 0.15, [](RatioRun& run) {
  const auto ours = make_token_bucket({.rate = 1e8, .burst = 100});
  ReferenceBucket reference;
  std::int64_t now = 0, reference_now = 0;
  std::uint64_t admitted = 0;
  run.compare(
      2e7,
      [&] {
        for (int i = 0; i < 20000000; ++i) admitted += ours->admit(at(now += 7), 1).admitted;
      },
      [&] {
        for (int i = 0; i < 20000000; ++i) admitted += reference.take(reference_now += 7, 0.1, 100);
      });
  benchmark::DoNotOptimize(admitted);
});

const RatioRow array("token bucket, array of 100k keys", 0.70, [](RatioRun& run) {
  const auto order = random_order();
  const TokenBucket bucket(kOptions);
  std::vector<TokenBucket::State> ours(kKeys, bucket.fresh());
  std::vector<ReferenceBucket> reference(kKeys);
  std::int64_t now = 0, reference_now = 0;
  std::uint64_t admitted = 0;
  run.compare(
      kDecisions,
      [&] {
        for (std::uint32_t i : order) admitted += bucket.admit(ours[i], at(now += 7), 1).admitted;
      },
      [&] {
        for (std::uint32_t i : order) admitted += reference[i].take(reference_now += 7, 1e-6, 100);
      });
  benchmark::DoNotOptimize(admitted);
});

const RatioRow keyed("token bucket, 100k keys in a bounded table, against std::unordered_map", 1.0,
                     [](RatioRun& run) {
                       const auto order = random_order();
                       const auto ours = make_keyed_token_bucket(kOptions, kKeys);
                       std::unordered_map<std::uint64_t, ReferenceBucket> reference;
                       for (std::uint32_t i = 0; i < kKeys; ++i) {
                         ours->admit(key_of(i), at(0));
                         reference[key_of(i)];
                       }
                       std::int64_t now = 0, reference_now = 0;
                       std::uint64_t admitted = 0;
                       run.compare(
                           kDecisions,
                           [&] {
                             for (std::uint32_t i : order)
                               admitted += ours->admit(key_of(i), at(now += 7), 1).admitted;
                           },
                           [&] {
                             for (std::uint32_t i : order)
                               admitted += reference[key_of(i)].take(reference_now += 7, 1e-6, 100);
                           });
                       benchmark::DoNotOptimize(admitted);
                     });

}  // namespace
}  // namespace syslab::bench
