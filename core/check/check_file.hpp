// What `syslab check MODEL FILE` does: judge a recorded history, in words and with an exit code.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/check/linearizable.hpp"

namespace syslab {

struct CheckReport {
  int exit_code = 0;               // 0 ok, 1 violated, 2 no such model or file or malformed input, 3 unknown
  std::string text;                // what to print, lines ended; to the error output if exit_code is 2
  std::optional<Verdict> verdict;  // absent if exit_code is 2
};

// The path "-" is standard input.
CheckReport check_file(std::string_view model_name, const std::string& path,
                       const LinearizableOptions& options = {});

}  // namespace syslab
