// What faults have in common that hit nodes one by one.
#pragma once

#include <utility>
#include <vector>

#include "core/sim/fault.hpp"
#include "core/sim/target.hpp"
#include "core/sim/world.hpp"

namespace syslab {

// `Self` is the verb, `Options` its options, which have a `target`. Self says what happens to one node:
//   bool hit(Host&, Rng&)    does it; whether it changed anything, and so has to be healed
//   void restore(Host&)      takes it back
//   void add_options(Value::Map&) const    all options but the target
template <class Self, class Options>
class NodeFault : public Fault {
 public:
  explicit NodeFault(Options options) : options_(std::move(options)) {}

  Value options() const final {
    Value::Map map{{"target", options_.target.value()}};
    self().add_options(map);
    return Value::map(std::move(map));
  }
  std::string describe() const override { return std::string(name()) + " " + options_.target.describe(); }
  Expected<bool> check(const World& world) const final {
    if (options_.target.empty())
      return make_error("unknown", "lab.fault." + std::string(name()) + " needs a target");
    return options_.target.check(world);
  }
  FaultPtr resolve(const World& world, Rng& rng) const final {
    Options resolved = options_;
    resolved.target = Target::of(world, options_.target.resolve(world, rng));
    return std::make_shared<Self>(std::move(resolved));
  }
  void inject(World& world, Rng& rng) final {
    for (NodeId node : options_.target.resolve(world, rng)) {
      Host& host = world.host(node);
      const std::uint32_t incarnation = host.incarnation();
      if (self().hit(host, rng)) hits_.push_back({node, incarnation});
    }
  }
  void heal(World& world) final {
    for (const Hit& hit : hits_) self().restore(world.host(hit.node));
  }

 protected:
  struct Hit {
    NodeId node;
    std::uint32_t incarnation;
  };
  // True once every process that was hit has been started again.
  bool all_restarted(const World& world) const {
    for (const Hit& hit : hits_) {
      const Host& host = world.host(hit.node);
      if (host.state() != Host::State::up || host.incarnation() == hit.incarnation) return false;
    }
    return true;
  }

  Options options_;

 private:
  Self& self() { return static_cast<Self&>(*this); }
  const Self& self() const { return static_cast<const Self&>(*this); }

  std::vector<Hit> hits_;
};

}  // namespace syslab
