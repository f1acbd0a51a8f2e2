#include "core/sim/fault/propagation.hpp"

#include <fmt/format.h>

#include "core/sim/fault/node_fault.hpp"

namespace syslab {
namespace {

// Tells the process, as services understand it (core/topic/fanout.hpp); who does not know it is not hit.
void tell(Host& host, Value seconds) {
  if (host.service() == nullptr) return;
  host.service()->call(
      host, Request{.type = "set_propagation", .body = Value::map({{"seconds", std::move(seconds)}})},
      [](const Result&) {});
}

class Propagation final : public NodeFault<Propagation, PropagationOptions> {
 public:
  using NodeFault::NodeFault;

  std::string_view name() const override { return "propagation"; }
  std::string describe() const override {
    return "propagation " + options_.target.describe() + fmt::format(" ({} s)", to_seconds(options_.delay));
  }
  void add_options(Value::Map& map) const { map.emplace_back("delay", to_seconds(options_.delay)); }
  bool hit(Host& host, Rng&) {
    tell(host, to_seconds(options_.delay));
    return true;
  }
  void restore(Host& host) { tell(host, Value()); }
};

}  // namespace

FaultPtr make_propagation(PropagationOptions options) {
  return std::make_shared<Propagation>(std::move(options));
}

}  // namespace syslab
