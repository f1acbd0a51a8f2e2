#include "bindings/program/lab_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace syslab::program {
namespace {

// Like fork(), but the copy is the caller's sibling, so that the session can wait for it and learns what it died of,
// whichever process it was copied from. There is one thread and no held lock here, which is all that fork() would
// take care of beyond the system call.
pid_t fork_sibling() {
  return static_cast<pid_t>(syscall(SYS_clone, CLONE_PARENT | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
}

void die_with_session(pid_t session) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != session) _exit(0);  // it was already gone
}

void flush_all() {
  std::fflush(stdout);
  std::fflush(stderr);
}

}  // namespace

void LabServer::fork_onto(Channel channel) {
  flush_all();
  const pid_t session = getppid();
  if (fork_sibling() != 0) return;
  die_with_session(session);
  channel_ = std::move(channel);
  channel_.send(request::kReady, std::to_string(getpid()));
}

void LabServer::serve(Evaluator& lab) {
  flush_all();
  channel_.send(request::kReady, std::to_string(getpid()));
  while (std::optional<Message> message = channel_.receive()) {
    switch (message->type) {
      case request::kClassify:
        channel_.send(request::kAnswer, std::to_string(static_cast<int>(lab.classify(message->body))));
        break;
      case request::kExecute: {
        const Evaluator::Status status = lab.execute(message->body);
        flush_all();
        channel_.send(request::kAnswer, std::to_string(static_cast<int>(status)));
        break;
      }
      case request::kComplete: {
        const Completion found = lab.complete(message->body, message->body.size());
        std::vector<std::string> fields{std::to_string(found.begin)};
        fields.insert(fields.end(), found.candidates.begin(), found.candidates.end());
        channel_.send(request::kAnswer, pack(fields));
        break;
      }
      case request::kFork:
        fork_onto(Channel(message->fd));
        break;
      default:
        break;
    }
  }
  flush_all();
  _exit(0);  // no destructors: a copy would run them on what it shares with the original
}

std::optional<std::string> LabServer::ask(const std::string& question) {
  flush_all();
  if (!channel_.send(request::kAsk, question)) return std::nullopt;
  const std::optional<Message> reply = channel_.receive();
  if (!reply || reply->type != request::kReply) return std::nullopt;
  return reply->body;
}

LabProcess::LabProcess(LabProcess&& other)
    : pid_(std::exchange(other.pid_, -1)), channel_(std::move(other.channel_)) {}

LabProcess& LabProcess::operator=(LabProcess&& other) {
  if (this != &other) {
    end();
    pid_ = std::exchange(other.pid_, -1);
    channel_ = std::move(other.channel_);
  }
  return *this;
}

LabProcess LabProcess::start(const std::function<void(Channel)>& body) {
  LabProcess process;
  auto [ours, theirs] = Channel::make();
  if (!ours.is_open()) return process;
  flush_all();
  const pid_t session = getpid();
  const pid_t pid = fork();
  if (pid < 0) return process;
  if (pid == 0) {
    die_with_session(session);
    ours.close();
    const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing >= 0) dup2(nothing, STDIN_FILENO);  // what is typed belongs to the session
    body(std::move(theirs));
    _exit(70);
  }
  process.pid_ = pid;
  process.channel_ = std::move(ours);
  return process;
}

bool LabProcess::await_ready() {
  const std::optional<Message> ready = channel_.receive();
  if (!ready || ready->type != request::kReady) return false;
  pid_ = std::atoi(ready->body.c_str());
  return true;
}

LabProcess LabProcess::copy() {
  LabProcess twin;
  if (!alive()) return twin;
  auto [ours, theirs] = Channel::make();
  if (!ours.is_open() || !channel_.send(request::kFork, {}, theirs.fd())) return twin;
  theirs.close();
  twin.channel_ = std::move(ours);
  if (!twin.await_ready()) twin.channel_.close();
  return twin;
}

void LabProcess::kill() {
  if (pid_ > 0) ::kill(pid_, SIGKILL);
}

std::string LabProcess::bury() {
  channel_.close();
  if (pid_ <= 0) return "unknown";
  int status = 0;
  pid_t buried;
  do {
    buried = waitpid(pid_, &status, 0);
  } while (buried < 0 && errno == EINTR);
  pid_ = -1;
  if (WIFSIGNALED(status)) return fmt::format("signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
  if (WEXITSTATUS(status) == 70) return "an internal error";
  return fmt::format("exit status {}", WEXITSTATUS(status));
}

void LabProcess::end() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);  // it holds nothing that is not written yet
    bury();
  }
  channel_.close();
}

}  // namespace syslab::program
