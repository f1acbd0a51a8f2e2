// Round robin: in turn, in proportion to the weights.
//
// Smooth weighted round robin: with weights 5, 1, 1 the order is a a b a c a a and not a a a a a b c. Blind
// to load: a slow backend gets as much as a fast one, and its queue grows. Seen: nginx,
// ngx_http_upstream_round_robin.c (Maxim Dounin's commit of 2012 explains it).
#pragma once

#include <memory>

#include "core/balance/picker.hpp"

namespace syslab {

std::unique_ptr<Picker> make_round_robin();

}  // namespace syslab
