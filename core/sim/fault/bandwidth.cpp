#include "core/sim/fault/bandwidth.hpp"

#include <fmt/format.h>

#include "core/sim/fault/link_fault.hpp"

namespace syslab {
namespace {

class Bandwidth final : public LinkFault<Bandwidth, BandwidthOptions> {
 public:
  using LinkFault::LinkFault;

  std::string_view name() const override { return "bandwidth"; }
  std::string effect() const { return fmt::format("bandwidth of {} B/s", options_.rate); }
  void add_options(Value::Map& map) const { map.emplace_back("rate", options_.rate); }
  LinkRule rule() const {
    LinkRule rule;
    rule.verb = LinkRule::Verb::bandwidth;
    rule.bandwidth = options_.rate;
    return rule;
  }
};

}  // namespace

FaultPtr make_bandwidth(BandwidthOptions options) {
  return std::make_shared<Bandwidth>(std::move(options));
}

}  // namespace syslab
