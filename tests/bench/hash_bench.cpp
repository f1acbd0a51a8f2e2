// Placement against a bare ring: sorted points and an index on the upper bits of the hash, nothing else.
#include <algorithm>
#include <bit>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/hash/hash64.hpp"
#include "core/hash/ring.hpp"
#include "tests/bench/ratio.hpp"

namespace syslab::bench {
namespace {

class ReferenceRing {
 public:
  ReferenceRing(std::uint32_t nodes, std::uint32_t points) {
    std::vector<std::pair<std::uint64_t, std::uint32_t>> all;
    for (std::uint32_t node = 0; node < nodes; ++node) {
      for (std::uint32_t i = 0; i < points; ++i) all.emplace_back(hash64(node, i + 1), node);
    }
    std::sort(all.begin(), all.end());
    for (const auto& [hash, node] : all) {
      hashes_.push_back(hash);
      nodes_.push_back(node);
    }
    const int bits = std::bit_width(hashes_.size()) + 1;
    shift_ = 64 - bits;
    index_.resize(std::size_t{1} << bits);
    std::size_t j = 0;
    for (std::size_t b = 0; b < index_.size(); ++b) {
      while (j < hashes_.size() && hashes_[j] < static_cast<std::uint64_t>(b) << shift_) ++j;
      index_[b] = static_cast<std::uint32_t>(j);
    }
  }
  std::uint32_t get(std::uint64_t key) const {
    const std::uint64_t x = hash64(key);
    std::size_t i = index_[x >> shift_];
    while (i < hashes_.size() && hashes_[i] < x) ++i;
    return nodes_[i == hashes_.size() ? 0 : i];
  }

 private:
  std::vector<std::uint64_t> hashes_;
  std::vector<std::uint32_t> nodes_, index_;
  int shift_;
};

constexpr std::uint64_t kLookups = 4000000;

std::unique_ptr<Placement> ring(std::uint32_t count) {
  RingOptions options;
  for (std::uint32_t i = 0; i < count; ++i) options.nodes.push_back({"node-" + std::to_string(i), 1});
  return std::make_unique<Ring>(std::move(options));
}

void one_by_one(RatioRun& run, std::uint32_t count) {
  const auto ours = ring(count);
  const ReferenceRing reference(count, 160);
  std::uint64_t sum = 0;
  run.compare(
      kLookups,
      [&] {
        for (std::uint64_t key = 0; key < kLookups; ++key) sum += ours->place(hash64(key));
      },
      [&] {
        for (std::uint64_t key = 0; key < kLookups; ++key) sum += reference.get(key);
      });
  benchmark::DoNotOptimize(sum);
}

void batch(RatioRun& run, std::uint32_t count) {
  const auto ours = ring(count);
  const ReferenceRing reference(count, 160);
  std::vector<std::uint64_t> keys(kLookups);
  for (std::uint64_t i = 0; i < kLookups; ++i) keys[i] = i;
  std::vector<std::uint32_t> places(kLookups), reference_places(kLookups);
  run.compare(
      kLookups, [&] { ours->place_all(keys, places); },
      [&] {
        for (std::uint64_t i = 0; i < kLookups; ++i) reference_places[i] = reference.get(keys[i]);
      });
}

const RatioRow ring_10("ring place through the face, 10 nodes", 0.80,
                       [](RatioRun& run) { one_by_one(run, 10); });
const RatioRow ring_1000("ring place through the face, 1000 nodes", 0.80,
                         [](RatioRun& run) { one_by_one(run, 1000); });
const RatioRow ring_batch("ring place_all, 100 nodes", 0.80, [](RatioRun& run) { batch(run, 100); });

}  // namespace
}  // namespace syslab::bench
