// Where the prompt's lines come from: a line editor at a terminal, plain reading otherwise.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bindings/program/history.hpp"

namespace syslab::program {

// What can stand at one place of a line: `candidates` replace the text from `begin` up to the cursor.
struct Completion {
  std::size_t begin = 0;
  std::vector<std::string> candidates;
};

class LineSource {
 public:
  enum class Status { line, end, interrupted, woken };
  struct Line {
    Status status = Status::end;
    std::string text;       // without the final line end; a bracketed paste may hold several lines
    bool more = false;      // further input was already waiting: a paste, or a pipe
  };
  using Completer = std::function<Completion(std::string_view line, std::size_t cursor)>;

  virtual ~LineSource() = default;

  // Shows `prompt` if the source is interactive and waits for a line. `woken` means that the watched descriptor has
  // something to say; what was typed so far comes back as the start of the next read.
  virtual Line read(const std::string& prompt) = 0;

  virtual bool interactive() const = 0;
  virtual void set_completer(Completer completer) = 0;
  // A descriptor to watch while waiting, or -1.
  virtual void watch(int fd) = 0;
  // Makes the entry available to the Up key; the file is the caller's business.
  virtual void remember(const std::string& entry) = 0;
};

// Reads standard input without echo, prompt or history: pipes and files, and terminals when readline is absent
// (`show_prompt`), where the terminal driver does the editing.
std::unique_ptr<LineSource> make_plain_source(bool show_prompt);

// GNU readline on the terminal, or a plain source when the program was built without it. Only one may exist.
// Requires: standard input is a terminal.
std::unique_ptr<LineSource> make_terminal_source(const History& history, bool color);

// "8.2", or "none".
std::string readline_version();

// Ctrl-C as the terminal side sees it. Between arm() and disarm() SIGINT only raises a flag that take() reads and
// clears; the flag is what ends a read() with `interrupted`. fd() is readable while it is up (-1: never armed).
class InterruptFlag {
 public:
  static void arm();
  static void disarm();
  static bool take();
  static int fd();
};

}  // namespace syslab::program
