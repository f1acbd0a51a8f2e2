// Where a submission runs when it is graded: a sandboxed worker, one for each part of each submission.
//
// Workers are forked from a nursery, a process of its own that was executed afresh with an empty environment: it has
// never seen a lab, so nothing of a hidden test is in its memory, nor in a worker's. Around a worker are, from outside
// to inside: namespaces without network and files (bubblewrap, where it works), resource limits, a list of the few
// system calls that a computation needs (seccomp: any other ends the process), and the sandbox of LuaHost. All that it
// shares with the rest of the world is one socket, over which it answers requests (bindings/grade/student.hpp).
//
// Whatever a worker does or sends, the grader ends in time: every wait has a deadline, every message a limit, and what
// is left of a worker is killed and reaped by its nursery. Cost: about 1 ms a worker, 20 µs a request.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "bindings/grade/submission.hpp"
#include "bindings/program/channel.hpp"

namespace syslab::program {

enum class Isolation {
  process,     // resource limits only: the system offers nothing better
  namespaces,  // and namespaces of its own, but no system call filter
  seccomp,     // a system call filter, but no namespaces
  bubblewrap,  // both
};
std::string_view to_string(Isolation isolation);

class Nursery {
 public:
  // Starts one that isolates workers at least so well; with `wanted` empty as well as it can. Null, and why, where that
  // cannot be.
  static std::shared_ptr<Nursery> start(std::optional<Isolation> wanted, std::string& why);
  ~Nursery();
  Nursery(const Nursery&) = delete;
  Nursery& operator=(const Nursery&) = delete;

  Isolation isolation() const { return isolation_; }

  struct Worker {
    int fd = -1;    // the grader's end, to be closed by whoever takes it
    int id = 0;
  };
  // A fresh worker that may take so much processor time; empty where the nursery is gone.
  std::optional<Worker> spawn(std::chrono::milliseconds cpu);
  // Nanoseconds of processor time that a worker has taken; 0 where it lives no more.
  long long used(int id);
  // Kills a worker if it lives, and says what it died of: "signal 11 (Segmentation fault)".
  std::string bury(int id);

 private:
  Nursery() = default;
  static std::shared_ptr<Nursery> launch(bool bubblewrap);

  Channel channel_;
  pid_t pid_ = -1;
  Isolation isolation_ = Isolation::process;
};

// Reaps a child that is to end by itself. False where it has not ended after so long.
bool wait_for_end(pid_t pid, std::chrono::milliseconds patience);

// A port to a fresh worker, which may take `limit` of processor time. By the clock it may take as much longer as a busy
// machine makes it; one that does not compute while it is waited for is ended about as soon.
std::shared_ptr<grade::StudentPort> make_worker_port(std::shared_ptr<Nursery> nursery, std::chrono::milliseconds limit);

}  // namespace syslab::program
