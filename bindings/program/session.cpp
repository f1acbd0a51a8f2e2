#include "bindings/program/session.hpp"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "bindings/program/checkpoint.hpp"
#include "bindings/program/chunk.hpp"
#include "bindings/program/exit_code.hpp"
#include "bindings/program/prompt.hpp"
#include "bindings/program/terminal.hpp"
#include "core/base/nearest.hpp"

namespace syslab::program {
namespace {

using Clock = std::chrono::steady_clock;

// How long a command may ignore Ctrl-C before a second one kills it.
constexpr int kDeafAfterMs = 1000;

[[noreturn]] void run_lab(const SessionOptions& options, Channel channel) {
  LabServer server(std::move(channel));
  try {
    Engine engine(options.engine);
    engine.ask = [&server](const std::string& question) { return server.ask(question); };
    if (options.prepare_again) engine.after_reset = options.prepare;
    engine.start();
    InterruptScope scope(engine, false);
    if (options.prepare) options.prepare(engine);
    server.serve(engine);
  } catch (const std::exception& error) {
    fmt::print(stderr, "syslab: {}\n", error.what());
  }
  std::fflush(stderr);
  std::_Exit(exit_code::kInternal);
}

// One line for labels: the first of the input, shortened.
std::string label_of(const std::string& input) {
  const std::string_view text = trimmed(input);
  std::string label(text.substr(0, text.find('\n')));
  constexpr std::size_t kLabelMax = 40;
  if (label.size() > kLabelMax) {
    std::size_t end = kLabelMax;
    while (end > 0 && (label[end] & 0xC0) == 0x80) --end;  // not inside a character
    label.resize(end);
  }
  return label.size() < text.size() ? label + " ..." : label;
}

// What only tells something leaves no state worth going back from.
bool only_tells(std::string_view input) {
  if (input.starts_with('?')) return true;
  for (const char* command : {".help", ".apropos", ".bt", ".labs", ".trace", ".save", ".mark", ".again", ".where"}) {
    if (input.substr(0, input.find_first_of(" \t")) == command) return true;
  }
  return input == ".seed";
}

// The lab in the other process, as the prompt sees it.
class RemoteLab final : public Evaluator {
 public:
  RemoteLab(Checkpoints& checkpoints, LineSource& source) : checkpoints_(checkpoints), source_(source) {}

  Verdict classify(const std::string& input) override {
    const std::optional<std::string> answer = request(request::kClassify, input);
    return answer ? static_cast<Verdict>(std::atoi(answer->c_str())) : Verdict::complete;
  }

  Completion complete(std::string_view line, std::size_t cursor) override {
    Completion completion;
    const std::optional<std::string> answer = request(request::kComplete, std::string(line.substr(0, cursor)));
    if (!answer) return completion;
    std::vector<std::string> fields = unpack(*answer);
    if (fields.empty()) return completion;
    completion.begin = static_cast<std::size_t>(std::atoi(fields[0].c_str()));
    completion.candidates.assign(fields.begin() + 1, fields.end());
    return completion;
  }

  Status execute(const std::string& input) override {
    if (!only_tells(trimmed(input))) checkpoints_.before(label_of(input));
    InterruptFlag::take();
    checkpoints_.live().channel().send(request::kExecute, input);
    return await_answer();
  }

  // After the lab's process has ended: tells of it and goes on from an earlier state.
  Status recover(bool killed) {
    const std::string label = checkpoints_.before_label();
    const std::string death = checkpoints_.live().bury();
    if (killed) {
      fmt::print(stderr, "the command did not stop and was killed; ");
    } else {
      fmt::print(stderr, "the lab's process ended: {}; ", death);
    }
    if (checkpoints_.recover()) {
      fmt::print(stderr, "this is the state before `{}`\n", label);
    } else {
      fmt::print(stderr, "there was no earlier state, this is a fresh lab\n");
    }
    source_.watch(checkpoints_.live().channel().fd());
    return Status::lost;
  }

 private:
  std::optional<std::string> request(char type, const std::string& body) {
    Channel& channel = checkpoints_.live().channel();
    if (!channel.send(type, body)) return std::nullopt;
    const std::optional<Message> answer = channel.receive();
    return answer ? std::optional(answer->body) : std::nullopt;
  }

  Status await_answer() {
    std::optional<Clock::time_point> first_interrupt;
    bool told = false;
    while (true) {
      Channel& channel = checkpoints_.live().channel();
      const Channel::Event event = channel.wait(first_interrupt && !told ? 100 : -1, InterruptFlag::fd());
      if (event == Channel::Event::readable) {
        const std::optional<Message> message = channel.receive();
        if (!message) return recover(false);
        if (message->type == request::kAnswer) {
          InterruptFlag::take();  // it was meant for the command
          return static_cast<Status>(std::atoi(message->body.c_str()));
        }
        if (message->type == request::kAsk) answer_question(message->body);
        continue;
      }
      // The terminal sent the same Ctrl-C to the lab's process, which stops its script by itself if it can.
      const bool pressed = InterruptFlag::take();
      const bool deaf = first_interrupt && Clock::now() - *first_interrupt >= std::chrono::milliseconds(kDeafAfterMs);
      if (pressed && !first_interrupt) first_interrupt = Clock::now();
      if (deaf && pressed) {
        checkpoints_.live().kill();
        return recover(true);
      }
      if (deaf && !told) {
        told = true;
        fmt::print(stderr, "(it does not listen: it is inside one long call. Ctrl-C again kills it and goes back)\n");
      }
    }
  }

  void answer_question(const std::string& question) {
    source_.watch(-1);
    const LineSource::Line line = source_.read(question);
    source_.watch(checkpoints_.live().channel().fd());
    Channel& channel = checkpoints_.live().channel();
    if (line.status == LineSource::Status::line) {
      channel.send(request::kReply, line.text);
    } else {
      channel.send(request::kNoReply);
    }
  }

  Checkpoints& checkpoints_;
  LineSource& source_;
};

// .mark and .back. False when the input is neither.
bool checkpoint_command(Checkpoints& checkpoints, LineSource& source, const std::string& input) {
  const std::string_view text = trimmed(input);
  const std::size_t space = text.find_first_of(" \t\n");
  const std::string_view command = text.substr(0, space);
  const std::string name(space == std::string_view::npos ? "" : trimmed(text.substr(space)));
  const std::vector<std::string> marks = checkpoints.marks();
  if (command == ".mark" && name.empty()) {
    for (const std::string& mark : marks) std::puts(mark.c_str());
    if (marks.empty()) std::puts("(no marks yet; .mark NAME makes one)");
  } else if (command == ".mark") {
    const std::string problem = checkpoints.mark(name);
    if (problem.empty()) {
      fmt::print("(marked; .back {} returns here)\n", name);
    } else {
      fmt::print(stderr, "error: {}\n", problem);
    }
  } else if (command == ".back" && name.empty()) {
    const std::string label = checkpoints.back();
    if (label.empty()) {
      fmt::print(stderr, "error: there is no earlier state yet\n");
    } else {
      fmt::print("(before `{}`; .back again undoes this)\n", label);
    }
  } else if (command == ".back") {
    bool known = false;
    for (const std::string& mark : marks) known = known || mark == name;
    if (!known) {
      fmt::print(stderr, "error: there is no mark '{}'{}\n", name, did_you_mean(name, marks));
    } else if (checkpoints.back_to(name)) {
      fmt::print("(at mark {})\n", name);
    } else {
      fmt::print(stderr, "error: the mark '{}' is lost: its process ended\n", name);
    }
  } else {
    return false;
  }
  source.watch(checkpoints.live().channel().fd());
  return true;
}

}  // namespace

int run_session(const SessionOptions& options) {
  prctl(PR_SET_CHILD_SUBREAPER, 1);  // whatever a lab's process leaves behind ends with the session
  const bool color = options.engine.out.color;
  Checkpoints checkpoints([&options](Channel channel) { run_lab(options, std::move(channel)); });
  checkpoints.start();  // it makes its lab while we read the history
  InterruptFlag::arm();
  History history(History::default_path());
  const std::unique_ptr<LineSource> source = make_terminal_source(history, color);
  if (!options.quiet) {
    fmt::print("syslab {}, seed {}. help() explains, Tab completes, Ctrl-D leaves.\n", SYSLAB_VERSION,
               options.engine.host.seed);
    std::fflush(stdout);
  }
  if (!checkpoints.live().await_ready()) {
    fmt::print(stderr, "syslab: the lab's process ended at its start: {}\n", checkpoints.live().bury());
    return exit_code::kInternal;
  }
  RemoteLab lab(checkpoints, *source);
  source->watch(checkpoints.live().channel().fd());
  source->set_completer([&](std::string_view line, std::size_t cursor) { return lab.complete(line, cursor); });
  Prompt prompt(*source, lab, history);
  prompt.intercept = [&](const std::string& input) { return checkpoint_command(checkpoints, *source, input); };
  prompt.on_wake = [&] {
    // Nothing is said unasked: the other end has gone.
    lab.recover(false);
  };
  const int code = prompt.run();
  InterruptFlag::disarm();
  return code;
}

}  // namespace syslab::program
