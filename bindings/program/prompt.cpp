#include "bindings/program/prompt.hpp"

#include <cstdio>

#include "bindings/program/chunk.hpp"
#include "bindings/program/exit_code.hpp"

namespace syslab::program {

bool is_leaving(std::string_view input) {
  const std::string_view word = trimmed(input);
  for (const char* way_out : {"exit", "quit", ":q", "exit()", "quit()", ".quit", ".exit", ".q"}) {
    if (word == way_out) return true;
  }
  return false;
}

int Prompt::run() {
  while (true) {
    const LineSource::Line line = source_.read(gathered_.empty() ? "lab> " : "...> ");
    Outcome outcome = Outcome::go_on;
    switch (line.status) {
      case LineSource::Status::woken:
        if (on_wake) on_wake();
        break;
      case LineSource::Status::interrupted:
        if (!source_.interactive()) return exit_code::kInterrupted;
        if (!gathered_.empty()) {
          gathered_.clear();
          std::puts("(input cancelled)");
        } else {
          std::puts("(Ctrl-D or exit leaves)");
        }
        break;
      case LineSource::Status::end:
        if (source_.interactive()) {
          std::puts("");
          return exit_code::kOk;
        }
        outcome = gathered_.empty() ? Outcome::leave : run_gathered();
        if (outcome == Outcome::go_on) outcome = Outcome::leave;
        break;
      case LineSource::Status::line:
        outcome = take_lines(line.text, line.more);
        break;
    }
    std::fflush(stdout);
    if (outcome == Outcome::leave) return exit_code::kOk;
    if (source_.interactive()) continue;  // what failed has been told; a person goes on
    if (outcome == Outcome::failed) return exit_code::kFailed;
    if (outcome == Outcome::interrupted) return exit_code::kInterrupted;
  }
}

Prompt::Outcome Prompt::take_lines(const std::string& text, bool more) {
  const bool person = source_.interactive();
  // An empty line that somebody typed gives up an unfinished input; inside a paste or a pipe it is part of
  // it.
  if (person && !gathered_.empty() && !more && trimmed(text).empty()) {
    gathered_.clear();
    std::puts("(input cancelled)");
    return Outcome::go_on;
  }
  if (!gathered_.empty()) {
    const std::vector<std::string> bare = split_transcript(text);
    gather(bare.empty() ? "" : bare.front());
    // Compiling after each line of a long table in a pipe would take quadratic time.
    if (surely_open() || lab_.classify(gathered_) == Evaluator::Verdict::incomplete) return Outcome::go_on;
    return run_gathered();
  }
  for (const std::string& part : split_transcript(text)) {
    for (const std::string& input : split_paste(part)) {
      if (trimmed(input).empty()) continue;
      if (!is_leaving(input) && lab_.classify(input) == Evaluator::Verdict::incomplete) {
        gather(input);
        continue;
      }
      const Outcome outcome = run_input(input);
      if (outcome != Outcome::go_on) return outcome;
    }
  }
  return Outcome::go_on;
}

void Prompt::gather(const std::string& line) {
  const std::optional<int> opened = opened_by(line);
  if (gathered_.empty()) {
    gathered_ = line;
    open_ = opened;
    return;
  }
  gathered_ += '\n';
  gathered_ += line;
  open_ = open_ && opened ? std::optional(*open_ + *opened) : std::nullopt;
}

Prompt::Outcome Prompt::run_gathered() {
  const std::string input = std::move(gathered_);
  gathered_.clear();
  return run_input(input);
}

// A paste is one chunk if it is one at all, so that its locals see each other. Otherwise (expressions or dot
// commands line by line) it is cut into the shortest pieces that are complete.
std::vector<std::string> Prompt::split_paste(const std::string& text) {
  const std::vector<std::string> lines = split_lines(text);
  if (lines.size() < 2) return {text};
  bool commands = false;
  for (const std::string& line : lines) {
    const std::string_view bare = trimmed(line);
    const bool dot_command = bare.size() > 1 && bare[0] == '.' && bare[1] >= 'a' && bare[1] <= 'z';
    if (is_leaving(bare) || dot_command || (bare.size() > 1 && bare[0] == '?')) {
      commands = true;
    }
  }
  if (!commands && lab_.classify(text) != Evaluator::Verdict::broken) return {text};
  std::vector<std::string> pieces;
  std::string piece;
  for (const std::string& line : lines) {
    piece += piece.empty() ? line : "\n" + line;
    if (trimmed(piece).empty() || lab_.classify(piece) == Evaluator::Verdict::incomplete) continue;
    pieces.push_back(std::move(piece));
    piece.clear();
  }
  if (!trimmed(piece).empty()) pieces.push_back(piece);
  return pieces;
}

Prompt::Outcome Prompt::run_input(const std::string& input) {
  if (source_.interactive() && history_.add(input)) source_.remember(input);
  if (is_leaving(input)) return Outcome::leave;
  if (intercept && intercept(input)) return Outcome::go_on;
  switch (lab_.execute(input)) {
    case Evaluator::Status::ok:
      return Outcome::go_on;
    case Evaluator::Status::interrupted:
      return Outcome::interrupted;
    default:
      return Outcome::failed;
  }
}

}  // namespace syslab::program
