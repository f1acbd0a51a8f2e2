// Counting Bloom filter: a Bloom filter with a counter of four bits in place of each bit, so that keys can be
// taken out.
//
// A counter that has reached 15 stays there for good: it no longer knows how many keys it stands for. (With
// the best number of hashes that happens to one counter in 10^15.) Rate of false positives as of the Bloom
// filter of as many bits; four times its memory. Cost: O(k). Paper: Fan, Cao, Almeida & Broder, "Summary
// cache", SIGCOMM 1998.
#pragma once

#include <vector>

#include "core/sketch/bloom.hpp"

namespace syslab {

class CountingBloom final : public MembershipFilter {
 public:
  // `bits` are counters here. Requires: as of Bloom.
  explicit CountingBloom(const BloomOptions& options);

  std::string_view name() const override { return "counting_bloom"; }
  std::string describe() const override;
  void clear() override;
  std::size_t memory_bytes() const override { return counters_.size(); }
  // Counters add up, and stay at 15.
  std::optional<Error> merge(const Sketch& other) override;
  void check_invariants() const override;

  bool add(std::uint64_t hash) override;
  bool contains(std::uint64_t hash) const override;
  bool removable() const override { return true; }
  bool remove(std::uint64_t hash) override;
  std::uint64_t size() const override { return size_; }
  double expected_false_positives(double keys) const override {
    return bloom_false_positives(options_, keys);
  }
  std::unique_ptr<MembershipFilter> fresh() const override {
    return std::make_unique<CountingBloom>(options_);
  }

  const BloomOptions& options() const { return options_; }
  // How many counters are stuck at 15.
  std::uint64_t stuck() const;

 private:
  static constexpr unsigned kStuck = 15;

  unsigned counter(std::uint64_t i) const { return counters_[i / 2] >> 4 * (i % 2) & 15; }
  void set(std::uint64_t i, unsigned count) {
    const unsigned shift = 4 * (i % 2);
    counters_[i / 2] = static_cast<std::uint8_t>((counters_[i / 2] & ~(15u << shift)) | count << shift);
  }

  BloomOptions options_;
  std::vector<std::uint8_t> counters_;  // two in a byte
  std::uint64_t size_ = 0;
};

}  // namespace syslab
