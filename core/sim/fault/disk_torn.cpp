#include "core/sim/fault/disk_torn.hpp"

#include "core/sim/fault/node_fault.hpp"

namespace syslab {
namespace {

class DiskTorn final : public NodeFault<DiskTorn, DiskTornOptions> {
 public:
  using NodeFault::NodeFault;

  std::string_view name() const override { return "disk_torn"; }
  std::string describe() const override { return "torn writes on " + options_.target.describe(); }
  void add_options(Value::Map&) const {}
  bool hit(Host& host, Rng&) {
    host.storage().set_torn(true);
    return true;
  }
  void restore(Host& host) { host.storage().set_torn(false); }
};

}  // namespace

FaultPtr make_disk_torn(DiskTornOptions options) {
  return std::make_shared<DiskTorn>(std::move(options));
}

}  // namespace syslab
