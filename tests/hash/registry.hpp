// The placements that tests/hash/conformance_test.cpp runs on. Every algorithm's own test file adds itself.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/hash/placement.hpp"

namespace syslab::test {

// The placement with these nodes; ends the test where it refuses them.
std::unique_ptr<Placement> with_nodes(std::unique_ptr<Placement> placement, std::vector<PlacedNode> nodes);
// "node-0" to "node-<count - 1>", of weight 1.
std::vector<PlacedNode> numbered(int count);
// The keys 0 to count - 1.
std::vector<std::uint64_t> sequence(std::size_t count);
std::vector<std::uint32_t> places(const Placement& placement, const std::vector<std::uint64_t>& keys);
// The probability that chance alone gives so large a chi-square (Wilson & Hilferty's approximation).
double chance_of(double chi_square, double degrees_of_freedom);

struct RegisteredPlacement {
  using Make = std::function<std::unique_ptr<Placement>()>;
  std::string name;
  Make make;
  // How far the fullest of ten equal nodes may be above its fair share, and what part of all keys may move
  // needlessly.
  double max_over_fair;
  double needless;

  RegisteredPlacement(std::string placement_name, Make factory, double most_over_fair, double most_needless)
      : name(std::move(placement_name)),
        make(std::move(factory)),
        max_over_fair(most_over_fair),
        needless(most_needless) {
    all().push_back(this);
  }
  static std::vector<const RegisteredPlacement*>& all() {
    static std::vector<const RegisteredPlacement*> placements;
    return placements;
  }
};

}  // namespace syslab::test
