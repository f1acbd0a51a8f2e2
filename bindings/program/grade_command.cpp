// syslab grade LAB SUBMISSION...
//
// The program forks a grader for each job before it knows any lab. A grader executes a nursery, loads the lab, and
// grades one submission after another: each part in a worker of the nursery's (nursery.hpp), the verdict in the grader,
// by lua/grade.lua. The program hands out submissions and puts the results in their order; it loads no submission and,
// until all are graded, no lab.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "bindings/grade/sha256.hpp"
#include "bindings/host/arguments.hpp"
#include "bindings/host/script_error.hpp"
#include "bindings/program/exit_code.hpp"
#include "bindings/program/labs.hpp"
#include "bindings/program/nursery.hpp"
#include "bindings/program/subcommand.hpp"
#include "core/base/nearest.hpp"

namespace syslab::program {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxSubmissionBytes = std::size_t{1} << 20;

struct Given {
  std::string lab;
  std::vector<std::string> files;
  std::string format = "text";
  std::string output;
  std::string results;
  bool resume = false;
  int jobs = 1;
  std::string shard;
  std::string secret_file;
  int hidden_seeds = -1;
  double limit = 10;
  std::string isolation = "auto";
};

// A submission as it was read: its text, or why it is refused.
struct Text {
  std::string source;
  std::string problem;
};

// Opens without waiting (a FIFO) and without following a link, which could lead to somebody else's file.
Text read_submission(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) {
    return {"", errno == ELOOP ? "it is a symbolic link" : fmt::format("cannot read it: {}", strerror(errno))};
  }
  struct stat info {};
  Text text;
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    text.problem = S_ISDIR(info.st_mode) ? "it is a folder" : "it is no regular file";
  } else if (static_cast<std::size_t>(info.st_size) > kMaxSubmissionBytes) {
    text.problem = "it is larger than 1 MiB";
  } else {
    // A file that grows meanwhile ends at the limit.
    text.source.resize(kMaxSubmissionBytes + 1);
    std::size_t size = 0;
    while (size < text.source.size()) {
      const ssize_t got = read(fd, text.source.data() + size, text.source.size() - size);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) break;
      size += static_cast<std::size_t>(got);
    }
    text.source.resize(size);
    if (size > kMaxSubmissionBytes) text.problem = "it is larger than 1 MiB";
    if (text.source.find_first_not_of(" \t\r\n") == std::string::npos) text.problem = "it is empty";
    if (text.source.find('\0') != std::string::npos) text.problem = "it contains NUL bytes, so it is no Lua text";
  }
  close(fd);
  return text;
}

std::optional<std::string> read_all(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// ---- a grader process

// What makes results comparable: the same lab, program, seeds and limits.
struct Run {
  std::string lab;
  std::string lab_sha256;
  std::string secret;
  int hidden_seeds = 0;
  double limit = 10;
  std::string fingerprint() const {
    const std::string of_secret = secret.empty() ? "none" : grade::hex(grade::hmac_sha256(secret, "fingerprint"));
    return grade::hex(grade::sha256(fmt::format("{}|{}|{}|{}|{}|{}", SYSLAB_VERSION, lab, lab_sha256, of_secret,
                                                hidden_seeds, limit)))
        .substr(0, 16);
  }
};

constexpr char kJob = 'j';     // body: the path
constexpr char kResult = 'r';  // body: a line of JSON
constexpr char kHello = 'h';   // body: the isolation, or what is wrong
constexpr char kNoHello = 'n';

struct Grader {
  Channel channel;
  const Run* run = nullptr;
};

Grader& grader_of(lua_State* L) { return *static_cast<Grader*>(lua_touserdata(L, lua_upvalueindex(1))); }

// next() -> path, sha256, source | path, sha256, nil, problem | nothing when all is done
int next_job(lua_State* L) {
  const std::optional<Message> job = grader_of(L).channel.receive();
  if (!job || job->type != kJob) return 0;
  const Text text = read_submission(job->body);
  lua_pushlstring(L, job->body.data(), job->body.size());
  const std::string digest = text.problem.empty() ? grade::hex(grade::sha256(text.source)) : "";
  lua_pushlstring(L, digest.data(), digest.size());
  if (text.problem.empty()) return lua_pushlstring(L, text.source.data(), text.source.size()), 3;
  lua_pushnil(L);
  lua_pushlstring(L, text.problem.data(), text.problem.size());
  return 4;
}

// done(line)
int job_done(lua_State* L) {
  grader_of(L).channel.send(kResult, string_argument(L, 1, "line"));
  return 0;
}

// seed(part, i) -> the i-th hidden seed of a part, below 2^53: a number of the secret, the lab and the part only
int hidden_seed(lua_State* L) {
  const Grader& grader = grader_of(L);
  const std::string what = fmt::format("seed|{}|{}|{}", grader.run->lab, string_argument(L, 1, "part"),
                                       static_cast<int>(number_argument(L, 2, "i")));
  const grade::Digest digest = grade::hmac_sha256(grader.run->secret, what);
  std::uint64_t n = 0;
  for (int i = 0; i < 8; ++i) n = n << 8 | digest[static_cast<std::size_t>(i)];
  lua_pushnumber(L, static_cast<double>(n >> 11));
  return 1;
}

void install_grader_functions(lua_State* L, Grader& grader) {
  lua_getfield(L, LUA_REGISTRYINDEX, "syslab.host");
  lua_getfield(L, -1, "program");
  lua_newtable(L);
  const auto set = [&](const char* name, lua_CFunction function) {
    lua_pushlightuserdata(L, &grader);
    lua_pushcclosure(L, function, 1);
    lua_setfield(L, -2, name);
  };
  set("next", &guard<&next_job>);
  set("done", &guard<&job_done>);
  set("seed", &guard<&hidden_seed>);
  lua_setfield(L, -2, "grader");
  lua_pop(L, 2);
}

// The whole life of a grader process; returns its exit code.
int grade_jobs(const CommonOptions& common, const Given& given, const Run& run, Channel channel) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::optional<Isolation> wanted;
  if (given.isolation == "process") wanted = Isolation::process;
  if (given.isolation == "seccomp") wanted = Isolation::seccomp;
  if (given.isolation == "bubblewrap") wanted = Isolation::bubblewrap;
  std::string why;
  const std::shared_ptr<Nursery> nursery = Nursery::start(wanted, why);
  Grader grader{std::move(channel), &run};
  if (nursery == nullptr) {
    grader.channel.send(kNoHello, why);
    return exit_code::kUnknown;
  }
  const std::string isolation(to_string(nursery->isolation()));
  grader.channel.send(kHello, isolation);
  const std::chrono::milliseconds limit(static_cast<long>(given.limit * 1000));
  grade::set_port_maker([nursery, limit] { return make_worker_port(nursery, limit); });
  Engine engine(common.engine(false));
  if (engine.start() != Evaluator::Status::ok) return exit_code::kInternal;
  install_grader_functions(engine.host().state(), grader);
  const auto status = engine.call_library("grade", "work", {run.lab, SYSLAB_VERSION, run.lab_sha256, run.fingerprint(),
                                                            isolation, std::to_string(run.hidden_seeds)});
  grade::set_port_maker(&grade::make_local_port);  // lets the nursery go
  return exit_code_of(status);
}

// ---- the pool

// A line for a submission whose grader failed, which is our fault and not the submission's.
std::string failed_line(const Given& given, const Run& run, const std::string& path, const std::string& why) {
  const nlohmann::json line = {{"version", 1},       {"lab", given.lab},     {"submission", path},
                               {"status", "failed"}, {"message", why},       {"run", run.fingerprint()},
                               {"score", 0},         {"parts", nlohmann::json::array()}};
  return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

class Pool {
 public:
  Pool(const CommonOptions& common, const Given& given, const Run& run) : common_(common), given_(given), run_(run) {}
  ~Pool() {
    for (Member& member : members_) member.channel.close();  // there is no more to do
    for (Member& member : members_) {
      if (member.pid > 0 && wait_for_end(member.pid, std::chrono::seconds(5))) member.pid = -1;
      end(member);
    }
  }

  // Grades all; `done(index, line)` is called in any order. Returns false, with the reason told, where it cannot.
  bool grade(const std::vector<std::string>& paths, const std::vector<std::size_t>& todo,
             const std::function<void(std::size_t, std::string)>& done) {
    std::size_t next = 0;
    std::size_t open = todo.size();
    members_.resize(std::min<std::size_t>(static_cast<std::size_t>(given_.jobs), todo.size()));
    for (Member& member : members_) {
      if (!start(member)) return false;
    }
    while (open > 0) {
      std::vector<pollfd> waited;
      for (Member& member : members_) {
        if (!member.job && next < todo.size()) {
          member.job = todo[next++];
          member.channel.send(kJob, paths[*member.job]);
          member.deadline = Clock::now() + watch_;
        }
        waited.push_back({member.job ? member.channel.fd() : -1, POLLIN, 0});
      }
      poll(waited.data(), waited.size(), 1000);
      for (std::size_t i = 0; i < members_.size(); ++i) {
        Member& member = members_[i];
        if (!member.job) continue;
        std::string line;
        if (waited[i].revents != 0) {
          const std::optional<Message> message = member.channel.receive();
          if (message && message->type == kResult) {
            line = message->body;
          } else {
            line = failed_line(given_, run_, paths[*member.job], "the grader failed");
            end(member);
            if (!start(member)) return false;
          }
        } else if (Clock::now() > member.deadline) {
          line = failed_line(given_, run_, paths[*member.job], "the grader did not end in time");
          end(member);
          if (!start(member)) return false;
        } else {
          continue;
        }
        const std::size_t index = *member.job;
        member.job.reset();
        --open;
        done(index, std::move(line));
      }
    }
    return true;
  }

 private:
  struct Member {
    pid_t pid = -1;
    Channel channel = Channel();
    std::optional<std::size_t> job = {};
    Clock::time_point deadline = {};
  };

  bool start(Member& member) {
    auto [ours, theirs] = Channel::make();
    std::fflush(stdout);
    std::fflush(stderr);
    const pid_t pid = ours.is_open() ? fork() : -1;
    if (pid < 0) {
      fmt::print(stderr, "syslab: cannot start a grader: {}\n", strerror(errno));
      return false;
    }
    if (pid == 0) {
      ours.close();
      for (Member& other : members_) other.channel.close();
      int code = exit_code::kInternal;
      try {
        code = grade_jobs(common_, given_, run_, std::move(theirs));
      } catch (const std::exception& e) {
        fmt::print(stderr, "syslab: the grader failed: {}\n", e.what());
      }
      std::fflush(stdout);
      std::fflush(stderr);
      _exit(code);
    }
    member.pid = pid;
    member.channel = std::move(ours);
    const std::optional<Message> hello = member.channel.receive();
    if (hello && hello->type == kHello) return true;
    fmt::print(stderr, "syslab: submissions cannot be isolated: {}\n", hello ? hello->body : "the grader failed");
    return false;
  }

  void end(Member& member) {
    member.channel.close();
    if (member.pid <= 0) return;
    kill(member.pid, SIGKILL);  // its nursery dies with it, and the workers with that
    int status = 0;
    while (waitpid(member.pid, &status, 0) < 0 && errno == EINTR) {
    }
    member.pid = -1;
  }

  const CommonOptions& common_;
  const Given& given_;
  const Run& run_;
  std::vector<Member> members_;
  // Far longer than any submission may take: only a fault of ours gets there.
  std::chrono::seconds watch_{static_cast<long>(given_.limit * 50) + 60};
};

// ---- the command

[[noreturn]] void refuse(const std::string& text) { throw CLI::ValidationError(text); }

// The submissions of this shard, in their order: each n-th, beginning with the i-th.
std::vector<std::string> in_shard(const std::vector<std::string>& files, const std::string& shard) {
  if (shard.empty()) return files;
  unsigned long i = 0;
  unsigned long n = 0;
  int used = 0;
  if (std::sscanf(shard.c_str(), "%lu/%lu%n", &i, &n, &used) != 2 || static_cast<std::size_t>(used) != shard.size() ||
      i < 1 || i > n) {
    refuse(fmt::format("--shard: '{}' should be I/N with 1 <= I <= N", shard));
  }
  std::vector<std::string> ours;
  for (std::size_t k = i - 1; k < files.size(); k += n) ours.push_back(files[k]);
  return ours;
}

Run make_run(const Given& given) {
  Run run;
  run.lab = given.lab;
  const std::vector<std::string> labs = lab_names();
  if (std::find(labs.begin(), labs.end(), given.lab) == labs.end()) {
    refuse(fmt::format("there is no lab '{}'{}", given.lab, did_you_mean(given.lab, labs)));
  }
  // Nothing runs a submission that has this text in its memory: a nursery is executed afresh.
  const Expected<std::string> lab = LuaHost::read_data("labs/" + given.lab + "/lab.lua");
  run.lab_sha256 = lab ? grade::hex(grade::sha256(*lab)) : "";
  run.limit = given.limit;
  if (!given.secret_file.empty()) {
    const std::optional<std::string> secret = read_all(given.secret_file);
    if (!secret) refuse(fmt::format("--secret: cannot read {}", given.secret_file));
    run.secret = *secret;
    constexpr std::size_t kLeastBytes = 16;
    if (run.secret.size() < kLeastBytes) refuse("--secret: the file should hold at least 16 bytes");
  }
  run.hidden_seeds = given.hidden_seeds >= 0 ? given.hidden_seeds : run.secret.empty() ? 0 : 10;
  if (run.hidden_seeds > 0 && run.secret.empty()) refuse("--seeds: hidden seeds come from a secret (--secret FILE)");
  return run;
}

// The lines of an earlier run that still hold, by submission.
std::map<std::string, std::string> earlier_results(const Given& given, const Run& run) {
  std::map<std::string, std::string> lines;
  if (!given.resume) return lines;
  std::istringstream text(read_all(given.results).value_or(""));
  for (std::string line; std::getline(text, line);) {
    const nlohmann::json result = nlohmann::json::parse(line, nullptr, false);
    if (!result.is_object()) continue;  // the last line of a run that was killed
    const auto text_of = [&](const char* key) {
      const auto found = result.find(key);
      return found != result.end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    const std::string path = text_of("submission");
    if (text_of("run") != run.fingerprint() || text_of("status") != "graded") continue;
    const Text now = read_submission(path);
    if (now.problem.empty() && grade::hex(grade::sha256(now.source)) == text_of("sha256")) lines[path] = line;
  }
  return lines;
}

// Appends in order, each line as soon as all before it are there.
class Ordered {
 public:
  Ordered(std::size_t n, const std::string& path) : lines_(n) {
    if (path.empty()) return;
    file_ = std::fopen(path.c_str(), "wb");
    if (file_ == nullptr) refuse(fmt::format("--results: cannot write {}: {}", path, strerror(errno)));
  }
  ~Ordered() {
    if (file_ != nullptr) std::fclose(file_);
  }
  Ordered(const Ordered&) = delete;
  Ordered& operator=(const Ordered&) = delete;

  void put(std::size_t i, std::string line) {
    lines_[i] = std::move(line);
    ++count_;
    while (written_ < lines_.size() && !lines_[written_].empty()) {
      if (file_ != nullptr) {
        std::fprintf(file_, "%s\n", lines_[written_].c_str());
        std::fflush(file_);
      }
      ++written_;
    }
  }
  std::size_t count() const { return count_; }
  std::string all() const {
    std::string text;
    for (const std::string& line : lines_) text += line + "\n";
    return text;
  }

 private:
  std::vector<std::string> lines_;
  std::size_t written_ = 0;
  std::size_t count_ = 0;
  std::FILE* file_ = nullptr;
};

int grade_all(const CommonOptions& common, const Given& given) {
  const Run run = make_run(given);
  const std::vector<std::string> paths = in_shard(given.files, given.shard);
  const std::map<std::string, std::string> earlier = earlier_results(given, run);
  Ordered results(paths.size(), given.results);
  std::vector<std::size_t> todo;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const auto known = earlier.find(paths[i]);
    if (known != earlier.end()) {
      results.put(i, known->second);
    } else {
      todo.push_back(i);
    }
  }
  const bool show = isatty(STDERR_FILENO) == 1 && paths.size() > 1;
  if (!todo.empty()) {
    Pool pool(common, given, run);
    const bool good = pool.grade(paths, todo, [&](std::size_t i, std::string line) {
      results.put(i, std::move(line));
      if (show) fmt::print(stderr, "\r{} of {} graded ", results.count(), paths.size());
    });
    if (show) fmt::print(stderr, "\r\033[K");
    if (!good) return exit_code::kUnknown;
  }
  int code = exit_code::kOk;
  const int failed = run_script(common, [&](Engine& engine) {
    return engine.call_library("grade", "report", {given.format, given.lab, given.output, results.all()}, &code);
  });
  return failed != exit_code::kOk ? failed : code;
}

std::function<int()> setup(CLI::App& app, const CommonOptions& common) {
  auto given = std::make_shared<Given>();
  app.add_option("LAB", given->lab, "The lab")->required();
  app.add_option("SUBMISSION", given->files, "Files that students handed in")->required();
  app.add_option("--format", given->format,
                 "What is written: text (default), json, gradescope, junit, tap, classroom, csv, canvas")
      ->check(CLI::IsMember({"text", "json", "gradescope", "junit", "tap", "classroom", "csv", "canvas"}));
  app.add_option("-o", given->output, "Write it to this file (by way of a temporary one) instead of standard output");
  app.add_option("--jobs", given->jobs, "Submissions graded at once (default 1)")->check(CLI::Range(1, 512));
  app.add_option("--shard", given->shard, "I/N: only each N-th submission, beginning with the I-th")->type_name("I/N");
  app.add_option("--results", given->results, "Keep one line of JSON for each submission in this file");
  app.add_flag("--resume", given->resume, "Keep what --results has from an earlier run of the same lab and settings");
  app.add_option("--secret", given->secret_file, "A file of at least 16 bytes that hidden seeds are made from");
  app.add_option("--seeds", given->hidden_seeds, "Hidden seeds of each part (default 10 with --secret)")
      ->check(CLI::Range(0, 100000));
  app.add_option("--limit", given->limit, "Seconds of processor time that one part may take (default 10)")
      ->check(CLI::Range(0.1, 3600.0));
  app.add_option("--isolation", given->isolation, "At least: process, seccomp, bubblewrap (default: the best there is)")
      ->check(CLI::IsMember({"auto", "process", "seccomp", "bubblewrap"}));
  app.footer("Exit codes: 0 all graded (whatever the points), 1 a submission could not be graded, 2 usage, 3 cannot\n"
             "isolate. docs/grading.md says more.");
  return [given, &common] {
    if (given->resume && given->results.empty()) refuse("--resume goes on with the file of --results FILE");
    return grade_all(common, *given);
  };
}

const Subcommand grade_command{"grade", "Grade submissions for a lab", &setup};

}  // namespace
}  // namespace syslab::program
