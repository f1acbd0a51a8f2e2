// Sequential keys: 1, 2, ... count, 1, 2, ...: a scan over and over. The classic enemy of LRU, which gets no
// hit at all as soon as the scan is longer than the cache. Draws no randomness; who shares the stream shares
// the position. Cost: about 1 ns a key.
#pragma once

#include "core/workload/key_stream.hpp"

namespace syslab {

struct SequentialKeysOptions {
  std::uint64_t count = 1000;
};

// Requires: count >= 1.
std::unique_ptr<KeyStream> make_sequential_keys(const SequentialKeysOptions& options);

}  // namespace syslab
