#include "core/base/error.hpp"

#include <algorithm>
#include <iterator>

namespace syslab {
namespace {

struct Code {
  std::string_view name;
  bool definite;
  bool fault;
};

// Definite: the operation certainly did not happen. After Maelstrom's doc/protocol.md error table.
// Fault: the one who answered is unwell, as a 5xx status says in HTTP and a 4xx does not.
constexpr Code kCodes[] = {
    {"cancelled", false, false},          // the caller gave up waiting
    {"clock_backwards", true, true},      // the clock says less than it said before, or than it ever should
    {"closed", true, false},              // the object was closed before the call
    {"conflict", true, false},            // a compare-and-set found another value
    {"connection_refused", true, true},   // nothing listens: the process is down, its machine is up
    {"connection_reset", false, true},    // the process died while it held the request
    {"crashed", false, true},             // a node's handler raised an error
    {"disk_full", true, true},            // no bytes were written
    {"exhausted", true, false},           // nothing is left to give out: numbers, bits, codes
    {"full", true, false},                // no room, and nothing was thrown out to make some
    {"io_error", false, true},            // the disk failed during the operation
    {"malformed", true, false},           // a file or a text is not of the form it should be
    {"not_found", true, false},           // no such key, file or node
    {"not_leader", true, false},          // refused before anything was done
    {"out_of_memory", true, false},       // it does not fit, and nothing may make room for it
    {"overloaded", true, true},           // shed: the queue was full
    {"rate_limited", true, false},        // a limiter refused
    {"timeout", false, true},             // no answer in time; it may have happened
    {"unavailable", true, true},          // no healthy backend to send it to
    {"unknown", false, true},             // whatever else
};

const Code* find_code(std::string_view code) {
  const auto* found = std::find_if(std::begin(kCodes), std::end(kCodes), [&](const Code& c) { return c.name == code; });
  return found == std::end(kCodes) ? nullptr : found;
}

}  // namespace

Error make_error(std::string_view code, std::string message) {
  const Code* found = find_code(code);
  SYSLAB_ASSERT(found != nullptr);
  return Error{std::string(code), std::move(message), found->definite};
}

std::optional<bool> is_definite(std::string_view code) {
  const Code* found = find_code(code);
  return found == nullptr ? std::nullopt : std::optional(found->definite);
}

bool is_fault(const Error& error) {
  const Code* found = find_code(error.code);
  return found != nullptr ? found->fault : !error.definite;
}

}  // namespace syslab
