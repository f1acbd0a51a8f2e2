#include "core/sim/fault/duplicate.hpp"

#include <fmt/format.h>

#include "core/sim/fault/link_fault.hpp"

namespace syslab {
namespace {

class Duplicate final : public LinkFault<Duplicate, DuplicateOptions> {
 public:
  using LinkFault::LinkFault;

  std::string_view name() const override { return "duplicate"; }
  std::string effect() const { return fmt::format("duplicates of {}%", options_.probability * 100); }
  void add_options(Value::Map& map) const {
    map.emplace_back("correlation", options_.correlation);
    map.emplace_back("probability", options_.probability);
  }
  LinkRule rule() const {
    LinkRule rule;
    rule.verb = LinkRule::Verb::duplicate;
    rule.probability = options_.probability;
    rule.correlation = options_.correlation;
    return rule;
  }
};

}  // namespace

FaultPtr make_duplicate(DuplicateOptions options) {
  return std::make_shared<Duplicate>(std::move(options));
}

}  // namespace syslab
