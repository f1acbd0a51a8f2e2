// RequestTrace: the face of everything that gives requests in an order: recorded files, generated keys.
//
// Requests come in batches, so that a trace of any length needs constant memory and a replay runs at the
// speed of what it drives, not of a call per request. A batch keeps its fields apart: a replay that needs
// only ids reads only ids. Not thread-safe. Deterministic: the same trace gives the same requests after every
// rewind().
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/time.hpp"

namespace syslab {

struct RequestBatch {
  std::vector<std::uint64_t> ids;
  std::vector<std::uint64_t> sizes = {};  // bytes; empty where the trace has none: every request weighs 1
  std::vector<Instant> times = {};  // of arrival, in the order of the file; empty where the trace has none

  void clear() { ids.clear(), sizes.clear(), times.clear(); }
};

class RequestTrace {
 public:
  // The most requests of one batch.
  static constexpr std::size_t kBatch = 4096;

  virtual ~RequestTrace() = default;
  // Replaces the batch by the next requests and returns how many they are; 0 at the end.
  // Errors: malformed, with the line or byte; io_error. After an error only rewind() is of use.
  virtual Expected<std::size_t> read(RequestBatch& batch) = 0;
  virtual void rewind() = 0;
  // What it is, in a few words.
  virtual std::string describe() const = 0;
};

}  // namespace syslab
