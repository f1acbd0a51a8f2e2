#include "core/sim/fault/clog.hpp"

#include "core/sim/fault/link_fault.hpp"

namespace syslab {
namespace {

class Clog final : public LinkFault<Clog, ClogOptions> {
 public:
  using LinkFault::LinkFault;

  std::string_view name() const override { return "clog"; }
  std::string effect() const { return "clog"; }
  void add_options(Value::Map&) const {}
  LinkRule rule() const {
    LinkRule rule;
    rule.verb = LinkRule::Verb::clog;
    return rule;
  }
};

}  // namespace

FaultPtr make_clog(ClogOptions options) {
  return std::make_shared<Clog>(std::move(options));
}

}  // namespace syslab
