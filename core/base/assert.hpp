// SYSLAB_ASSERT: a fact that only a bug of ours can make false. Stays on in release builds.
//
// A failing assertion prints the fact, the place, and what the running world says of itself (seed, simulated time,
// the command that replays it), then ends the process with exit code 70. User mistakes never reach an assertion: they
// are errors at the border (bindings, parsers).
#pragma once

#include <string>

namespace syslab {

// Says where the running world is ("seed 7, at 3.25 s; replay: ..."). The innermost live instance is asked.
class FailureContext {
 public:
  FailureContext();
  virtual ~FailureContext();
  FailureContext(const FailureContext&) = delete;
  FailureContext& operator=(const FailureContext&) = delete;
  virtual std::string describe() const = 0;

 private:
  FailureContext* outer_;
};

[[noreturn]] void assertion_failed(const char* fact, const char* file, int line, const char* function);

}  // namespace syslab

#define SYSLAB_ASSERT(fact) \
  (__builtin_expect(!!(fact), 1) ? void(0) : ::syslab::assertion_failed(#fact, __FILE__, __LINE__, __func__))
