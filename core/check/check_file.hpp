// What `syslab check NAME FILE` does: judge a recorded history, in words and with an exit code.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/check/judges.hpp"
#include "core/check/linearizable.hpp"

namespace syslab {

struct CheckReport {
  int exit_code = 0;  // 0 ok, 1 violated, 2 no such model or file or malformed input, 3 unknown
  std::string text;   // what to print, lines ended; to the error output if exit_code is 2
  std::optional<Verdict> verdict = {};      // where the name is a model's and exit_code is not 2
  std::optional<Judgement> judgement = {};  // where it is a judge's
};

// The name is a model's (the history should be linearizable) or a judge's. The path "-" is standard input.
CheckReport check_file(std::string_view name, const std::string& path, const CheckOptions& options = {});

}  // namespace syslab
