// What one load saw over time: for every interval the replies, the errors and a small latency histogram.
//
// Memory is constant for any length of run: when a record would need more than `buckets_max` buckets,
// neighbours are merged in pairs and the interval doubles. Buckets are aligned to `origin`, so the result
// depends only on what was recorded, not on when the series became coarser. Feeds plots, sparklines and
// `load:report()`.
//
// Cost: record O(1) amortised, about 4 ns; percentiles O(histogram). A bucket takes 96 bytes and its
// histogram.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/time.hpp"
#include "core/observe/histogram.hpp"

namespace syslab {

struct SeriesOptions {
  Duration interval = std::chrono::milliseconds(100);  // to begin with; doubles as the run grows
  std::size_t buckets_max = 600;
  Instant origin = Instant();
  int precision_bits = 5;  // of each bucket's histogram: percentiles to 1/32
};

class Series {
 public:
  struct Bucket {
    std::uint64_t errors = 0;
    Histogram latency;  // of the replies that were no errors, in nanoseconds; its count is theirs

    std::uint64_t ok() const { return latency.count(); }
    // Latency not exceeded by p percent of the replies; zero where there were none.
    Duration percentile(double p) const { return Duration(latency.percentile(p)); }
    bool operator==(const Bucket&) const = default;
  };

  // Requires: interval > 0, buckets_max >= 2.
  explicit Series(const SeriesOptions& options = {});

  // Requires: at >= origin, latency >= 0. Instants may come in any order.
  void record_ok(Instant at, Duration latency) { bucket_at(at).latency.record(latency.count()); }
  void record_error(Instant at) { ++bucket_at(at).errors; }
  // The observation lasts until `now`: silence up to there is part of the series.
  void extend_to(Instant now);
  // Adds what another series saw; both end with the wider interval. Requires: same origin, precision, first
  // interval.
  void merge(const Series& other);

  Duration interval() const { return interval_; }
  Instant origin() const { return options_.origin; }
  std::size_t size() const { return buckets_.size(); }
  bool empty() const { return buckets_.empty(); }
  // Requires: index < size().
  Instant start(std::size_t index) const {
    return options_.origin + interval_ * static_cast<std::int64_t>(index);
  }
  const Bucket& operator[](std::size_t index) const { return buckets_[index]; }
  // Replies and errors per second. The last bucket's are taken over the part that extend_to() has reached.
  double ok_rate(std::size_t index) const;
  double error_rate(std::size_t index) const;

 private:
  // Nearly every record falls into the bucket of the one before, which spares it a division.
  Bucket& bucket_at(Instant at) {
    if (at >= current_start_ && at - current_start_ < current_width_) [[likely]] {
      return buckets_[current_];
    }
    return find_bucket(at);
  }
  Bucket& find_bucket(Instant at);
  void coarsen();
  double seconds_covered(std::size_t index) const;

  SeriesOptions options_;
  Duration interval_;
  Instant end_;  // as far as extend_to() has gone
  std::vector<Bucket> buckets_;
  // The bucket used last; a width of zero says that there is none.
  std::size_t current_ = 0;
  Instant current_start_;
  Duration current_width_{0};
};

}  // namespace syslab
