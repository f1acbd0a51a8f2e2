#include "core/sim/fault/disk_corrupt.hpp"

#include "core/sim/fault/node_fault.hpp"

namespace syslab {
namespace {

class DiskCorrupt final : public NodeFault<DiskCorrupt, DiskCorruptOptions> {
 public:
  using NodeFault::NodeFault;

  std::string_view name() const override { return "disk_corrupt"; }
  std::string describe() const override { return "corrupt records on " + options_.target.describe(); }
  void add_options(Value::Map& map) const {
    if (options_.detected) map.emplace_back("detected", true);
    if (!options_.file.empty()) map.emplace_back("file", options_.file);
    map.emplace_back("probability", options_.probability);
  }
  bool hit(Host& host, Rng& rng) {
    if (damage_ == 0) damage_ = rng.next();
    return host.storage().corrupt(damage_, options_.file, options_.probability, options_.detected, rng) > 0;
  }
  void restore(Host& host) { host.storage().repair(damage_); }

 private:
  std::uint64_t damage_ = 0;
};

}  // namespace

FaultPtr make_disk_corrupt(DiskCorruptOptions options) {
  return std::make_shared<DiskCorrupt>(std::move(options));
}

}  // namespace syslab
