#include "core/sim/fault/clock_step.hpp"

#include <fmt/format.h>

#include "core/sim/fault/node_fault.hpp"

namespace syslab {
namespace {

class ClockStep final : public NodeFault<ClockStep, ClockStepOptions> {
 public:
  using NodeFault::NodeFault;

  std::string_view name() const override { return "clock_step"; }
  std::string describe() const override {
    return fmt::format("wall clock of {} jumps by {} s", options_.target.describe(), to_seconds(options_.by));
  }
  bool heals() const override { return false; }
  void add_options(Value::Map& map) const { map.emplace_back("by", to_seconds(options_.by)); }
  bool hit(Host& host, Rng&) {
    host.clock().shift_wall(options_.by);
    return true;
  }
  void restore(Host&) {}
};

}  // namespace

FaultPtr make_clock_step(ClockStepOptions options) {
  return std::make_shared<ClockStep>(std::move(options));
}

}  // namespace syslab
