#include "core/sim/fault/hold.hpp"

#include "core/sim/fault/link_fault.hpp"

namespace syslab {
namespace {

class Hold final : public LinkFault<Hold, HoldOptions> {
 public:
  using LinkFault::LinkFault;

  std::string_view name() const override { return "hold"; }
  std::string effect() const { return "hold"; }
  void add_options(Value::Map&) const {}
  LinkRule rule() const {
    LinkRule rule;
    rule.verb = LinkRule::Verb::hold;
    return rule;
  }
};

}  // namespace

FaultPtr make_hold(HoldOptions options) {
  return std::make_shared<Hold>(std::move(options));
}

}  // namespace syslab
