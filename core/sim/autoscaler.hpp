// Autoscaler: a node that watches a fleet and starts and stops its members.
//
//   off --launch--> booting --boot--> in service (cold) --warm-up--> in service (warm)
//    ^                                       |
//    '---- stop <-- draining <--leave--------'
//
// Every `period` it takes one reading: the metric, averaged over the period and over the members that are
// warm. A decision (core/compute) says how many members there should be, between `min` and `max`; what is
// missing is launched, and is a machine for the fleet only when it has booted; what is too much leaves the
// rotation, finishes what it has, and is stopped. A member in service whose process is down (a crash) is
// taken out and replaced at the next reading.
//
// It is a node like any other: where it is down nothing scales, and the fleet stays as it is. Cost:
// O(members) a reading.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/distribution.hpp"
#include "core/runtime/node.hpp"
#include "core/sim/world.hpp"

namespace syslab {

struct AutoscalerOptions {
  std::vector<NodeId> members = {};  // all there can be, in the order in which they are launched
  std::size_t min = 1;
  std::size_t max = 1;
  std::size_t start = 1;  // in service and warm from the beginning
  enum class Metric : std::uint8_t {
    utilisation,  // busy slots / slots; 0 to 1
    requests,     // answered a second and member
    reported,     // what report() was told last
  } metric = Metric::utilisation;
  Duration period = std::chrono::seconds(60);
  DistributionPtr boot = nullptr;  // from the order to the start of the process, in seconds; null: none
  Duration warmup = Duration::zero();
  Duration drain = std::chrono::seconds(5);
  // (now, metric, warm, ordered) -> members wanted.
  std::function<std::size_t(Instant, double, std::size_t, std::size_t)> decide = nullptr;
  // Puts a member into the rotation of whoever sends it requests, or takes it out. Null: nobody does.
  std::function<void(NodeId, bool)> rotate = nullptr;
};

// What an autoscaler knows; outlives its process, as the records of a cloud's control plane do.
class Autoscaler : public std::enable_shared_from_this<Autoscaler> {
 public:
  struct Reading {
    Instant at;
    std::optional<double> metric;  // none where nothing is warm, or nothing was reported
    std::size_t desired = 0;
    std::size_t serving = 0;
    std::size_t booting = 0;
  };

  // At the beginning, before anything has happened: the members beyond `start` are not started. Requires:
  // 1 <= members; min <= start <= max <= members; period > 0; decide is set.
  Autoscaler(World& world, AutoscalerOptions options);

  void report(double metric) { reported_ = metric; }
  // Scheduled scaling. Takes effect at once. Requires: min <= max <= members.
  void set_bounds(std::size_t min, std::size_t max);
  std::size_t min() const { return options_.min; }
  std::size_t max() const { return options_.max; }
  std::size_t desired() const { return desired_; }
  std::size_t serving() const;
  std::size_t booting() const;
  const std::vector<Reading>& readings() const { return readings_; }
  // The sum over members of the time from their order to their stop: what is paid.
  double machine_seconds() const;
  Value show() const;

  // The process, which keeps this alive: one at a time. Requires: this is held by a shared_ptr.
  std::unique_ptr<Node> process();

 private:
  class Process;
  enum class State : std::uint8_t { off, booting, serving, draining };
  struct Member {
    NodeId node;
    State state = State::off;
    Instant due = {};      // the end of booting or draining
    Instant warm_at = {};  // serving
    Instant since = {};    // it costs
    // What its station had done at the last reading.
    std::uint32_t incarnation = 0;
    double busy = 0;
    std::uint64_t served = 0;
    Instant read_at = {};
  };

  void wake(Env& env);
  void arm(Env& env);
  void read(Env& env);
  std::optional<double> measure(std::size_t& warm);
  void baseline(Member& member);
  void adjust();
  void launch(Member& member);
  void leave(Member& member);
  void off(Member& member);
  void serve(Member& member);
  std::size_t ordered() const { return serving() + booting(); }

  World& world_;
  AutoscalerOptions options_;
  Rng rng_;
  std::vector<Member> members_;
  std::vector<Reading> readings_;
  std::size_t desired_;
  std::optional<double> reported_;
  Instant next_reading_;
  double machine_seconds_ = 0;  // of members that are off again
  Env* env_ = nullptr;          // of the process; null while it is down
  TimerId timer_ = {};
};

}  // namespace syslab
