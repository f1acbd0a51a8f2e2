#include "core/balance/round_robin.hpp"

#include <vector>

namespace syslab {
namespace {

// Every pick pays each available backend its weight; the richest serves and pays the sum back to the rest.
// Invariant: the credits sum to 0 (up to rounding), so a backend that comes back or is new starts near the
// average and is neither flooded nor starved.
class RoundRobin final : public Picker {
 public:
  std::string_view name() const override { return "round_robin"; }

  std::optional<std::size_t> pick(std::span<const Backend> backends, const Value&, Rng&) override {
    credit_.resize(backends.size(), 0);
    std::optional<std::size_t> best;
    double total = 0;
    for (std::size_t i = 0; i < backends.size(); ++i) {
      if (!backends[i].available) continue;
      credit_[i] += backends[i].weight;
      total += backends[i].weight;
      if (!best || credit_[i] > credit_[*best]) best = i;
    }
    if (best) credit_[*best] -= total;
    return best;
  }

 private:
  std::vector<double> credit_;
};

}  // namespace

std::unique_ptr<Picker> make_round_robin() {
  return std::make_unique<RoundRobin>();
}

}  // namespace syslab
