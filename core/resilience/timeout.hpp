// Timeout: a filter that stops waiting.
//
// Where no answer has come in time, the caller gets the error `timeout`, which is indefinite: the request may
// have been executed, may still be, and nothing tells the service inside to stop. Its late answer is counted
// and dropped.
#pragma once

#include "core/runtime/service.hpp"

namespace syslab {

struct TimeoutOptions {
  Duration after;  // more than 0
};
Filter make_timeout(const TimeoutOptions& options);

}  // namespace syslab
