// The prompt: reads lines, gathers them into inputs, and has a lab evaluate them.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bindings/program/evaluator.hpp"
#include "bindings/program/history.hpp"
#include "bindings/program/line_source.hpp"

namespace syslab::program {

class Prompt {
 public:
  Prompt(LineSource& source, Evaluator& lab, History& history)
      : source_(source), lab_(lab), history_(history) {}

  // Called before an input is classified or run; true when it dealt with it. The session's own commands live
  // here.
  std::function<bool(const std::string& input)> intercept;
  // Called when a read was woken by the watched descriptor.
  std::function<void()> on_wake;

  // Reads to the end of the input or until somebody leaves. Not interactive: stops at the first input that
  // fails. Returns the exit code.
  int run();

 private:
  enum class Outcome { go_on, leave, failed, interrupted };

  Outcome take_lines(const std::string& text, bool more);
  Outcome run_input(const std::string& input);
  Outcome run_gathered();
  std::vector<std::string> split_paste(const std::string& text);
  void gather(const std::string& line);
  bool surely_open() const { return !source_.interactive() && open_ && *open_ > 0; }

  LineSource& source_;
  Evaluator& lab_;
  History& history_;
  std::string gathered_;     // the lines of an input that is not complete yet
  std::optional<int> open_;  // brackets and blocks that these leave open, where that is easy to say
};

// exit, quit, :q and their kin.
bool is_leaving(std::string_view input);

}  // namespace syslab::program
