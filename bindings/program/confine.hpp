// Confines this process for good to computing: no files, no network, no processes, no more memory than it may have.
#pragma once

#include <chrono>

namespace syslab::program {

// Keeps open of all descriptors only `fd`, which becomes kWorkerDescriptor; 0 to 2 lead nowhere. Returns whether the
// system call filter is in place; the resource limits always are. Call it before any code runs that is not ours.
constexpr int kWorkerDescriptor = 3;
// SIGPROF ends it after so much processor time.
bool confine(int fd, std::chrono::milliseconds cpu);

}  // namespace syslab::program
