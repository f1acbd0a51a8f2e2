// Failure detectors: from when heartbeats came, is the one who sends them still there?
//
// One detector watches one sender. Its suspicion is a number that grows as long as no heartbeat comes, and it
// suspects the sender where that exceeds a threshold. A pure policy: time is an argument, in no world.
//
//   phi_accrual  phi(now) = -log10 of the probability that a heartbeat comes still later, if gaps are
//   normally
//                distributed with the mean and deviation of the last `window` of them. A threshold of 1 is
//                wrong once in 10 such silences, of 8 once in 10^8. It adapts to how regular the sender is.
//                The normal tail is computed by the logistic approximation 1 / (1 + exp(y (1.5976 + 0.070566
//                y^2))) that Akka uses (error below 0.00014; Cassandra takes an exponential tail), in
//                logarithms, so that it never underflows. Paper: Hayashibara et al. 2004, "The phi accrual
//                failure detector"
//   timeout      the silence in timeouts; suspects after one
// Cost: O(1) a call; 8 bytes a gap of the window. Requires of all: now never decreases.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>

#include "core/base/time.hpp"

namespace syslab {

class FailureDetector {
 public:
  virtual ~FailureDetector() = default;
  virtual void heartbeat(Instant now) = 0;
  // 0 before the first heartbeat.
  virtual double suspicion(Instant now) const = 0;
  virtual bool suspects(Instant now) const = 0;
  // How long a silence after the last heartbeat makes it suspect, as it is now; max where there was none.
  Duration patience() const;

 protected:
  std::optional<Instant> last_ = {};
};

struct PhiAccrualOptions {
  double threshold = 8;
  std::size_t window = 1000;  // gaps
  // The least deviation that is assumed, so that a very regular sender is not suspected for a little delay;
  // and a silence that is always allowed, added to the mean.
  Duration deviation_min = std::chrono::milliseconds(100);
  Duration pause = Duration::zero();
  Duration first =
      std::chrono::seconds(1);  // the gap to expect before there was one; its quarter is the deviation
};

class PhiAccrual final : public FailureDetector {
 public:
  // Requires: threshold > 0, window >= 1, deviation_min > 0, first > 0.
  explicit PhiAccrual(PhiAccrualOptions options);
  void heartbeat(Instant now) override;
  double suspicion(Instant now) const override;
  bool suspects(Instant now) const override { return suspicion(now) > options_.threshold; }

  // Of the gaps, in seconds.
  double mean() const;
  double deviation() const;

 private:
  void add(double gap);

  PhiAccrualOptions options_;
  std::deque<double> gaps_;
  double sum_ = 0, squares_ = 0;
};

class TimeoutDetector final : public FailureDetector {
 public:
  // Requires: timeout > 0.
  explicit TimeoutDetector(Duration timeout) : timeout_(timeout) {}
  void heartbeat(Instant now) override { last_ = now; }
  double suspicion(Instant now) const override {
    return last_ ? to_seconds(now - *last_) / to_seconds(timeout_) : 0;
  }
  bool suspects(Instant now) const override { return last_ && now - *last_ > timeout_; }

 private:
  Duration timeout_;
};

}  // namespace syslab
