#include "core/sim/fault/zone.hpp"

#include <vector>

#include "core/sim/target.hpp"
#include "core/sim/world.hpp"

namespace syslab {
namespace {

class Zone final : public Fault {
 public:
  explicit Zone(ZoneOptions options) : options_(std::move(options)) {}

  std::string_view name() const override { return "zone"; }
  Value options() const override { return Value::map({{"zone", options_.zone}}); }
  std::string describe() const override { return "zone " + options_.zone + " down"; }
  Expected<bool> check(const World& world) const override {
    Expected<Target> target = Target::parse(Value::map({{"zone", options_.zone}}));
    return target->check(world);
  }
  FaultPtr resolve(const World&, Rng&) const override { return std::make_shared<Zone>(options_); }
  void inject(World& world, Rng& rng) override {
    for (NodeId node : Target::parse(options())->resolve(world, rng)) {
      if (world.host(node).crash(CrashDisk::synced, true, rng)) hits_.push_back(node);
    }
  }
  void heal(World& world) override {
    for (NodeId node : hits_) world.host(node).start();
  }

 private:
  ZoneOptions options_;
  std::vector<NodeId> hits_;
};

}  // namespace

FaultPtr make_zone(ZoneOptions options) {
  return std::make_shared<Zone>(std::move(options));
}

}  // namespace syslab
