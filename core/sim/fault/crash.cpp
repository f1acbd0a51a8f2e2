#include "core/sim/fault/crash.hpp"

#include "core/sim/fault/node_fault.hpp"

namespace syslab {
namespace {

class Crash final : public NodeFault<Crash, CrashOptions> {
 public:
  using NodeFault::NodeFault;

  std::string_view name() const override { return "crash"; }
  std::string describe() const override {
    return (options_.power ? "power loss of " : "crash ") + options_.target.describe();
  }
  bool over(const World& world) const override { return all_restarted(world); }
  void add_options(Value::Map& map) const {
    map.emplace_back("disk", to_string(options_.disk));
    if (options_.power) map.emplace_back("power", true);
  }
  bool hit(Host& host, Rng& rng) { return host.crash(options_.disk, options_.power, rng); }
  void restore(Host& host) { host.start(); }
};

}  // namespace

FaultPtr make_crash(CrashOptions options) {
  return std::make_shared<Crash>(std::move(options));
}

}  // namespace syslab
