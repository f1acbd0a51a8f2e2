// A load generator: a host that sends requests to a node and measures what comes back.
//
// Open loop: requests arrive at a rate, whether or not earlier ones were answered. Closed loop: so many
// clients, each of which waits for its answer, thinks, and asks again. Latency is measured from the intended
// arrival, so a stall is seen by every request that it would have delayed (no coordinated omission).
// Cost: one timer and one call a request; memory does not grow with the run.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/distribution.hpp"
#include "core/base/rng.hpp"
#include "core/base/time.hpp"
#include "core/base/value.hpp"
#include "core/observe/histogram.hpp"
#include "core/observe/series.hpp"
#include "core/runtime/env.hpp"

namespace syslab {

class World;

struct RateStep {
  Instant at;
  double rate = 0;
};

struct LoadOptions {
  NodeId to = kNoNode;
  double rate = 0;                  // requests a second: an open loop
  std::size_t clients = 0;          // a closed loop, where rate is 0
  DistributionPtr think = nullptr;  // of a client, between an answer and its next request; null: none
  enum class Arrivals : std::uint8_t { poisson, constant, uniform } arrivals = Arrivals::poisson;
  std::vector<RateStep> rates = {};                                // later rates of the open loop, by time
  std::vector<std::pair<std::string, double>> mix = {{"get", 1}};  // request types and their weights
  std::function<Value(Rng&)> keys = nullptr;                       // entry "key" of the body
  std::size_t body_bytes = 0;                                      // size of the entry "payload"
  std::optional<Duration> timeout = std::chrono::seconds(1);
  std::optional<Instant> start = std::nullopt;  // none: now
  std::optional<Instant> stop = std::nullopt;   // no request arrives at or after it
  std::string zone = {};
  SeriesOptions series = {};
};

class Load {
 public:
  // Starts by itself. `self` is its host.
  Load(World& world, NodeId self, LoadOptions options);

  NodeId self() const { return self_; }
  const LoadOptions& options() const { return options_; }
  std::uint64_t sent() const { return sent_; }
  std::uint64_t ok() const { return ok_; }
  std::uint64_t errors() const { return errors_; }
  std::uint64_t outstanding() const { return sent_ - ok_ - errors_; }
  const std::map<std::string, std::uint64_t>& errors_by_code() const { return errors_by_code_; }
  const Histogram& latency() const { return latency_; }  // of the answers that were no errors, in nanoseconds
  const Series& series() const { return series_; }
  // From now on the open loop has this rate.
  void set_rate(double rate);
  // No more requests.
  void stop();

  // name, to, sent, ok, errors, by_code, outstanding, seconds, rate (sent a second), ok_rate, latency {count,
  // mean, min, p50, p95, p99, p99_9, max, in seconds}, series {interval, start, ok_rate, error_rate, p50,
  // p99: lists} and faults, a list of {from, to, name, describe}; `to` is missing while a fault is active.
  Value report() const;

 private:
  void schedule_arrival(Instant previous);
  void arrive(Instant intended);
  void client_asks();
  void ask(Instant intended, bool closed_loop);
  double rate_at(Instant t) const;
  std::optional<Instant> next_arrival(Instant previous);

  World& world_;
  NodeId self_;
  LoadOptions options_;
  Rng arrivals_rng_;
  Rng body_rng_;
  Rng think_rng_;
  Value payload_;
  double mix_total_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t ok_ = 0;
  std::uint64_t errors_ = 0;
  std::map<std::string, std::uint64_t> errors_by_code_;
  Histogram latency_;
  Series series_;
  Instant started_;
  bool stopped_ = false;
  TimerId next_;
  Instant due_;  // the arrival that next_ stands for
};

}  // namespace syslab
