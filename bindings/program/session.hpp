// An interactive session: the terminal on one side, a lab in a process of its own on the other.
//
// The session keeps what must outlive a lab: the line editor, the history, the checkpoints. It holds no Lua. When the
// lab's process dies, or has to be killed because one C call does not end, the session goes on with the state before
// that command.
#pragma once

#include <functional>
#include <vector>

#include "bindings/program/engine.hpp"

namespace syslab::program {

struct SessionOptions {
  EngineOptions engine = {};
  bool quiet = false;  // no banner
  // Run in the lab's process before the first prompt: scripts of the command line, the opening of a guided lab.
  std::function<void(Engine&)> prepare = {};
  bool prepare_again = false;  // also after .reset: a guided lab stays open
};

// Runs until the person leaves. Returns the exit code. Requires: standard input and output are a terminal.
int run_session(const SessionOptions& options);

}  // namespace syslab::program
