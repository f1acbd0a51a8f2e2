#include "core/balance/least_connections.hpp"

namespace syslab {
namespace {

class LeastConnections final : public Picker {
 public:
  std::string_view name() const override { return "least_connections"; }

  std::optional<std::size_t> pick(std::span<const Backend> backends, const Value&, Rng&) override {
    const std::size_t n = backends.size();
    std::optional<std::size_t> best;
    // Starting behind the last pick gives equals their turn; otherwise an idle fleet would only use its first
    // backend.
    for (std::size_t step = 0; step < n; ++step) {
      const std::size_t i = (start_ + step) % n;
      if (!backends[i].available) continue;
      if (!best || load_after(backends[i]) < load_after(backends[*best])) best = i;
    }
    if (best) start_ = *best + 1;
    return best;
  }

 private:
  std::size_t start_ = 0;
};

}  // namespace

std::unique_ptr<Picker> make_least_connections() {
  return std::make_unique<LeastConnections>();
}

}  // namespace syslab
