#include "core/sim/fault/disk_full.hpp"

#include "core/sim/fault/node_fault.hpp"

namespace syslab {
namespace {

class DiskFull final : public NodeFault<DiskFull, DiskFullOptions> {
 public:
  using NodeFault::NodeFault;

  std::string_view name() const override { return "disk_full"; }
  std::string describe() const override { return "full disk on " + options_.target.describe(); }
  void add_options(Value::Map&) const {}
  bool hit(Host& host, Rng&) {
    host.storage().set_full(true);
    return true;
  }
  void restore(Host& host) { host.storage().set_full(false); }
};

}  // namespace

FaultPtr make_disk_full(DiskFullOptions options) {
  return std::make_shared<DiskFull>(std::move(options));
}

}  // namespace syslab
