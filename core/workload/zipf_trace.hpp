// Zipf reference trace: the very requests that published hit counts were measured with, to compare a cache
// with others to the integer.
//
// Drawn by the book and not by the fast way of Zipf (core/base/distribution.hpp): the sum of rank^-skew up to
// every rank is tabled in double precision, xorshift64* gives 53 bits for each request, and a binary search
// finds the rank. Anybody can write that in ten lines, and gets the same trace bit for bit; with skew 1 only
// + - * / are used. Ids are the ranks, 1 to count. Known: for count 1 000 000, 10 000 000 requests, seed 42,
// skew 1 the xxh64 (seed 0) of the little-endian 64-bit values id - 1 is 4a7d3285d1dccae5; for 100 000 and 5
// 000 000 it is 9c732d4a74f0099f.
//
// Cost: 8 bytes for each rank; some 50 to 150 ns a request. Paper for the generator: Vigna, "An experimental
// exploration of Marsaglia's xorshift generators, scrambled", ACM TOMS 2016.
#pragma once

#include <cstdint>
#include <memory>

#include "core/workload/trace.hpp"

namespace syslab {

struct ZipfTraceOptions {
  std::uint64_t count = 1000;
  std::uint64_t requests = 10000;
  double skew = 1;
  std::uint64_t seed = 42;
};

// Requires: 1 <= count <= 10^8, 0 <= skew <= 100, seed > 0 (xorshift stays at 0).
std::unique_ptr<RequestTrace> make_zipf_trace(const ZipfTraceOptions& options);

}  // namespace syslab
