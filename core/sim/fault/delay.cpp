#include "core/sim/fault/delay.hpp"

#include <fmt/format.h>

#include "core/sim/fault/link_fault.hpp"

namespace syslab {
namespace {

class Delay final : public LinkFault<Delay, DelayOptions> {
 public:
  using LinkFault::LinkFault;

  std::string_view name() const override { return "delay"; }
  std::string effect() const { return fmt::format("delay of {} ms", to_seconds(options_.by) * 1000); }
  void add_options(Value::Map& map) const {
    map.emplace_back("by", to_seconds(options_.by));
    map.emplace_back("jitter", to_seconds(options_.jitter));
    map.emplace_back("correlation", options_.correlation);
    map.emplace_back("probability", options_.probability);
  }
  LinkRule rule() const {
    LinkRule rule;
    rule.verb = LinkRule::Verb::delay;
    rule.probability = options_.probability;
    rule.correlation = options_.correlation;
    const double by = to_seconds(options_.by);
    const double jitter = to_seconds(options_.jitter);
    rule.extra = jitter > 0 ? make_uniform({by - jitter, by + jitter}) : make_constant({by});
    return rule;
  }
};

}  // namespace

FaultPtr make_delay(DelayOptions options) {
  return std::make_shared<Delay>(std::move(options));
}

}  // namespace syslab
