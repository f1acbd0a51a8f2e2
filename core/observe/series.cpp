#include "core/observe/series.hpp"

#include <algorithm>

namespace syslab {

Series::Series(const SeriesOptions& options)
    : options_(options), interval_(options.interval), end_(options.origin) {
  SYSLAB_ASSERT(interval_ > Duration::zero());
  SYSLAB_ASSERT(options.buckets_max >= 2);
}

Series::Bucket& Series::find_bucket(Instant at) {
  SYSLAB_ASSERT(at >= options_.origin);
  auto index = static_cast<std::size_t>((at - options_.origin) / interval_);
  if (index >= buckets_.size()) [[unlikely]] {
    while (index >= options_.buckets_max) {
      coarsen();
      index /= 2;
    }
    if (index >= buckets_.size()) buckets_.resize(index + 1, {0, Histogram(options_.precision_bits)});
  }
  current_ = index;
  current_start_ = start(index);
  current_width_ = interval_;
  return buckets_[index];
}

// Bucket i takes 2i and 2i + 1. An odd number of buckets leaves the last one with a partner yet to come.
void Series::coarsen() {
  for (std::size_t i = 0; i < buckets_.size(); i += 2) {
    Bucket merged = std::move(buckets_[i]);
    if (i + 1 < buckets_.size()) {
      merged.errors += buckets_[i + 1].errors;
      merged.latency.merge(buckets_[i + 1].latency);
    }
    buckets_[i / 2] = std::move(merged);
  }
  buckets_.resize((buckets_.size() + 1) / 2, {0, Histogram(options_.precision_bits)});
  interval_ *= 2;
  current_width_ = Duration::zero();
}

void Series::extend_to(Instant now) {
  if (now <= end_) return;
  end_ = now;
  // The instant before: a run that ends where a bucket does opens no new one.
  bucket_at(now - Duration(1));
}

void Series::merge(const Series& other) {
  SYSLAB_ASSERT(options_.origin == other.options_.origin);
  SYSLAB_ASSERT(options_.interval == other.options_.interval);
  SYSLAB_ASSERT(options_.precision_bits == other.options_.precision_bits);
  while (interval_ < other.interval_) coarsen();
  for (std::size_t i = 0; i < other.buckets_.size(); ++i) {
    Bucket& mine = bucket_at(other.start(i));
    mine.errors += other.buckets_[i].errors;
    mine.latency.merge(other.buckets_[i].latency);
  }
  end_ = std::max(end_, other.end_);
}

double Series::seconds_covered(std::size_t index) const {
  const Duration covered = end_ - start(index);
  // Only the last bucket can be partly covered. What falls onto its first instants would look like a huge
  // rate, so at least a tenth of the interval counts.
  if (index + 1 < buckets_.size() || covered >= interval_ || covered <= Duration::zero())
    return to_seconds(interval_);
  return to_seconds(std::max(covered, interval_ / 10));
}

double Series::ok_rate(std::size_t index) const {
  return static_cast<double>(buckets_[index].ok()) / seconds_covered(index);
}

double Series::error_rate(std::size_t index) const {
  return static_cast<double>(buckets_[index].errors) / seconds_covered(index);
}

}  // namespace syslab
