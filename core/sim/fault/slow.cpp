#include "core/sim/fault/slow.hpp"

#include <fmt/format.h>

#include "core/sim/fault/node_fault.hpp"

namespace syslab {
namespace {

class Slow final : public NodeFault<Slow, SlowOptions> {
 public:
  using NodeFault::NodeFault;

  std::string_view name() const override { return "slow"; }
  std::string describe() const override {
    return "slow " + options_.target.describe() + fmt::format(" ({} times)", options_.factor);
  }
  void add_options(Value::Map& map) const { map.emplace_back("factor", options_.factor); }
  bool hit(Host& host, Rng&) {
    host.set_slow(options_.factor, true);
    host.storage().slowness().add(options_.factor);
    return true;
  }
  void restore(Host& host) {
    host.set_slow(options_.factor, false);
    host.storage().slowness().remove(options_.factor);
  }
};

}  // namespace

FaultPtr make_slow(SlowOptions options) {
  return std::make_shared<Slow>(std::move(options));
}

}  // namespace syslab
