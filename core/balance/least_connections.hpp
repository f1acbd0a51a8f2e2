// Least connections: the backend with the fewest outstanding requests for its weight; in turn among equals.
//
// Follows load by itself: a slow backend holds its requests longer and gets fewer. The trap: a backend that
// fails at once always has the fewest outstanding requests and swallows nearly everything (a black hole), so
// use it with health checks or ejection. Seen: HAProxy `leastconn`, Envoy LEAST_REQUEST, ALB "least
// outstanding requests".
#pragma once

#include <memory>

#include "core/balance/picker.hpp"

namespace syslab {

std::unique_ptr<Picker> make_least_connections();

}  // namespace syslab
