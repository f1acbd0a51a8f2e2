// Power of two choices: draw two backends at random, take the one with fewer outstanding requests for its
// weight.
//
// Nearly as even as least_connections (the fullest of n backends gets about ln ln n / ln 2), but where many
// balancers act on stale counts it does not send them all to the same backend at once. Draws `choices`
// numbers a pick. Paper: Azar, Broder, Karlin & Upfal 1994, "Balanced allocations"; Mitzenmacher 2001, "The
// power of two choices in randomized load balancing".
#pragma once

#include <memory>

#include "core/balance/picker.hpp"

namespace syslab {

struct PowerOfTwoOptions {
  std::size_t choices =
      2;  // at least 1, which is uniformly random; different backends, as far as there are enough
};
std::unique_ptr<Picker> make_power_of_two(const PowerOfTwoOptions& options = {});

}  // namespace syslab
