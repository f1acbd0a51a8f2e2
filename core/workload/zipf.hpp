// Zipf keys: the k-th most popular key is asked for in proportion to k^-skew. The usual model of what users
// want.
//
// Key 1 is the most popular, unless `scrambled` spreads popularity over the key space by a fixed permutation;
// then hot keys are no neighbours, which matters where data is placed by ranges. Cost: about 25 ns a key,
// whatever the count; scrambling adds a few. Paper: Breslau, Cao, Fan, Phillips & Shenker, "Web caching and
// Zipf-like distributions", INFOCOM 1999.
#pragma once

#include <memory>

#include "core/workload/key_stream.hpp"

namespace syslab {

struct ZipfKeysOptions {
  std::uint64_t count = 1000;
  double skew = 0.99;
  bool scrambled = false;
};

// Requires: 1 <= count <= 2^50, 0 <= skew <= 100.
std::unique_ptr<KeyStream> make_zipf_keys(const ZipfKeysOptions& options);

// The permutation of 1..count that `scrambled` applies. Requires: 1 <= rank <= count <= 2^63.
std::uint64_t scramble_rank(std::uint64_t rank, std::uint64_t count);

}  // namespace syslab
