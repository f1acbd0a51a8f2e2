#include "core/sim/fault/drop.hpp"

#include "core/sim/fault/link_fault.hpp"

namespace syslab {
namespace {

class Drop final : public LinkFault<Drop, DropOptions> {
 public:
  using LinkFault::LinkFault;

  std::string_view name() const override { return "drop"; }
  std::string effect() const {
    return "drop of " + (options_.type.empty() ? std::string("all messages") : "'" + options_.type + "'");
  }
  void add_options(Value::Map& map) const {
    map.emplace_back("correlation", options_.correlation);
    map.emplace_back("probability", options_.probability);
    if (!options_.type.empty()) map.emplace_back("type", options_.type);
  }
  LinkRule rule() const {
    LinkRule rule;
    rule.verb = LinkRule::Verb::drop;
    rule.probability = options_.probability;
    rule.correlation = options_.correlation;
    rule.type = options_.type;
    return rule;
  }
};

}  // namespace

FaultPtr make_drop(DropOptions options) {
  return std::make_shared<Drop>(std::move(options));
}

}  // namespace syslab
