#include "core/replicate/failure_detector.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/assert.hpp"
#include "core/base/exact_math.hpp"

namespace syslab {

// Suspicion never falls while no heartbeat comes, so the moment at which it is enough is found by halving.
Duration FailureDetector::patience() const {
  if (!last_) return Duration::max();
  Duration low = Duration::zero(), high = std::chrono::hours(24 * 365);
  if (!suspects(*last_ + high)) return Duration::max();
  while (high - low > std::chrono::microseconds(1)) {
    const Duration middle = low + (high - low) / 2;
    (suspects(*last_ + middle) ? high : low) = middle;
  }
  return high;
}

PhiAccrual::PhiAccrual(PhiAccrualOptions options) : options_(options) {
  SYSLAB_ASSERT(options_.threshold > 0 && options_.window >= 1);
  SYSLAB_ASSERT(options_.deviation_min > Duration::zero() && options_.first > Duration::zero());
}

void PhiAccrual::add(double gap) {
  gaps_.push_back(gap);
  sum_ += gap;
  squares_ += gap * gap;
  if (gaps_.size() <= options_.window) return;
  sum_ -= gaps_.front();
  squares_ -= gaps_.front() * gaps_.front();
  gaps_.pop_front();
}

void PhiAccrual::heartbeat(Instant now) {
  if (last_) {
    add(to_seconds(now - *last_));
  } else {
    const double first = to_seconds(options_.first);
    add(first - first / 4);
    add(first + first / 4);
  }
  last_ = now;
}

double PhiAccrual::mean() const {
  return gaps_.empty() ? 0 : sum_ / static_cast<double>(gaps_.size());
}

double PhiAccrual::deviation() const {
  const double mean = this->mean();
  const double variance = gaps_.empty() ? 0 : squares_ / static_cast<double>(gaps_.size()) - mean * mean;
  return std::max(std::sqrt(std::max(variance, 0.0)), to_seconds(options_.deviation_min));
}

double PhiAccrual::suspicion(Instant now) const {
  if (!last_) return 0;
  const double y = (to_seconds(now - *last_) - mean() - to_seconds(options_.pause)) / deviation();
  // The tail is 1 / (1 + e^x), and -log10 of it is log10(1 + e^x), which is x log10(e) where x is large.
  const double x = y * (1.5976 + 0.070566 * y * y);
  const double log = x > 0 ? x + exact_log1p(exact_exp(-x)) : exact_log1p(exact_exp(x));
  return log / 2.302585092994045684;  // the natural logarithm of 10
}

}  // namespace syslab
