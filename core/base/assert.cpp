#include "core/base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace syslab {
namespace {
FailureContext* innermost = nullptr;
}

FailureContext::FailureContext() : outer_(innermost) { innermost = this; }

FailureContext::~FailureContext() {
  // Contexts need not die in reverse order (two worlds may be collected in any order), so unlink from the middle.
  for (FailureContext** link = &innermost; *link != nullptr; link = &(*link)->outer_) {
    if (*link == this) {
      *link = outer_;
      return;
    }
  }
}

void assertion_failed(const char* fact, const char* file, int line, const char* function) {
  FailureContext* context = innermost;
  innermost = nullptr;  // A failing describe() must not come back here with the same context.
  std::fprintf(stderr, "syslab: internal error: %s does not hold\n  at %s:%d in %s\n", fact, file, line, function);
  if (context != nullptr) std::fprintf(stderr, "  %s\n", context->describe().c_str());
  std::fprintf(stderr, "  This is a bug in syslab, not in your script.\n");
  std::fflush(nullptr);
  std::_Exit(70);
}

}  // namespace syslab
