// A process that holds one lab and does what its session says. Checkpoints are such processes too: forked copies that
// have nothing to do until the session wants to go on from them.
//
// The session is the parent of all of them, also of copies of copies, and they die with it.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>

#include "bindings/program/channel.hpp"
#include "bindings/program/evaluator.hpp"

namespace syslab::program {

// What a lab process is asked, and answers.
namespace request {
constexpr char kClassify = 'v';  // input -> kAnswer: a digit, the Verdict
constexpr char kExecute = 'x';   // input -> kAnswer: a digit, the Status
constexpr char kComplete = 'c';  // line up to the cursor -> kAnswer: begin and candidates, packed
constexpr char kFork = 'f';      // with the descriptor on which the copy then says kReady
constexpr char kReady = 'r';     // body: its process id
constexpr char kAnswer = 'a';
constexpr char kAsk = 'q';       // during kExecute: a question to the person -> kReply or kNoReply
constexpr char kReply = 'y';
constexpr char kNoReply = 'n';
}  // namespace request

// The lab's side: answers requests by `lab` until the session goes away; does not return. `make` builds the lab in the
// new process, before the first answer.
class LabServer {
 public:
  explicit LabServer(Channel channel) : channel_(std::move(channel)) {}

  [[noreturn]] void serve(Evaluator& lab);
  // Puts a question to the person at the prompt. Empty when there is no answer (end of input, Ctrl-C).
  std::optional<std::string> ask(const std::string& question);

 private:
  void fork_onto(Channel channel);

  Channel channel_;
};

// The session's side.
class LabProcess {
 public:
  LabProcess() = default;
  ~LabProcess() { end(); }
  LabProcess(LabProcess&& other);
  LabProcess& operator=(LabProcess&& other);

  // Forks; `body` runs in the child, and must serve. The result may be !alive() where the system refuses.
  static LabProcess start(const std::function<void(Channel)>& body);
  // A copy of this idle process as it is now.
  LabProcess copy();

  // Waits for the kReady of a started process. False when it died instead.
  bool await_ready();

  bool alive() const { return channel_.is_open(); }
  Channel& channel() { return channel_; }
  pid_t pid() const { return pid_; }

  void kill();
  // After the channel closed or kill(): reaps it and says what it died of: "signal 11 (Segmentation fault)".
  std::string bury();

 private:
  void end();

  pid_t pid_ = -1;
  Channel channel_;
};

}  // namespace syslab::program
