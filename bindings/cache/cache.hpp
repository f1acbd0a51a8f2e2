// What the constructors of all caches share.
#pragma once

#include <vector>

#include "bindings/host/object.hpp"
#include "core/cache/cache.hpp"

namespace syslab {

// `capacity` and `capacity_bytes`, of which one must be given. A policy's own parameters come behind them.
std::vector<Param> cache_params(std::vector<Param> more = {});
CacheCapacity cache_capacity(const Arguments& arguments);

}  // namespace syslab
