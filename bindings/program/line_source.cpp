#include "bindings/program/line_source.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>

namespace syslab::program {
namespace {

int interrupts = -1;  // an eventfd: a Ctrl-C between a look at it and the poll that follows is not missed

void on_interrupt(int) {
  const int before = errno;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(interrupts, &one, sizeof one);
  errno = before;
}

// Its own buffer instead of stdio's, because poll() must know whether a line is already here.
class PlainSource final : public LineSource {
 public:
  explicit PlainSource(bool show_prompt) : show_prompt_(show_prompt) {}

  Line read(const std::string& prompt) override {
    if (show_prompt_) {
      std::fputs(prompt.c_str(), stdout);
      std::fflush(stdout);
    }
    while (true) {
      const std::size_t end = buffer_.find('\n', scanned_);
      if (end != std::string::npos) {
        Line line{Status::line, buffer_.substr(0, end), false};
        buffer_.erase(0, end + 1);
        scanned_ = 0;
        if (!line.text.empty() && line.text.back() == '\r') line.text.pop_back();
        line.more = !buffer_.empty() || input_waits();
        return line;
      }
      scanned_ = buffer_.size();
      if (at_end_) {
        if (buffer_.empty()) return {Status::end, "", false};
        Line line{Status::line, std::move(buffer_), false};
        buffer_.clear();
        scanned_ = 0;
        return line;
      }
      pollfd fds[] = {{STDIN_FILENO, POLLIN, 0}, {watched_, POLLIN, 0}, {InterruptFlag::fd(), POLLIN, 0}};
      const int ready = poll(fds, std::size(fds), -1);
      if (InterruptFlag::take()) {
        buffer_.clear();
        scanned_ = 0;
        return {Status::interrupted, "", false};
      }
      if (ready < 0) continue;
      if (fds[1].revents != 0) return {Status::woken, "", false};
      char block[65536];
      const ssize_t got = ::read(STDIN_FILENO, block, sizeof block);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) {
        at_end_ = true;
      } else {
        buffer_.append(block, static_cast<std::size_t>(got));
      }
    }
  }

  bool interactive() const override { return show_prompt_; }
  void set_completer(Completer) override {}
  void watch(int fd) override { watched_ = fd; }
  void remember(const std::string&) override {}

 private:
  static bool input_waits() {
    pollfd fd{STDIN_FILENO, POLLIN, 0};
    return poll(&fd, 1, 0) == 1 && (fd.revents & POLLIN) != 0;
  }

  bool show_prompt_;
  bool at_end_ = false;
  int watched_ = -1;
  std::string buffer_;
  std::size_t scanned_ = 0;  // no line end before this
};

}  // namespace

std::unique_ptr<LineSource> make_plain_source(bool show_prompt) {
  return std::make_unique<PlainSource>(show_prompt);
}

void InterruptFlag::arm() {
  if (interrupts < 0) interrupts = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
}

void InterruptFlag::disarm() { std::signal(SIGINT, SIG_DFL); }

bool InterruptFlag::take() {
  std::uint64_t count = 0;
  return interrupts >= 0 && ::read(interrupts, &count, sizeof count) > 0;
}

int InterruptFlag::fd() { return interrupts; }

}  // namespace syslab::program
