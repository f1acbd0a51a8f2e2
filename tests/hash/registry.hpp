// The placements that tests/hash/conformance_test.cpp runs on. Every algorithm's own test file adds itself.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/hash/placement.hpp"

namespace syslab::test {

struct RegisteredPlacement {
  using Make = std::function<std::unique_ptr<Placement>(std::vector<PlacedNode>)>;
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
