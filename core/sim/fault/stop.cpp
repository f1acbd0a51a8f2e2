#include "core/sim/fault/stop.hpp"

#include "core/sim/fault/node_fault.hpp"

namespace syslab {
namespace {

class Stop final : public NodeFault<Stop, StopOptions> {
 public:
  using NodeFault::NodeFault;

  std::string_view name() const override { return "stop"; }
  bool over(const World& world) const override { return all_restarted(world); }
  void add_options(Value::Map&) const {}
  bool hit(Host& host, Rng&) { return host.stop(); }
  void restore(Host& host) { host.start(); }
};

}  // namespace

FaultPtr make_stop(StopOptions options) {
  return std::make_shared<Stop>(std::move(options));
}

}  // namespace syslab
