#include "core/sim/fault/pause.hpp"

#include "core/sim/fault/node_fault.hpp"

namespace syslab {
namespace {

class Pause final : public NodeFault<Pause, PauseOptions> {
 public:
  using NodeFault::NodeFault;

  std::string_view name() const override { return "pause"; }
  void add_options(Value::Map&) const {}
  bool hit(Host& host, Rng&) {
    host.pause();
    return true;
  }
  void restore(Host& host) { host.resume(); }
};

}  // namespace

FaultPtr make_pause(PauseOptions options) {
  return std::make_shared<Pause>(std::move(options));
}

}  // namespace syslab
