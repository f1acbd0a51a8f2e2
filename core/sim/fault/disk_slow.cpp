#include "core/sim/fault/disk_slow.hpp"

#include <fmt/format.h>

#include "core/sim/fault/node_fault.hpp"

namespace syslab {
namespace {

class DiskSlow final : public NodeFault<DiskSlow, DiskSlowOptions> {
 public:
  using NodeFault::NodeFault;

  std::string_view name() const override { return "disk_slow"; }
  std::string describe() const override {
    return fmt::format("slow disk on {} ({} times)", options_.target.describe(), options_.factor);
  }
  void add_options(Value::Map& map) const { map.emplace_back("factor", options_.factor); }
  bool hit(Host& host, Rng&) {
    host.storage().slowness().add(options_.factor);
    return true;
  }
  void restore(Host& host) { host.storage().slowness().remove(options_.factor); }
};

}  // namespace

FaultPtr make_disk_slow(DiskSlowOptions options) {
  return std::make_shared<DiskSlow>(std::move(options));
}

}  // namespace syslab
