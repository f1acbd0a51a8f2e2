#include "core/balance/random.hpp"

namespace syslab {
namespace {

class Random final : public Picker {
 public:
  std::string_view name() const override { return "random"; }

  std::optional<std::size_t> pick(std::span<const Backend> backends, const Value&, Rng& rng) override {
    double total = 0;
    for (const Backend& b : backends) total += b.available ? b.weight : 0;
    if (total <= 0) return std::nullopt;
    double point = rng.unit() * total;
    std::optional<std::size_t> last;
    for (std::size_t i = 0; i < backends.size(); ++i) {
      if (!backends[i].available) continue;
      last = i;  // rounding may leave the point just behind the last backend
      point -= backends[i].weight;
      if (point < 0) break;
    }
    return last;
  }
};

}  // namespace

std::unique_ptr<Picker> make_random() {
  return std::make_unique<Random>();
}

}  // namespace syslab
