// KeyStream: the face of key choosers: which item does the next request ask for?
//
// Keys are the whole numbers 1 to count(). The randomness is the caller's, so that a stream shared by many
// clients gives each its own luck. Deterministic; not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/base/rng.hpp"
#include "core/workload/trace.hpp"

namespace syslab {

class KeyStream {
 public:
  virtual ~KeyStream() = default;
  virtual std::uint64_t next(Rng& rng) = 0;
  // There are this many different keys.
  virtual std::uint64_t count() const = 0;
  // The same stream at its beginning.
  virtual std::unique_ptr<KeyStream> fresh() const = 0;
  // As it would be written in Lua: "zipf{count = 1000, skew = 0.99}".
  virtual std::string describe() const = 0;
};

// So many requests for the keys of a stream, drawn with Rng(seed); each weighs 1 and has no time. The stream
// itself is left alone: the trace works on a fresh one.
std::unique_ptr<RequestTrace> make_generated_trace(const KeyStream& keys, std::uint64_t requests,
                                                   std::uint64_t seed);

}  // namespace syslab
