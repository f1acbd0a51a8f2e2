// Queues against a bare std::deque of the same bodies, which can neither hide nor give back nor expire
// anything. One operation is a send, a receive and a delete. The rows at a million differ from those at a
// thousand in what lies waiting meanwhile.
#include <deque>
#include <memory>
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
const RatioRow fifo_depth("fifo queue, 1000 groups, 1M waiting against 1k waiting", 0.6, [](RatioRun& run) {
  QueueOptions o;
  o.ordering = Ordering::fifo;
  o.dedup_window = 100ms;
  Churn deep(o, 1000000, 1000), shallow(o, 1000, 1000);
  run.compare(
      kOperations, [&] { deep.run(); }, [&] { shallow.run(); });
});

}  // namespace
}  // namespace syslab::bench
