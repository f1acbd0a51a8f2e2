#include "core/sim/fault/disk_lying.hpp"

#include "core/sim/fault/node_fault.hpp"

namespace syslab {
namespace {

class DiskLying final : public NodeFault<DiskLying, DiskLyingOptions> {
 public:
  using NodeFault::NodeFault;

  std::string_view name() const override { return "disk_lying"; }
  std::string describe() const override { return "lying fsync on " + options_.target.describe(); }
  void add_options(Value::Map&) const {}
  bool hit(Host& host, Rng&) {
    host.storage().set_lying(true);
    return true;
  }
  void restore(Host& host) { host.storage().set_lying(false); }
};

}  // namespace

FaultPtr make_disk_lying(DiskLyingOptions options) {
  return std::make_shared<DiskLying>(std::move(options));
}

}  // namespace syslab
