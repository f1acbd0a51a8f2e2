#include "core/sim/fault/chaos.hpp"

#include "core/sim/fault/crash.hpp"
#include "core/sim/fault/loss.hpp"
#include "core/sim/fault/partition.hpp"
#include "core/sim/fault/pause.hpp"
#include "core/sim/fault/slow.hpp"
#include "core/sim/world.hpp"

namespace syslab {
namespace {

class Chaos final : public Fault, public std::enable_shared_from_this<Chaos> {
 public:
  explicit Chaos(ChaosOptions options)
      : options_(std::move(options)), gap_(make_exponential({to_seconds(options_.every)})) {
    if (!options_.faults.empty()) return;
    const Target target = options_.target.empty() ? *Target::parse("one") : options_.target;
    options_.faults = {make_crash({target}), make_pause({target}), make_slow({target}),
                       make_partition({.target = target}), make_loss({.links = {.target = target}})};
  }

  std::string_view name() const override { return "chaos"; }
  Value options() const override {
    Value::List faults;
    for (const FaultPtr& fault : options_.faults) {
      faults.push_back(Value::map({{"name", fault->name()}, {"options", fault->options()}}));
    }
    Value::Map map{{"every", to_seconds(options_.every)},
                   {"lasting", to_seconds(options_.lasting)},
                   {"at_once", static_cast<double>(options_.at_once)},
                   {"faults", Value::list(std::move(faults))}};
    if (options_.span) map.emplace_back("span", to_seconds(*options_.span));
    return Value::map(std::move(map));
  }
  std::string describe() const override { return "chaos"; }
  bool journaled() const override { return false; }
  Expected<bool> check(const World& world) const override {
    for (const FaultPtr& fault : options_.faults) {
      if (Expected<bool> good = fault->check(world); !good) return good;
    }
    return true;
  }
  FaultPtr resolve(const World&, Rng&) const override { return std::make_shared<Chaos>(options_); }

  void inject(World& world, Rng& rng) override {
    rng_ = rng;
    plan_next(world);
    if (!options_.span) return;
    world.faults().plan(saturating_add(world.now(), *options_.span),
                        [self = shared_from_this(), &world] { self->heal(world); });
  }

  void heal(World& world) override {
    over_ = true;
    for (FaultId id : mine_) world.faults().heal_now(id);
    mine_.clear();
  }
  bool over(const World&) const override { return over_; }

 private:
  void plan_next(World& world) {
    const Instant at = saturating_add(world.now(), sample_duration(*gap_, rng_) + Duration(1));
    world.faults().plan(at, [self = shared_from_this(), &world] { self->act(world); });
  }

  void act(World& world) {
    if (over_) return;
    std::erase_if(mine_, [&](FaultId id) { return !world.faults().active(id); });
    if (mine_.size() < options_.at_once) {
      const FaultPtr& fault = options_.faults[rng_.below(options_.faults.size())];
      const Duration lasting = from_seconds(to_seconds(options_.lasting) * (0.5 + rng_.unit()));
      mine_.push_back(world.faults().inject_now(fault, lasting));
    }
    plan_next(world);
  }

  ChaosOptions options_;
  DistributionPtr gap_;
  Rng rng_{0};
  std::vector<FaultId> mine_;
  bool over_ = false;
};

}  // namespace

FaultPtr make_chaos(ChaosOptions options) {
  return std::make_shared<Chaos>(std::move(options));
}

}  // namespace syslab
