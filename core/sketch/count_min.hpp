// Count-min sketch: how often did this key come? Never less than the answer says, and seldom much less.
//
// A table of `depth` rows of `width` counters; a key counts at one place of each row, and its estimate is the
// least of them. The estimate is at least the truth, and above it by more than epsilon * (all counts) with
// probability delta at most, where width = e/epsilon and depth = ln(1/delta). With `conservative` update a
// count only raises the counters that are below the new estimate: never worse, and for skewed data much
// better; merged sketches of that kind stay upper bounds, but are no better than plain ones.
//
// Cost: O(depth), a cache miss a row; 8 bytes a counter. Counts add up to 2^64 - 1. Papers: Cormode &
// Muthukrishnan, "An improved data stream summary", J. Algorithms 2005; Estan & Varghese, SIGCOMM 2002
// (conservative update).
#pragma once

#include <vector>

#include "core/sketch/probes.hpp"
#include "core/sketch/sketch.hpp"

namespace syslab {

struct CountMinOptions {
  std::uint64_t width = 272;
  int depth = 5;
  bool conservative = false;
};

// The size for an error of epsilon with all but delta probability. Requires: both above 0 and below 1.
CountMinOptions count_min_for(double epsilon, double delta);

class CountMin final : public Sketch {
 public:
  static constexpr int kMostDepth = 64;

  // Requires: width >= 1, depth of 1 to kMostDepth.
  explicit CountMin(const CountMinOptions& options);

  std::string_view name() const override { return "count_min"; }
  std::string describe() const override;
  void clear() override;
  std::size_t memory_bytes() const override { return counters_.size() * sizeof counters_[0]; }
  std::optional<Error> merge(const Sketch& other) override;
  // The error is the mean overestimate of the different keys, as a share of all counts; theory is epsilon,
  // and `outside` the share of keys beyond it, at most delta by theory. theory_bytes: e/epsilon counters in
  // ln(1/delta) rows, before rounding up.
  Accuracy accuracy(std::span<const std::uint64_t> ids) const override;
  void check_invariants() const override;

  // False where the sum of all counts would be 2^64 or more; then nothing has changed.
  bool add(std::uint64_t hash, std::uint64_t count = 1) {
    // No counter is above the total, so none can overflow before it does.
    if (total_ + count < total_) return false;
    total_ += count;
    if (options_.conservative) return add_conservatively(hash, count);
    // In variables of its own: a counter that is written could be the width, as far as the compiler knows.
    const std::uint64_t width = options_.width;
    std::uint64_t* row = counters_.data();
    std::uint64_t* const end = row + counters_.size();
    for (Probes probes(hash); row != end; row += width) row[probes.next(width)] += count;
    return true;
  }
  std::uint64_t estimate(std::uint64_t hash) const;
  // All counts.
  std::uint64_t total() const { return total_; }

  const CountMinOptions& options() const { return options_; }
  // What the size promises.
  double epsilon() const;
  double delta() const;

 private:
  bool add_conservatively(std::uint64_t hash, std::uint64_t count);
  std::uint64_t* row(int i) { return &counters_[static_cast<std::size_t>(i) * options_.width]; }
  const std::uint64_t* row(int i) const { return &counters_[static_cast<std::size_t>(i) * options_.width]; }

  CountMinOptions options_;
  std::vector<std::uint64_t> counters_;
  std::uint64_t total_ = 0;
};

}  // namespace syslab
