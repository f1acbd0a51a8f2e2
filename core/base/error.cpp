#include "core/base/error.hpp"

#include <algorithm>
#include <iterator>

namespace syslab {
namespace {

struct Code {
  std::string_view name;
  bool definite;
};

// Definite: the operation certainly did not happen. After Maelstrom's doc/protocol.md error table.
constexpr Code kCodes[] = {
    {"cancelled", false},           // the caller gave up waiting
    {"closed", true},               // the object was closed before the call
    {"conflict", true},             // a compare-and-set found another value
    {"connection_refused", true},   // nothing listens: the process is down, its machine is up
    {"connection_reset", false},    // the process died while it held the request
    {"crashed", false},             // a node's handler raised an error
    {"disk_full", true},            // no bytes were written
    {"io_error", false},            // the disk failed during the operation
    {"malformed", true},            // a file or a text is not of the form it should be
    {"not_found", true},            // no such key, file or node
    {"not_leader", true},           // refused before anything was done
    {"overloaded", true},           // shed: the queue was full
    {"rate_limited", true},         // a limiter refused
    {"timeout", false},             // no answer in time; it may have happened
    {"unavailable", true},          // no healthy backend to send it to
    {"unknown", false},             // whatever else
};

}  // namespace

Error make_error(std::string_view code, std::string message) {
  const auto* found = std::find_if(std::begin(kCodes), std::end(kCodes), [&](const Code& c) { return c.name == code; });
  SYSLAB_ASSERT(found != std::end(kCodes));
  return Error{std::string(code), std::move(message), found->definite};
}

}  // namespace syslab
