// What a prompt needs of a lab, whether the lab lives in this process (engine.hpp) or in a child (lab_process.hpp).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "bindings/program/line_source.hpp"

namespace syslab::program {

class Evaluator {
 public:
  enum class Verdict { complete, incomplete, broken };  // broken: no further line can mend it
  enum class Status {
    ok,
    error,        // already told to the user
    interrupted,  // likewise; all state is kept
    lost,         // the process with the lab died, or had to be killed
  };

  virtual ~Evaluator() = default;

  // Whether the input can run, or more lines could still complete it. Runs nothing.
  virtual Verdict classify(const std::string& input) = 0;
  // Runs an input (Lua, a dot command, a ?question) and prints what comes of it.
  virtual Status execute(const std::string& input) = 0;
  // What can stand at the cursor. Runs no Lua code.
  virtual Completion complete(std::string_view line, std::size_t cursor) = 0;
};

}  // namespace syslab::program
