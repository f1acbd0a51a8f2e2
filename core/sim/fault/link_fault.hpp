// What faults have in common that are one rule on some links.
#pragma once

#include <string>
#include <utility>

#include "core/sim/fault.hpp"
#include "core/sim/target.hpp"
#include "core/sim/world.hpp"

namespace syslab {

// `Self` is the verb, `Options` its options, which have `links`. Self says what the rule does:
//   LinkRule rule() const                  without spans and rng
//   void add_options(Value::Map&) const    all options but the links
//   std::string effect() const             "loss of 10%"
template <class Self, class Options>
class LinkFault : public Fault {
 public:
  explicit LinkFault(Options options) : options_(std::move(options)) {}

  Value options() const final {
    Value::Map map;
    options_.links.add_to(map);
    self().add_options(map);
    return Value::map(std::move(map));
  }
  std::string describe() const final { return self().effect() + " " + options_.links.describe(); }
  Expected<bool> check(const World& world) const final { return options_.links.check(world); }
  FaultPtr resolve(const World& world, Rng& rng) const final {
    Options resolved = options_;
    resolved.links = options_.links.resolve(world, rng);
    return std::make_shared<Self>(std::move(resolved));
  }
  void inject(World& world, Rng& rng) final {
    LinkRule rule = self().rule();
    rule.spans = options_.links.spans(world);
    rule.rng = rng;
    rule_ = world.network().add_rule(std::move(rule));
  }
  void heal(World& world) final { world.network().remove_rule(rule_); }

 protected:
  Options options_;

 private:
  const Self& self() const { return static_cast<const Self&>(*this); }

  RuleId rule_ = 0;
};

}  // namespace syslab
