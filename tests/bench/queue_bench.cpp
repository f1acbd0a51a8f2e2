// Queues against a bare std::deque of the same bodies, which can neither hide nor give back nor expire
// anything. One operation is a send, a receive and a delete. The rows at a million differ from those at a
// thousand in what lies waiting meanwhile.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "core/queue/message_queue.hpp"
#include "tests/bench/ratio.hpp"

namespace syslab::bench {
namespace {

using namespace std::chrono_literals;

constexpr int kOperations = 300000;

// One message goes in at the back, and the one at the front is received and deleted.
struct Churn {
  MessageQueue queue;
  std::vector<std::string> groups;
  std::vector<Received> got = {};
  Instant now{};
  std::size_t next = 0;

  Churn(QueueOptions options, std::size_t waiting, std::size_t group_count) : queue(std::move(options)) {
    for (std::size_t i = 0; i < group_count; ++i) groups.push_back(std::to_string(i));
    for (std::size_t i = 0; i < waiting; ++i) send();
  }
  void send() {
    Outgoing m;
    m.body = body();
    if (!groups.empty()) {
      m.group = groups[next++ % groups.size()];
      m.dedup = std::to_string(next);
    }
    (void)queue.send(now += 1us, std::move(m));
  }
  static Value body() { return Value(std::string_view("0123456789abcdef0123456789abcdef")); }
  void run() {
    for (int i = 0; i < kOperations; ++i) {
      send();
      got.clear();
      (void)queue.receive(now += 1us, 1, std::nullopt, got);
      (void)queue.remove(now += 1us, got[0].receipt);
    }
  }
};

void compare(RatioRun& run, Ordering ordering, std::size_t waiting, std::size_t groups) {
  QueueOptions o;
  o.ordering = ordering;
  o.dedup_window = 100ms;
  Churn churn(o, waiting, groups);
  std::deque<std::string> reference;
  for (std::size_t i = 0; i < waiting; ++i) reference.emplace_back("0123456789abcdef0123456789abcdef");
  std::size_t bytes = 0;
  run.compare(
      kOperations, [&] { churn.run(); },
      [&] {
        for (int i = 0; i < kOperations; ++i) {
          reference.emplace_back("0123456789abcdef0123456789abcdef");
          const std::string body = std::move(reference.front());
          bytes += body.size();
          reference.pop_front();
        }
      });
  benchmark::DoNotOptimize(bytes);
}

const RatioRow small("standard queue, send + receive + delete, 1k waiting, against a bare deque", 0.15,
                     [](RatioRun& run) { compare(run, Ordering::standard, 1000, 0); });
const RatioRow large("standard queue, send + receive + delete, 1M waiting, against a bare deque", 0.15,
                     [](RatioRun& run) { compare(run, Ordering::standard, 1000000, 0); });
const RatioRow fifo("fifo queue, 1000 groups, dedup ids, 1k waiting, against a bare deque", 0.03,
                    [](RatioRun& run) { compare(run, Ordering::fifo, 1000, 1000); });

// The same work at both sizes: the ratio says what a million waiting messages cost.
const RatioRow depth("standard queue, 1M waiting against 1k waiting", 0.8, [](RatioRun& run) {
  Churn deep({}, 1000000, 0), shallow({}, 1000, 0);
  run.compare(
      kOperations, [&] { deep.run(); }, [&] { shallow.run(); });
});
const RatioRow fifo_depth("fifo queue, 100 groups, 1M waiting against 1k waiting", 0.8, [](RatioRun& run) {
  QueueOptions o;
  o.ordering = Ordering::fifo;
  o.dedup_window = 100ms;
  Churn deep(o, 1000000, 100), shallow(o, 1000, 100);
  run.compare(
      kOperations, [&] { deep.run(); }, [&] { shallow.run(); });
});

// A redis server of our own, for as long as the row runs.
class Redis {
 public:
  Redis() {
    run("redis-server --port " + port_ + " --bind 127.0.0.1 --save '' --appendonly no --daemonize yes");
    for (int i = 0; i < 50 && !up_; ++i) {
      up_ = run("redis-cli -p " + port_ + " ping").starts_with("PONG");
      if (!up_) usleep(100'000);
    }
  }
  ~Redis() {
    if (up_) run("redis-cli -p " + port_ + " shutdown nosave");
  }
  bool up() const { return up_; }
  // What redis-benchmark says of a LPUSH and a RPOP, one after the other: pairs a second. 50 connections with
  // 50 commands under way each, 32 bytes.
  double pairs() const {
    const std::string csv =
        run("redis-benchmark -p " + port_ + " -c 50 -P 50 -n 500000 -d 32 -t lpush,rpop --csv");
    const auto rate = [&](const std::string& name) {
      const std::size_t at = csv.find("\"" + name + "\",\"");
      return at == csv.npos ? 0.0 : std::strtod(csv.c_str() + at + name.size() + 4, nullptr);
    };
    const double push = rate("LPUSH"), pop = rate("RPOP");
    return push > 0 && pop > 0 ? 1 / (1 / push + 1 / pop) : 0;
  }

 private:
  static std::string run(const std::string& command) {
    std::string text;
    std::FILE* out = popen((command + " 2>/dev/null").c_str(), "r");
    if (out == nullptr) return text;
    for (int c; (c = std::fgetc(out)) != EOF;) text += static_cast<char>(c);
    pclose(out);
    return text;
  }

  const std::string port_ = std::to_string(20000 + getpid() % 20000);
  bool up_ = false;
};

// In the same process, against redis with its network and parsing, which is what a queue usually costs.
const RatioRow redis("standard queue, send + receive + delete, against redis-benchmark LPUSH + RPOP", 10,
                     [](RatioRun& run) {
                       const Redis server;
                       if (!server.up()) {
                         std::fprintf(stderr,
                                      "redis is missing (redis-server, redis-tools): no row for it\n");
                         return;
                       }
                       Churn churn({}, 1000, 0);
                       churn.run();
                       std::vector<double> ours, theirs;
                       for (int i = 0; i < 5; ++i) {
                         const auto start = std::chrono::steady_clock::now();
                         churn.run();
                         const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
                         ours.push_back(kOperations / took.count());
                         theirs.push_back(server.pairs());
                       }
                       std::sort(ours.begin(), ours.end());
                       std::sort(theirs.begin(), theirs.end());
                       run.ours_per_second = ours[2];
                       run.reference_per_second = theirs[2];
                     });

}  // namespace
}  // namespace syslab::bench
