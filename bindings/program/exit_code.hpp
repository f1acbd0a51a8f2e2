// The exit codes of the program, a fixed table: scripts and continuous integration depend on it.
#pragma once

namespace syslab::program::exit_code {

constexpr int kOk = 0;
constexpr int kFailed = 1;        // a script error or a failed check
constexpr int kUsage = 2;         // the command line is wrong
constexpr int kUnknown = 3;       // no verdict, or out of time
constexpr int kKilled = 4;        // a sandboxed process was killed
constexpr int kInternal = 70;     // a bug of ours
constexpr int kInterrupted = 130;  // Ctrl-C

}  // namespace syslab::program::exit_code
