// The terminal back end of LineSource. GNU readline is driven through its callback interface, so that the wait for a
// key is our own poll(): it can watch the lab process and ends at Ctrl-C.
#include "bindings/program/line_source.hpp"

#ifndef SYSLAB_HAVE_READLINE

namespace syslab::program {

std::unique_ptr<LineSource> make_terminal_source(const History&, bool) { return make_plain_source(true); }

std::string readline_version() { return "none"; }

}  // namespace syslab::program

#else

#include <poll.h>
#include <readline/history.h>
#include <readline/readline.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace syslab::program {
namespace {

class ReadlineSource;
ReadlineSource* the_source = nullptr;  // readline's callbacks take no context

class ReadlineSource final : public LineSource {
 public:
  ReadlineSource(const History& history, bool color) : color_(color) {
    the_source = this;
    rl_readline_name = "syslab";
    rl_persistent_signal_handlers = 1;  // Ctrl-Z while we poll must restore the terminal first
    rl_attempted_completion_function = &ReadlineSource::attempt;
    rl_completer_quote_characters = "";
    rl_basic_word_break_characters = kBreaks;
    rl_completer_word_break_characters = kBreaks;
    rl_initialize();
    const char* terminal = std::getenv("TERM");
    const bool dumb = terminal == nullptr || std::strcmp(terminal, "dumb") == 0;
    rl_variable_bind("enable-bracketed-paste", dumb ? "off" : "on");
    rl_variable_bind("show-all-if-ambiguous", "on");
    rl_variable_bind("page-completions", "off");
    rl_variable_bind("completion-query-items", "0");
    rl_bind_keyseq("\\e[A", rl_history_search_backward);
    rl_bind_keyseq("\\eOA", rl_history_search_backward);
    rl_bind_keyseq("\\e[B", rl_history_search_forward);
    rl_bind_keyseq("\\eOB", rl_history_search_forward);
    using_history();
    stifle_history(History::kEntriesMax);
    for (const std::string& entry : history.entries()) add_history(entry.c_str());
  }

  ~ReadlineSource() override { the_source = nullptr; }

  Line read(const std::string& prompt) override {
    const std::string shown = color_ ? "\001\033[1;36m\002" + prompt + "\001\033[0m\002" : prompt;
    finished_ = false;
    at_end_ = false;
    line_.clear();
    using_history();  // Up begins at the newest entry again
    rl_callback_handler_install(shown.c_str(), &ReadlineSource::on_line);
    if (!typed_.empty()) {
      rl_insert_text(typed_.c_str());
      rl_point = static_cast<int>(typed_cursor_);
      rl_redisplay();
      typed_.clear();
    }
    while (!finished_) {
      pollfd fds[] = {{STDIN_FILENO, POLLIN, 0}, {watched_, POLLIN, 0}, {InterruptFlag::fd(), POLLIN, 0}};
      const int ready = poll(fds, std::size(fds), -1);
      if (rl_pending_signal() != 0) rl_check_signals();
      if (InterruptFlag::take()) return leave(Status::interrupted);
      if (ready < 0) continue;
      if (fds[1].revents != 0) {
        typed_ = rl_line_buffer;
        typed_cursor_ = static_cast<std::size_t>(rl_point);
        return leave(Status::woken);
      }
      if (fds[0].revents != 0) rl_callback_read_char();
    }
    if (at_end_) return {Status::end, "", false};
    Line line{Status::line, std::move(line_), false};
    pollfd fd{STDIN_FILENO, POLLIN, 0};
    line.more = poll(&fd, 1, 0) == 1;
    return line;
  }

  bool interactive() const override { return true; }
  void set_completer(Completer completer) override { completer_ = std::move(completer); }
  void watch(int fd) override { watched_ = fd; }
  void remember(const std::string& entry) override { add_history(entry.c_str()); }

 private:
  static constexpr const char* kBreaks = " \t\n\"\\'`@$><=;|&{}()[]+-*/%^~#,?:.";

  Line leave(Status status) {
    if (status == Status::interrupted) rl_free_line_state();
    rl_callback_handler_remove();
    std::fputs("\n", stdout);
    std::fflush(stdout);
    return {status, "", false};
  }

  static void on_line(char* line) {
    ReadlineSource& self = *the_source;
    self.finished_ = true;
    self.at_end_ = line == nullptr;
    if (line != nullptr) self.line_ = line;
    std::free(line);
    rl_callback_handler_remove();
  }

  // Readline replaces the word from `start`; candidates from further left (file names, whose dots and slashes are no
  // breaks) are cut to it.
  static char** attempt(const char*, int start, int end) {
    rl_attempted_completion_over = 1;
    rl_completion_append_character = '\0';
    ReadlineSource& self = *the_source;
    if (!self.completer_) return nullptr;
    const std::string_view line(rl_line_buffer, static_cast<std::size_t>(end));
    const Completion found = self.completer_(line, static_cast<std::size_t>(end));
    if (found.candidates.empty() || found.begin > static_cast<std::size_t>(start)) return nullptr;
    const std::string_view left = line.substr(found.begin, static_cast<std::size_t>(start) - found.begin);
    self.matches_.clear();
    for (const std::string& candidate : found.candidates) {
      if (std::string_view(candidate).starts_with(left)) self.matches_.push_back(candidate.substr(left.size()));
    }
    self.next_match_ = 0;
    return rl_completion_matches("", &ReadlineSource::next);
  }

  static char* next(const char*, int) {
    ReadlineSource& self = *the_source;
    if (self.next_match_ >= self.matches_.size()) return nullptr;
    return strdup(self.matches_[self.next_match_++].c_str());
  }

  bool color_;
  bool finished_ = false;
  bool at_end_ = false;
  int watched_ = -1;
  std::string line_;
  std::string typed_;  // what a woken read had so far
  std::size_t typed_cursor_ = 0;
  Completer completer_;
  std::vector<std::string> matches_;
  std::size_t next_match_ = 0;
};

}  // namespace

std::unique_ptr<LineSource> make_terminal_source(const History& history, bool color) {
  return std::make_unique<ReadlineSource>(history, color);
}

std::string readline_version() { return rl_library_version; }

}  // namespace syslab::program

#endif
