#include "core/sim/fault/heal_all.hpp"

#include "core/sim/world.hpp"

namespace syslab {
namespace {

class HealAll final : public Fault {
 public:
  std::string_view name() const override { return "heal_all"; }
  Value options() const override { return Value::map({}); }
  std::string describe() const override { return "heal all"; }
  bool heals() const override { return false; }
  bool journaled() const override { return false; }
  Expected<bool> check(const World&) const override { return true; }
  FaultPtr resolve(const World&, Rng&) const override { return std::make_shared<HealAll>(); }
  void inject(World& world, Rng&) override { world.faults().heal_all_now(); }
};

}  // namespace

FaultPtr make_heal_all() {
  return std::make_shared<HealAll>();
}

}  // namespace syslab
