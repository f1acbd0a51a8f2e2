#include "core/sim/fault/clock_skew.hpp"

#include <fmt/format.h>

#include "core/sim/fault/node_fault.hpp"

namespace syslab {
namespace {

class ClockSkew final : public NodeFault<ClockSkew, ClockSkewOptions> {
 public:
  using NodeFault::NodeFault;

  std::string_view name() const override { return "clock_skew"; }
  std::string describe() const override {
    return fmt::format("wall clock of {} off by {} s", options_.target.describe(), to_seconds(options_.by));
  }
  void add_options(Value::Map& map) const { map.emplace_back("by", to_seconds(options_.by)); }
  bool hit(Host& host, Rng&) {
    host.clock().shift_wall(options_.by);
    return true;
  }
  void restore(Host& host) { host.clock().shift_wall(-options_.by); }
};

}  // namespace

FaultPtr make_clock_skew(ClockSkewOptions options) {
  return std::make_shared<ClockSkew>(std::move(options));
}

}  // namespace syslab
