// FrequencySketch: about how often was a key asked for lately? In 8 bytes a key, whether it is cached or not.
//
// A count-min sketch of 4-bit counters: a key has one in each of four rows, the answer is the least of the
// four, and an addition raises only those that are at the least (conservative update); so the answer is never
// too low (until it ages) and rarely too high. After `period` additions for each entry of the cache all
// counters are halved, so old fame fades. The table grows with the cache: every word is doubled, so what was
// learned is kept. Cost: O(1), four cache misses at worst; 8 to 16 bytes an entry. Papers: Cormode &
// Muthukrishnan, "An improved data stream summary: the count-min sketch", 2005; Estan & Varghese, "New
// directions in traffic measurement and accounting", SIGCOMM 2002; ageing: Einziger, Friedman
// & Manes, "TinyLFU: a highly efficient cache admission policy", ACM TOS 2017.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "core/base/rng.hpp"

namespace syslab {

class FrequencySketch {
 public:
  static constexpr unsigned kMost = 15;

  // Ages after `period` additions for each word of the table.
  explicit FrequencySketch(std::uint64_t period) : period_(period) { clear(); }

  void clear() {
    words_.assign(kFewestWords, 0);
    added_ = 0;
  }
  // Room for this many entries.
  void fit(std::size_t entries) {
    while (words_.size() < entries) {
      // The place in the table is the top bits of a hash, so a word splits into two neighbours.
      std::vector<std::uint64_t> wider(2 * words_.size());
      for (std::size_t i = 0; i < wider.size(); ++i) wider[i] = words_[i / 2];
      words_.swap(wider);
      added_ *= 2;
    }
  }

  void add(std::uint64_t identity) {
    const unsigned least = estimate(identity);
    if (least == kMost) return;
    for_each_counter(identity, [&](std::size_t word, int shift) {
      if ((words_[word] >> shift & 0xF) == least) words_[word] += std::uint64_t{1} << shift;
    });
    if (++added_ >= period_ * words_.size()) age();
  }
  unsigned estimate(std::uint64_t identity) const {
    unsigned least = kMost;
    for_each_counter(identity, [&](std::size_t word, int shift) {
      least = std::min(least, static_cast<unsigned>(words_[word] >> shift & 0xF));
    });
    return least;
  }

 private:
  static constexpr std::size_t kFewestWords = 64;

  // Row r owns the four counters 4r to 4r + 3 of every word.
  template <class Use>
  void for_each_counter(std::uint64_t identity, Use&& use) const {
    const int unused = 64 - std::countr_zero(words_.size());
    std::uint64_t hash = mix64(identity);
    for (int row = 0; row < 4; ++row, hash = hash * 0x9E3779B97F4A7C15ull + 0xD1B54A32D192ED03ull) {
      use(static_cast<std::size_t>(hash >> unused), 16 * row + 4 * static_cast<int>(hash >> 8 & 3));
    }
  }
  void age() {
    for (std::uint64_t& word : words_) word = word >> 1 & 0x7777777777777777;
    added_ /= 2;
  }

  std::uint64_t period_;
  std::vector<std::uint64_t> words_;  // a power of two
  std::uint64_t added_ = 0;           // since the last halving, and half of what was before
};

}  // namespace syslab
