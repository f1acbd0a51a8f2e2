#include "bindings/program/nursery.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <vector>

#include "bindings/grade/remote_node.hpp"
#include "bindings/grade/student.hpp"
#include "bindings/grade/wire.hpp"
#include "bindings/host/lua_host.hpp"
#include "bindings/program/confine.hpp"
#include "bindings/program/subcommand.hpp"

namespace syslab::program {
namespace {

using grade::Trouble;
using Clock = std::chrono::steady_clock;

// What a nursery is asked.
constexpr char kSpawn = 's';  // body: milliseconds of processor time -> kWorker with the descriptor
constexpr char kBury = 'b';   // body: id -> kBuried, body: what it died of
constexpr char kUse = 'u';    // body: id -> kUsed, body: nanoseconds of processor time that it has taken
constexpr char kReady = 'r';
constexpr char kWorker = 'w';
constexpr char kBuried = 'd';
constexpr char kUsed = 't';

// The frames between grader and worker: a type, four bytes of length, the body.
constexpr char kRequest = 'q';
constexpr char kAnswer = 'a';
constexpr char kCallBack = 'c';   // the worker asks, within a request
constexpr char kCallBackAnswer = 'k';
constexpr char kConfined = 'y';   // the worker's first: body "s" with a system call filter, "p" without
constexpr std::size_t kFrameHeader = 5;
// Of one worker; all of it may end up in the check's memory.
constexpr std::size_t kMaxReceived = std::size_t{256} << 20;
constexpr std::size_t kMaxFrame = grade::kMaxMessageBytes + (std::size_t{1} << 20);

std::string frame(char type, std::string_view body) {
  std::string out(kFrameHeader, type);
  const auto size = static_cast<std::uint32_t>(body.size());
  std::memcpy(out.data() + 1, &size, sizeof size);
  return out.append(body);
}

// ---- inside a worker: reads and writes block, and a grader that is gone ends it

void write_frame(char type, std::string_view body) {
  const std::string bytes = frame(type, body);
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t wrote = write(kWorkerDescriptor, bytes.data() + at, bytes.size() - at);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) _exit(0);
    at += static_cast<std::size_t>(wrote);
  }
}

void read_bytes(char* into, std::size_t size) {
  while (size > 0) {
    const ssize_t got = read(kWorkerDescriptor, into, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) _exit(0);
    into += got;
    size -= static_cast<std::size_t>(got);
  }
}

std::string read_frame(char type) {
  char header[kFrameHeader];
  read_bytes(header, sizeof header);
  std::uint32_t size = 0;
  std::memcpy(&size, header + 1, sizeof size);
  if (header[0] != type || size > kMaxFrame) _exit(1);
  std::string body(size, '\0');
  read_bytes(body.data(), size);
  return body;
}

[[noreturn]] void work(int fd, std::chrono::milliseconds cpu) {
  write_frame(kConfined, confine(fd, cpu) ? "s" : "p");
  grade::Student student;
  const grade::Student::CallBack call_back = [](std::string_view question) {
    write_frame(kCallBack, question);
    return read_frame(kCallBackAnswer);
  };
  while (true) {
    const std::string request = read_frame(kRequest);
    std::string answer;
    try {
      answer = student.answer(request, call_back);
    } catch (const std::exception& e) {
      answer = grade::trouble(Trouble::error, e.what());
    }
    write_frame(kAnswer, answer);
  }
}

// ---- the nursery

void spawn_worker(Channel& channel, std::chrono::milliseconds cpu) {
  auto [ours, theirs] = Channel::make();
  const pid_t pid = ours.is_open() ? fork() : -1;
  if (pid == 0) {
    const int fd = dup(theirs.fd());  // without close-on-exec; confine() closes all others
    work(fd, cpu);
  }
  theirs.close();
  channel.send(kWorker, std::to_string(pid), pid > 0 ? ours.fd() : -1);
}

std::string bury_worker(pid_t pid) {
  kill(pid, SIGKILL);  // where it has died already, this does nothing until it is reaped
  int status = 0;
  pid_t buried;
  do {
    buried = waitpid(pid, &status, 0);
  } while (buried < 0 && errno == EINTR);
  if (buried != pid) return "unknown";
  if (WIFSIGNALED(status)) return fmt::format("signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
  return fmt::format("exit status {}", WEXITSTATUS(status));
}

// Nanoseconds.
long long time_of(clockid_t clock) {
  timespec time{};
  if (clock_gettime(clock, &time) != 0) return 0;
  return static_cast<long long>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

long long time_used(pid_t pid) {
  clockid_t clock = 0;
  return clock_getcpuclockid(pid, &clock) == 0 ? time_of(clock) : 0;
}

// The whole life of a nursery. Its memory holds the program and one Lua prelude.
int nurse(int fd) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  Channel channel(fd);
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  { const LuaHost warm(LuaOptions{.isolate = true}); }  // reads the prelude, which no worker can
  channel.send(kReady);
  while (const std::optional<Message> message = channel.receive()) {
    const int number = std::atoi(message->body.c_str());
    if (message->type == kSpawn) spawn_worker(channel, std::chrono::milliseconds(number));
    if (message->type == kBury && number > 0) channel.send(kBuried, bury_worker(number));
    if (message->type == kUse && number > 0) channel.send(kUsed, std::to_string(time_used(number)));
  }
  return 0;
}

std::function<int()> setup(CLI::App& app, const CommonOptions&) {
  app.group("");  // for syslab grade, not for people
  auto fd = std::make_shared<int>(-1);
  app.add_option("FD", *fd)->required();
  return [fd] { return nurse(*fd); };
}

const Subcommand nursery{"grade-nursery", "Runs the workers of syslab grade", &setup};

std::string program_path() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).string();
}

// ---- the grader's side of a worker

class WorkerPort final : public grade::StudentPort {
 public:
  WorkerPort(std::shared_ptr<Nursery> nursery, std::chrono::milliseconds limit)
      : nursery_(std::move(nursery)), limit_(limit) {
    const std::optional<Nursery::Worker> worker = nursery_->spawn(limit);
    if (!worker) {
      end(Trouble::gone, "before it began: no process could be started");
      return;
    }
    worker_ = *worker;
    fcntl(worker_.fd, F_SETFL, O_NONBLOCK);
    char type = 0;
    std::string level;
    if (receive(type, level) && (type != kConfined || (level != "s" && nursery_->isolation() >= Isolation::seccomp))) {
      end(Trouble::gone, "before it began: it could not be isolated");
    }
  }

  ~WorkerPort() override { close(Trouble::gone, "because it was ended"); }
  WorkerPort(const WorkerPort&) = delete;
  WorkerPort& operator=(const WorkerPort&) = delete;

  std::string ask(std::string request, const grade::Student::CallBack& call_back) override {
    if (over_.empty()) charge();
    if (!over_.empty() || !send(kRequest, request)) return over_;
    char type = 0;
    std::string body;
    while (receive(type, body)) {
      if (type == kAnswer && !body.empty()) return body;
      if (type != kCallBack || !call_back) {
        end(Trouble::gone, "because it sent what no worker sends");
        break;
      }
      try {
        body = call_back(body);
      } catch (const grade::WireError& e) {
        end(Trouble::gone, fmt::format("because it sent {}", e.what()));
        break;
      }
      if (!over_.empty() || !send(kCallBackAnswer, body)) break;
    }
    return over_;
  }

  char over() const override { return over_.size() > 1 ? over_[1] : '\0'; }

  void close(Trouble why, std::string_view text) override {
    if (over_.empty()) end(why, std::string(text));
  }

  NodeFactory node(const std::shared_ptr<grade::StudentPort>& self, IsolateOptions options) override {
    return grade::remote_node_factory(self, std::move(options));
  }

 private:
  using Milliseconds = std::chrono::milliseconds;
  // A machine that has more to do than it can gives a worker a part of its time only, which is not the submission's
  // fault. So the limit is on processor time, which the worker's own timer ends, and the clock is for a worker that is
  // waited for and does not compute: it is given up when it has got no further during one of these.
  Milliseconds patience() const { return std::max(Milliseconds(1000), limit_ / 2 + Milliseconds(250)); }
  // And for one that computes a little now and then, which is no work either.
  static constexpr int kMostTimesLimit = 20;

  std::string limit_text() const { return fmt::format("{:g} s", static_cast<double>(limit_.count()) / 1000); }

  // What the check itself takes counts, too: a submission can make it work, by messages without end or huge answers.
  void charge() {
    const long long ours = time_of(CLOCK_PROCESS_CPUTIME_ID) - began_;
    if (ours < look_at_) return;
    look_at_ = ours + 50'000'000;
    if (ours + nursery_->used(worker_.id) > std::chrono::nanoseconds(limit_).count()) end(Trouble::time, limit_text());
  }

  // Waits until the worker can be written to or read from; false when its time is over.
  bool wait(short what) {
    const Clock::time_point began = Clock::now();
    Clock::time_point look = began + patience();
    while (true) {
      const auto left = std::chrono::ceil<Milliseconds>(look - Clock::now()).count();
      pollfd waited{worker_.fd, what, 0};
      const int ready = poll(&waited, 1, static_cast<int>(std::max<long long>(left, 0)));
      if (ready > 0) {
        waited_ += Clock::now() - began;
        return true;
      }
      if (ready < 0 && errno != EINTR) {
        end(Trouble::gone, "and cannot be reached");
        return false;
      }
      if (Clock::now() < look) continue;
      const long long used = nursery_->used(worker_.id);
      if (used <= used_ || waited_ + (look - began) > kMostTimesLimit * std::max(limit_, patience())) {
        end(Trouble::time, limit_text());
        return false;
      }
      used_ = used;
      look += patience();
    }
  }

  bool send(char type, std::string_view body) {
    const std::string bytes = frame(type, body);
    for (std::size_t at = 0; at < bytes.size();) {
      const ssize_t wrote = ::send(worker_.fd, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
      if (wrote > 0) {
        at += static_cast<std::size_t>(wrote);
      } else if (wrote < 0 && (errno == EAGAIN || errno == EINTR)) {
        if (!wait(POLLOUT)) return false;
      } else {
        return died();
      }
    }
    return true;
  }

  bool read(char* into, std::size_t size) {
    while (size > 0) {
      const ssize_t got = ::recv(worker_.fd, into, size, 0);
      if (got > 0) {
        into += got;
        size -= static_cast<std::size_t>(got);
      } else if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        if (!wait(POLLIN)) return false;
      } else {
        return died();
      }
    }
    return true;
  }

  bool receive(char& type, std::string& body) {
    char header[kFrameHeader];
    if (!read(header, sizeof header)) return false;
    type = header[0];
    std::uint32_t size = 0;
    std::memcpy(&size, header + 1, sizeof size);
    if (size > kMaxFrame) {
      end(Trouble::gone, "because it sent too much");
      return false;
    }
    received_ += size;
    if (received_ > kMaxReceived) {
      end(Trouble::gone, "because it sent more than 256 MiB");
      return false;
    }
    body.resize(size);
    return read(body.data(), size);
  }

  bool died() {
    end(Trouble::gone, "");
    return false;
  }

  // Ends the worker and settles what every request is answered from now on; without a text, by what it died of.
  void end(Trouble kind, std::string text) {
    if (worker_.fd >= 0) {
      ::close(worker_.fd);
      worker_.fd = -1;
      const std::string cause = nursery_->bury(worker_.id);
      if (text.empty()) {
        if (cause.starts_with(fmt::format("signal {} ", SIGPROF))) {
          kind = Trouble::time;
          text = limit_text();
        } else {
          text = fmt::format("of {}", cause);
        }
      }
    }
    over_ = grade::trouble(kind, text);
  }

  std::shared_ptr<Nursery> nursery_;
  std::chrono::milliseconds limit_;
  const long long began_ = time_of(CLOCK_PROCESS_CPUTIME_ID);
  long long look_at_ = 50'000'000;
  Clock::duration waited_{};
  long long used_ = 0;  // processor time when it was last looked at
  Nursery::Worker worker_;
  std::size_t received_ = 0;
  std::string over_;  // not empty once nobody answers any more
};

}  // namespace

std::string_view to_string(Isolation isolation) {
  switch (isolation) {
    case Isolation::process:
      return "process";
    case Isolation::namespaces:
      return "bubblewrap";
    case Isolation::seccomp:
      return "seccomp";
    default:
      return "bubblewrap+seccomp";
  }
}

std::shared_ptr<Nursery> Nursery::launch(bool bubblewrap) {
  auto [ours, theirs] = Channel::make();
  if (!ours.is_open()) return nullptr;
  const int fd = dup(theirs.fd());  // survives the exec
  const std::string program = program_path();
  const std::string data = LuaHost::data_folder();
  const std::string number = std::to_string(fd);
  const std::string home = "SYSLAB_HOME=" + (bubblewrap ? std::string("/syslab") : data);
  const std::string prelude = data + "/lua/prelude.lua";
  std::vector<const char*> args;
  if (bubblewrap) {
    args = {"bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--dev", "/dev", "--ro-bind", "/usr",
            "/usr", "--ro-bind-try", "/lib", "/lib", "--ro-bind-try", "/lib64", "/lib64", "--ro-bind", prelude.c_str(),
            "/syslab/lua/prelude.lua", "--ro-bind", program.c_str(), "/syslab/program", "--chdir", "/",
            "/syslab/program"};
  } else {
    args = {program.c_str()};
  }
  args.insert(args.end(), {"grade-nursery", number.c_str(), nullptr});
  const char* const environment[] = {home.c_str(), "LC_ALL=C", nullptr};
  const pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int nowhere = open("/dev/null", O_RDWR);
    for (int standard = 0; standard <= 2 && nowhere >= 0; ++standard) dup2(nowhere, standard);
    if (chdir("/") != 0) _exit(127);
    if (bubblewrap) {
      for (const char* path : {"/usr/bin/bwrap", "/usr/local/bin/bwrap"}) {
        execve(path, const_cast<char* const*>(args.data()), const_cast<char* const*>(environment));
      }
    } else {
      execve(args[0], const_cast<char* const*>(args.data()), const_cast<char* const*>(environment));
    }
    _exit(127);
  }
  close(fd);
  theirs.close();
  if (pid < 0) return nullptr;
  std::shared_ptr<Nursery> nursery(new Nursery);
  nursery->pid_ = pid;
  nursery->channel_ = std::move(ours);
  constexpr int kStartMs = 10'000;
  if (nursery->channel_.wait(kStartMs) != Channel::Event::readable) return nullptr;
  const std::optional<Message> ready = nursery->channel_.receive();
  if (!ready || ready->type != kReady) return nullptr;
  // What a worker says of itself before it runs anything.
  const std::optional<Worker> trial = nursery->spawn(std::chrono::seconds(1));
  if (!trial) return nullptr;
  char said[kFrameHeader + 1] = {};
  const bool filtered = recv(trial->fd, said, sizeof said, MSG_WAITALL) == sizeof said && said[kFrameHeader] == 's';
  close(trial->fd);
  nursery->bury(trial->id);
  nursery->isolation_ = filtered ? bubblewrap ? Isolation::bubblewrap : Isolation::seccomp
                                 : bubblewrap ? Isolation::namespaces : Isolation::process;
  return nursery;
}

std::shared_ptr<Nursery> Nursery::start(std::optional<Isolation> wanted, std::string& why) {
  std::shared_ptr<Nursery> best;
  if (!wanted || *wanted == Isolation::bubblewrap) best = launch(true);
  if (best == nullptr) {
    if (wanted && *wanted == Isolation::bubblewrap) {
      why = "bubblewrap is not installed, or namespaces are not allowed here";
      return nullptr;
    }
    best = launch(false);
  }
  if (best == nullptr) why = "no worker process can be started";
  if (best != nullptr && wanted && best->isolation_ < *wanted) {
    why = "the kernel offers no system call filter";
    return nullptr;
  }
  return best;
}

bool wait_for_end(pid_t pid, std::chrono::milliseconds patience) {
  const Clock::time_point end = Clock::now() + patience;
  while (true) {
    int status = 0;
    const pid_t ended = waitpid(pid, &status, WNOHANG);
    if (ended == pid || (ended < 0 && errno != EINTR)) return true;
    if (Clock::now() > end) return false;
    constexpr timespec kPause{0, 1'000'000};
    nanosleep(&kPause, nullptr);
  }
}

Nursery::~Nursery() {
  channel_.close();  // at which it ends, and what it and its workers took can be accounted for
  if (pid_ <= 0 || wait_for_end(pid_, std::chrono::seconds(2))) return;
  kill(pid_, SIGKILL);
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
}

std::optional<Nursery::Worker> Nursery::spawn(std::chrono::milliseconds cpu) {
  if (!channel_.send(kSpawn, std::to_string(cpu.count()))) return std::nullopt;
  const std::optional<Message> reply = channel_.receive();
  if (!reply || reply->type != kWorker || reply->fd < 0) return std::nullopt;
  return Worker{reply->fd, std::atoi(reply->body.c_str())};
}

long long Nursery::used(int id) {
  if (!channel_.send(kUse, std::to_string(id))) return 0;
  const std::optional<Message> reply = channel_.receive();
  return reply && reply->type == kUsed ? std::atoll(reply->body.c_str()) : 0;
}

std::string Nursery::bury(int id) {
  if (!channel_.send(kBury, std::to_string(id))) return "unknown";
  const std::optional<Message> reply = channel_.receive();
  return reply ? reply->body : "unknown";
}

std::shared_ptr<grade::StudentPort> make_worker_port(std::shared_ptr<Nursery> nursery,
                                                     std::chrono::milliseconds limit) {
  return std::make_shared<WorkerPort>(std::move(nursery), limit);
}

}  // namespace syslab::program
