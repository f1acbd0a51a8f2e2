// Bloom filter: every key sets k bits of m; a key is reported if all of its bits are set.
//
// With n keys a stranger is reported with probability (1 - (1 - 1/m)^(kn))^k, which is least at k = m/n ln 2:
// then 1.44 log2(1/rate) bits a key (9.6 at 1 %). Never full: beyond its capacity it only reports more and
// more. Keys cannot be taken out; see counting_bloom.hpp and cuckoo_filter.hpp. Cost: add and contains O(k),
// about 2 ns a bit in cache; m/8 bytes. Paper: Bloom, "Space/time trade-offs in hash coding with allowable
// errors", CACM 1970.
#pragma once

#include <vector>

#include "core/sketch/membership.hpp"
#include "core/sketch/probes.hpp"

namespace syslab {

struct BloomOptions {
  std::uint64_t bits = 1024;
  int hashes = 7;
};

// The size for `capacity` keys at a false positive rate. Requires: capacity >= 1, 0 < rate < 1. The bits are
// no more than 2^62 whatever is asked for.
BloomOptions bloom_for(double capacity, double rate);
// (1 - (1 - 1/m)^(kn))^k.
double bloom_false_positives(const BloomOptions& options, double keys);

class Bloom final : public MembershipFilter {
 public:
  static constexpr int kMostHashes = 64;

  // Requires: bits >= 1, hashes of 1 to kMostHashes.
  explicit Bloom(const BloomOptions& options);
  // One that was kept: its words() and size(). Requires: as many words as bits take.
  Bloom(const BloomOptions& options, std::vector<std::uint64_t> words, std::uint64_t size);

  std::string_view name() const override { return "bloom"; }
  std::string describe() const override;
  void clear() override;
  std::size_t memory_bytes() const override { return words_.size() * sizeof words_[0]; }
  std::optional<Error> merge(const Sketch& other) override;
  void check_invariants() const override;

  bool add(std::uint64_t hash) override {
    // In variables of its own: a word that is written could be an option, as far as the compiler knows.
    const auto [bits, hashes] = options_;
    std::uint64_t* const words = words_.data();
    Probes probes(hash);
    for (int i = 0; i < hashes; ++i) {
      const std::uint64_t bit = probes.next(bits);
      words[bit / 64] |= std::uint64_t{1} << bit % 64;
    }
    ++size_;
    return true;
  }
  bool contains(std::uint64_t hash) const override {
    Probes probes(hash);
    for (int i = 0; i < options_.hashes; ++i) {
      const std::uint64_t bit = probes.next(options_.bits);
      if ((words_[bit / 64] >> bit % 64 & 1) == 0) return false;
    }
    return true;
  }
  bool remove(std::uint64_t hash) override;
  std::uint64_t size() const override { return size_; }
  double expected_false_positives(double keys) const override {
    return bloom_false_positives(options_, keys);
  }
  std::unique_ptr<MembershipFilter> fresh() const override { return std::make_unique<Bloom>(options_); }

  const BloomOptions& options() const { return options_; }
  std::span<const std::uint64_t> words() const { return words_; }
  // The share of the bits that are set.
  double fill() const;

 private:
  BloomOptions options_;
  std::vector<std::uint64_t> words_;
  std::uint64_t size_ = 0;
};

}  // namespace syslab
