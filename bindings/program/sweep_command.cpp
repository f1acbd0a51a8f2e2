// syslab sweep FILE --seeds A..B
//
// The program forks a worker for each job. A worker takes one seed after the other, runs the script under it
// in a fresh lab, and where that fails leaves out faults (core/sim/explore.hpp) as lab.explore does. The
// program hands out seeds and tells what came of them in their order, so what it writes does not depend on
// the number of jobs.
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstring>
#include <map>
#include <optional>

#include "bindings/program/channel.hpp"
#include "bindings/program/exit_code.hpp"
#include "bindings/program/subcommand.hpp"
#include "bindings/world/trial.hpp"

namespace syslab::program {
namespace {

using Clock = std::chrono::steady_clock;

struct Given {
  std::string file;
  std::string range = "1..100";
  int jobs = 1;
  std::uint64_t runs = 200;
  std::uint64_t failures = 10;
  double limit = 600;
};

struct Range {
  std::uint64_t first = 1;
  std::uint64_t last = 0;
};

Range parse_range(const std::string& text) {
  Range range;
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, range.first);
  const bool dots = first.ec == std::errc() && end - first.ptr > 2 && std::strncmp(first.ptr, "..", 2) == 0;
  const auto last = dots ? std::from_chars(first.ptr + 2, end, range.last) : first;
  if (!dots || last.ec != std::errc() || last.ptr != end || range.last < range.first) {
    throw CLI::ValidationError(fmt::format("--seeds: '{}' should be A..B with A <= B", text));
  }
  return range;
}

constexpr char kSeed = 's';     // body: the seed
constexpr char kWell = 'w';     // nothing went wrong
constexpr char kFailure = 'f';  // body: what the program tells

// ---- a worker

// One run of the script, in a lab of its own.
Trial run_once(const CommonOptions& common, const std::string& file, std::uint64_t seed,
               const FaultSchedule* schedule) {
  EngineOptions options = common.engine(false);
  options.host.seed = seed;
  Engine engine(std::move(options));
  if (engine.start() != Evaluator::Status::ok) return {"the lab does not start", {}};
  engine.host().write = [](std::string_view) {};  // what a thousand runs print is of no use
  WorldTrial trial(schedule);
  const LuaHost::Outcome outcome = engine.host().run_file(file);
  return trial.result(outcome.ok() ? std::nullopt : std::optional(outcome.message));
}

std::string told(const Finding& finding) {
  std::string text = fmt::format("seed {}: {}\n", finding.seed, finding.violation);
  if (finding.schedule.empty()) {
    return text + (finding.faults == 0 ? "  without a fault\n" : "  without any of its faults, too\n");
  }
  text += fmt::format("  {} of {} faults are enough ({} runs):\n", finding.schedule.size(), finding.faults,
                      finding.runs);
  const std::string source = schedule_lua(finding.schedule);
  for (std::size_t at = 0; at < source.size();) {
    const std::size_t end = source.find('\n', at) + 1;
    text += "  " + source.substr(at, end - at);
    at = end;
  }
  return text;
}

[[noreturn]] void work(const CommonOptions& common, const Given& given, Channel channel) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  while (const std::optional<Message> message = channel.receive()) {
    const std::uint64_t seed = std::strtoull(message->body.c_str(), nullptr, 10);
    const std::optional<Finding> finding =
        explore([&](std::uint64_t s,
                    const FaultSchedule* schedule) { return run_once(common, given.file, s, schedule); },
                seed, 1, given.runs);
    if (!channel.send(finding ? kFailure : kWell, finding ? told(*finding) : "")) break;
  }
  _exit(exit_code::kOk);
}

// ---- the program

class Sweep {
 public:
  Sweep(const CommonOptions& common, const Given& given, Range range)
      : common_(common), given_(given), range_(range) {}
  ~Sweep() {
    for (Worker& worker : workers_) end(worker);
  }

  int run() {
    const std::uint64_t count = range_.last - range_.first + 1;
    workers_.resize(
        static_cast<std::size_t>(std::min<std::uint64_t>(static_cast<std::uint64_t>(given_.jobs), count)));
    const bool show = isatty(STDERR_FILENO) == 1;
    std::uint64_t next = range_.first;
    while (told_ < count && failed_ < given_.failures) {
      std::vector<pollfd> waited;
      for (Worker& worker : workers_) {
        if (!worker.seed && next <= range_.last && !give(worker, next++)) return exit_code::kInternal;
        waited.push_back({worker.seed ? worker.channel.fd() : -1, POLLIN, 0});
      }
      poll(waited.data(), waited.size(), 1000);
      for (std::size_t i = 0; i < workers_.size(); ++i) look(workers_[i], waited[i].revents != 0);
      if (show) fmt::print(stderr, "\r\033[K");
      tell();
      if (show) {
        fmt::print(stderr, "{} of {} seeds, {} failed ", told_ + results_.size(), count, failed_);
        std::fflush(stderr);
      }
    }
    if (show) fmt::print(stderr, "\r\033[K");
    const std::string stopped = told_ < count ? fmt::format("; {} seeds were not tried", count - told_) : "";
    fmt::print("{} seeds, {} failed{}{}\n", told_, failed_,
               late_ > 0 ? fmt::format(", {} did not end", late_) : "", stopped);
    return failed_ > 0 ? exit_code::kFailed : late_ > 0 ? exit_code::kUnknown : exit_code::kOk;
  }

 private:
  struct Worker {
    pid_t pid = -1;
    Channel channel = Channel();
    std::optional<std::uint64_t> seed = {};
    Clock::time_point deadline = {};
  };
  struct Result {
    enum class Kind { well, failed, late } kind = Kind::well;
    std::string text = {};
  };

  // Hands a seed to a worker, which is started if need be. False where the system refuses.
  bool give(Worker& worker, std::uint64_t seed) {
    if (worker.pid < 0) {
      auto [ours, theirs] = Channel::make();
      std::fflush(stdout);
      const pid_t pid = ours.is_open() ? fork() : -1;
      if (pid < 0) {
        fmt::print(stderr, "syslab: cannot start a worker: {}\n", strerror(errno));
        return false;
      }
      if (pid == 0) {
        ours.close();
        for (Worker& other : workers_) other.channel.close();
        work(common_, given_, std::move(theirs));
      }
      worker.pid = pid;
      worker.channel = std::move(ours);
    }
    worker.seed = seed;
    worker.deadline = Clock::now() + std::chrono::milliseconds(static_cast<long>(given_.limit * 1000));
    worker.channel.send(kSeed, std::to_string(seed));
    return true;
  }

  void look(Worker& worker, bool readable) {
    if (!worker.seed) return;
    Result result;
    if (readable) {
      const std::optional<Message> message = worker.channel.receive();
      if (!message) {
        end(worker);
        result = {Result::Kind::failed,
                  fmt::format("seed {}: the program crashed, or was killed\n", *worker.seed)};
      } else if (message->type == kFailure) {
        result = {Result::Kind::failed, message->body};
      }
    } else if (Clock::now() > worker.deadline) {
      end(worker);
      result = {Result::Kind::late, fmt::format("seed {}: no end after {} s\n", *worker.seed, given_.limit)};
    } else {
      return;
    }
    results_.emplace(*worker.seed, std::move(result));
    worker.seed.reset();
  }

  // What is known of the seeds whose turn it is.
  void tell() {
    for (auto next = results_.find(range_.first + told_); next != results_.end() && failed_ < given_.failures;
         next = results_.find(range_.first + told_)) {
      fmt::print("{}", next->second.text);
      failed_ += next->second.kind == Result::Kind::failed ? 1 : 0;
      late_ += next->second.kind == Result::Kind::late ? 1 : 0;
      ++told_;
      results_.erase(next);
    }
    std::fflush(stdout);
  }

  static void end(Worker& worker) {
    worker.channel.close();
    if (worker.pid < 0) return;
    kill(worker.pid, SIGKILL);
    while (waitpid(worker.pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    worker.pid = -1;
  }

  const CommonOptions& common_;
  const Given& given_;
  const Range range_;
  std::vector<Worker> workers_;
  std::map<std::uint64_t, Result> results_;  // of seeds whose turn to be told has not come
  std::uint64_t told_ = 0;
  std::uint64_t failed_ = 0;
  std::uint64_t late_ = 0;
};

std::function<int()> setup(CLI::App& app, const CommonOptions& common) {
  auto given = std::make_shared<Given>();
  app.add_option("FILE", given->file,
                 "The script; it fails by an error, or by what the watch of a protocol sees")
      ->required();
  app.add_option("--seeds", given->range, "A..B: run it with each of these seeds (default 1..100)")
      ->type_name("A..B");
  app.add_option("--jobs", given->jobs, "Seeds at once (default 1)")->check(CLI::Range(1, 512));
  app.add_option("--runs", given->runs,
                 "At most so many runs to leave out faults of a seed that fails (default 200)");
  app.add_option("--failures", given->failures, "Stop after so many seeds that fail (default 10)")
      ->check(CLI::Range(1, 1000000));
  app.add_option("--limit", given->limit,
                 "Seconds that one seed may take, with leaving out faults (default 600)")
      ->check(CLI::Range(0.1, 86400.0));
  app.footer(
      "A script takes its seed from lab.world{} (the session's seed), and prints nothing here. Of a seed "
      "that fails, the\n"
      "faults that its worlds had are left out one by one as long as it still fails; what is left is shown "
      "as Lua source.\n"
      "Exit codes: 0 no seed failed, 1 some did, 2 usage, 3 some did not end in time.");
  return [given, &common] {
    const Range range = parse_range(given->range);
    const Expected<std::string> text = read_text_file(given->file);
    if (!text) throw CLI::ValidationError(text.error().message);
    return Sweep(common, *given, range).run();
  };
}

const Subcommand sweep{"sweep", "Run a script under many seeds, and find the faults that break it", &setup};

}  // namespace
}  // namespace syslab::program
