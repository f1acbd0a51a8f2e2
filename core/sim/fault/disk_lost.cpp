#include "core/sim/fault/disk_lost.hpp"

#include "core/sim/fault/node_fault.hpp"

namespace syslab {
namespace {

class DiskLost final : public NodeFault<DiskLost, DiskLostOptions> {
 public:
  using NodeFault::NodeFault;

  std::string_view name() const override { return "disk_lost"; }
  std::string describe() const override { return "unsynced writes lost on " + options_.target.describe(); }
  bool heals() const override { return false; }
  void add_options(Value::Map&) const {}
  bool hit(Host& host, Rng&) {
    host.storage().lose_pending();
    return true;
  }
  void restore(Host&) {}
};

}  // namespace

FaultPtr make_disk_lost(DiskLostOptions options) {
  return std::make_shared<DiskLost>(std::move(options));
}

}  // namespace syslab
