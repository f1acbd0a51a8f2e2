// Uniform keys: every key is as likely as any other. The worst case for a cache of a given number of keys.
// Cost: about 2 ns a key.
#pragma once

#include "core/workload/key_stream.hpp"

namespace syslab {

struct UniformKeysOptions {
  std::uint64_t count = 1000;
};

// Requires: count >= 1.
std::unique_ptr<KeyStream> make_uniform_keys(const UniformKeysOptions& options);

}  // namespace syslab
