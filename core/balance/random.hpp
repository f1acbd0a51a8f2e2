// Random: each request to a backend drawn in proportion to the weights.
//
// Needs no state and no coordination, but it is uneven: of n requests thrown at n backends, the fullest gets
// about ln n / ln ln n (Raab & Steger 1998). Compare power_of_two. Draws one number a pick.
#pragma once

#include <memory>

#include "core/balance/picker.hpp"

namespace syslab {

std::unique_ptr<Picker> make_random();

}  // namespace syslab
