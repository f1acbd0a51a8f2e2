// HyperLogLog: how many different keys came? In a few kilobytes, to about one percent.
//
// The hash says to which of m = 2^precision registers a key belongs, and how many zeros the rest of it begins
// with; a register keeps the most. Many zeros are seen only where there were many different keys. The
// standard error is 1.04 / sqrt(m): 0.8 % at precision 14, in 12 KB.
//
// The estimate is Ertl's improved raw estimator: it needs no tables and has no bias to be corrected, from
// zero to beyond 10^18 keys. Registers are dense, six bits each. Equal keys count once, however they are
// split among sketches that are merged: the merged sketch is the sketch of all. Cost: add O(1), about 2 ns;
// estimate and merge O(m). Papers: Flajolet et al., "HyperLogLog", AofA 2007; Ertl, "New cardinality
// estimation algorithms for HyperLogLog sketches", arXiv 1702.01284, 2017 (algorithm 6).
#pragma once

#include <bit>
#include <cstring>
#include <vector>

#include "core/sketch/sketch.hpp"

namespace syslab {

class HyperLogLog final : public Sketch {
 public:
  static constexpr int kLeastPrecision = 4, kMostPrecision = 18;

  // Requires: precision in that range.
  explicit HyperLogLog(int precision);
  // The least precision whose standard error is no more than this; kMostPrecision where none is. Requires:
  // error > 0.
  static int precision_for(double error);

  std::string_view name() const override { return "hyperloglog"; }
  std::string describe() const override;
  void clear() override;
  std::size_t memory_bytes() const override { return bytes_.size(); }
  std::optional<Error> merge(const Sketch& other) override;
  // The error is the root of the mean square of the relative error, over 64 sketches with hashes of their
  // own; theory the standard error. theory_bytes: 6 bits for each of (1.04 / error)^2 registers.
  Accuracy accuracy(std::span<const std::uint64_t> ids) const override;
  void check_invariants() const override;

  void add(std::uint64_t hash) {
    const std::uint64_t i = hash >> (64 - precision_);
    const std::uint64_t rest = hash << precision_ | end_;
    const auto rank = static_cast<unsigned>(std::countl_zero(rest)) + 1;
    unsigned pair = load(i);
    const unsigned shift = shift_of(i);
    if ((pair >> shift & 63) >= rank) return;
    pair = (pair & ~(63u << shift)) | rank << shift;
    const auto stored = static_cast<std::uint16_t>(pair);
    std::memcpy(&bytes_[i * 6 / 8], &stored, sizeof stored);
  }
  double estimate() const;
  int precision() const { return precision_; }
  // 1.04 / sqrt(m).
  double standard_error() const;

 private:
  std::uint64_t registers() const { return std::uint64_t{1} << precision_; }
  // A register lies in one byte or two.
  unsigned load(std::uint64_t i) const {
    std::uint16_t pair;
    std::memcpy(&pair, &bytes_[i * 6 / 8], sizeof pair);
    return pair;
  }
  static unsigned shift_of(std::uint64_t i) { return static_cast<unsigned>(i * 6 % 8); }
  unsigned rank_at(std::uint64_t i) const { return load(i) >> shift_of(i) & 63; }
  void set(std::uint64_t i, unsigned rank);

  int precision_;
  std::uint64_t end_;                // a one behind the hash, so that its zeros end
  std::vector<std::uint8_t> bytes_;  // and one more, so that the last register can be read as two bytes
};

}  // namespace syslab
