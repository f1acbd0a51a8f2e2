#include "core/sim/fault/reorder.hpp"

#include <fmt/format.h>

#include "core/sim/fault/link_fault.hpp"

namespace syslab {
namespace {

class Reorder final : public LinkFault<Reorder, ReorderOptions> {
 public:
  using LinkFault::LinkFault;

  std::string_view name() const override { return "reorder"; }
  std::string effect() const { return fmt::format("reordering of {}%", options_.probability * 100); }
  void add_options(Value::Map& map) const {
    map.emplace_back("by", to_seconds(options_.by));
    map.emplace_back("correlation", options_.correlation);
    map.emplace_back("probability", options_.probability);
  }
  LinkRule rule() const {
    LinkRule rule;
    rule.verb = LinkRule::Verb::reorder;
    rule.probability = options_.probability;
    rule.correlation = options_.correlation;
    rule.extra = make_constant({to_seconds(options_.by)});
    return rule;
  }
};

}  // namespace

FaultPtr make_reorder(ReorderOptions options) {
  return std::make_shared<Reorder>(std::move(options));
}

}  // namespace syslab
