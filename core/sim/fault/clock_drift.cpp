#include "core/sim/fault/clock_drift.hpp"

#include <fmt/format.h>

#include <cmath>

#include "core/sim/fault/node_fault.hpp"

namespace syslab {
namespace {

class ClockDrift final : public NodeFault<ClockDrift, ClockDriftOptions> {
 public:
  using NodeFault::NodeFault;

  std::string_view name() const override { return "clock_drift"; }
  std::string describe() const override {
    return fmt::format("clock of {} drifts by {} ppm", options_.target.describe(), options_.ppm);
  }
  void add_options(Value::Map& map) const { map.emplace_back("ppm", options_.ppm); }
  bool hit(Host& host, Rng&) {
    host.add_drift(ppb());
    return true;
  }
  void restore(Host& host) { host.add_drift(-ppb()); }

 private:
  std::int64_t ppb() const { return std::llround(options_.ppm * 1000); }
};

}  // namespace

FaultPtr make_clock_drift(ClockDriftOptions options) {
  return std::make_shared<ClockDrift>(std::move(options));
}

}  // namespace syslab
