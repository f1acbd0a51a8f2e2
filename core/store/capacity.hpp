// Capacity: the read or write units of a table or a global index, and of each of its partitions.
//
// Provisioned: `rate` units a second in all, what is not used is kept for `burst` (so a table that was idle
// for so long can take rate * burst at once; it starts with one second's). A partition takes no more than
// `ceiling` a second, whatever there is in all. With `adaptive` the partitions share the whole, a hot one
// takes what the others leave; without it each has its share, rate / partitions. On demand (rate infinite)
// only the ceilings are left.
//
// Cost: O(1) a charge. Source: DynamoDB developer guide, "Burst and adaptive capacity".
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/base/time.hpp"

namespace syslab {

class Capacity {
 public:
  struct Options {
    double rate = 0;
    double ceiling = 0;
    double burst_seconds = 300;
    bool adaptive = true;
    std::size_t partitions = 1;
  };
  enum class Verdict : std::uint8_t { ok, whole, partition };

  explicit Capacity(const Options& options) { reset(options); }
  const Options& options() const { return options_; }
  // New numbers from now on; what was unused is lost.
  void reset(const Options& options) {
    options_ = options;
    const double share = options.rate / static_cast<double>(options.partitions);
    whole_ = Bucket(options.rate, options.burst_seconds);
    partitions_.assign(options.partitions,
                       {Bucket(share, options.burst_seconds), Bucket(options.ceiling, 1)});
    used_.assign(options.partitions, 0);
    refused_.assign(options.partitions, 0);
  }

  // Takes `units` of a partition, or nothing. A request of unknown size (a query, which is charged when it
  // has read) is admitted while anything is left, and may leave a debt.
  Verdict take(Instant now, std::size_t partition, double units, bool debt = false) {
    Partition& p = partitions_[partition];
    Verdict verdict = Verdict::ok;
    if (!p.ceiling.has(now, units, debt)) {
      verdict = Verdict::partition;
    } else if (options_.adaptive ? !whole_.has(now, units, debt) : !p.share.has(now, units, debt)) {
      verdict = options_.adaptive ? Verdict::whole : Verdict::partition;
    }
    if (verdict != Verdict::ok) {
      ++refused_[partition];
    } else {
      give(partition, -units);
    }
    return verdict;
  }
  // Gives back what `take` took: a request of several parts took some and was refused another.
  void give(std::size_t partition, double units) {
    Partition& p = partitions_[partition];
    whole_.tokens += units;
    p.share.tokens += units;
    p.ceiling.tokens += units;
    used_[partition] -= units;
  }

  double used() const {
    double sum = 0;
    for (const double units : used_) sum += units;
    return sum;
  }
  double used(std::size_t partition) const { return used_[partition]; }
  std::uint64_t refused(std::size_t partition) const { return refused_[partition]; }

 private:
  struct Bucket {
    double rate = 0;
    double size = 0;
    double tokens = 0;
    Instant last{};

    Bucket() = default;
    Bucket(double per_second, double seconds)
        : rate(per_second), size(per_second * seconds), tokens(per_second) {}
    bool has(Instant now, double units, bool debt) {
      if (std::isinf(rate)) return true;
      if (now > last) {
        tokens = std::min(size, tokens + rate * to_seconds(now - last));
        last = now;
      }
      // What is larger than the bucket waits for a full one. The margin is for sums of fractions.
      return debt ? tokens > 0 : tokens + 1e-9 >= std::min(units, size);
    }
  };
  struct Partition {
    Bucket share;
    Bucket ceiling;
  };

  Options options_;
  Bucket whole_;
  std::vector<Partition> partitions_;
  std::vector<double> used_;
  std::vector<std::uint64_t> refused_;
};

}  // namespace syslab
