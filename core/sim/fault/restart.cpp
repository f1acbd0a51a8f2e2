#include "core/sim/fault/restart.hpp"

#include "core/sim/fault/node_fault.hpp"

namespace syslab {
namespace {

class Restart final : public NodeFault<Restart, RestartOptions> {
 public:
  using NodeFault::NodeFault;

  std::string_view name() const override { return "restart"; }
  std::string describe() const override {
    return "restart " + options_.target.describe() + (options_.wipe_disk ? " with a new disk" : "");
  }
  bool heals() const override { return false; }
  void add_options(Value::Map& map) const {
    if (options_.wipe_disk) map.emplace_back("wipe_disk", true);
  }
  bool hit(Host& host, Rng& rng) {
    host.crash(CrashDisk::synced, false, rng);
    if (options_.wipe_disk) host.storage().wipe();
    return host.start();
  }
  void restore(Host&) {}
};

}  // namespace

FaultPtr make_restart(RestartOptions options) {
  return std::make_shared<Restart>(std::move(options));
}

}  // namespace syslab
