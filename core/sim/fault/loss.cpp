#include "core/sim/fault/loss.hpp"

#include <fmt/format.h>

#include "core/sim/fault/link_fault.hpp"

namespace syslab {
namespace {

class Loss final : public LinkFault<Loss, LossOptions> {
 public:
  using LinkFault::LinkFault;

  std::string_view name() const override { return "loss"; }
  std::string effect() const { return fmt::format("loss of {}%", options_.probability * 100); }
  void add_options(Value::Map& map) const {
    map.emplace_back("correlation", options_.correlation);
    map.emplace_back("probability", options_.probability);
  }
  LinkRule rule() const {
    LinkRule rule;
    rule.verb = LinkRule::Verb::loss;
    rule.probability = options_.probability;
    rule.correlation = options_.correlation;
    return rule;
  }
};

}  // namespace

FaultPtr make_loss(LossOptions options) {
  return std::make_shared<Loss>(std::move(options));
}

}  // namespace syslab
