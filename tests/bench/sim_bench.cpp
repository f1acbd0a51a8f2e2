// The scheduler under the hold model: N events pending; each step runs the earliest, which schedules one an exponential
// gap later. References: a bare std::priority_queue loop, and a bare radix heap without cancellation or peeking.
#include <bit>
#include <cstdint>
#include <queue>
#include <vector>

#include "core/base/distribution.hpp"
#include "core/base/rng.hpp"
#include "core/sim/scheduler.hpp"
#include "core/sim/world.hpp"
#include "tests/bench/ratio.hpp"

namespace syslab::bench {
namespace {

constexpr std::size_t kGaps = 1 << 20;

class Gaps {
 public:
  Gaps() {
    Rng rng(1);
    const DistributionPtr gap = make_exponential({1.0});
    for (std::uint64_t& g : gaps_) g = static_cast<std::uint64_t>(sample_duration(*gap, rng).count());
  }
  std::uint64_t next() { return gaps_[at_++ & (kGaps - 1)]; }

 private:
  std::vector<std::uint64_t> gaps_ = std::vector<std::uint64_t>(kGaps);
  std::size_t at_ = 0;
};

using Action = void (*)(void*);
void count_up(void* context) {
  ++*static_cast<std::uint64_t*>(context);
}

class BareQueue {
 public:
  void push(std::uint64_t t) { queue_.push({t, order_++, count_up, &fired_}); }
  void step() {
    const Event event = queue_.top();
    queue_.pop();
    event.action(event.context);
    push(event.time + gaps_.next());
  }
  void fill(std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) push(gaps_.next());
  }

 private:
  struct Event {
    std::uint64_t time, order;
    Action action;
    void* context;
  };
  struct Later {
    bool operator()(const Event& a, const Event& b) const {
      return a.time != b.time ? a.time > b.time : a.order > b.order;
    }
  };
  Gaps gaps_;
  std::priority_queue<Event, std::vector<Event>, Later> queue_;
  std::uint64_t order_ = 0;
  std::uint64_t fired_ = 0;
};

class BareRadix {
 public:
  void push(std::uint64_t t) {
    const std::uint32_t slot = take();
    slots_[slot] = {count_up, &fired_};
    buckets_[bucket(t ^ last_)].push_back({t, slot});
  }
  void step() {
    if (head_ == buckets_[0].size()) {
      buckets_[0].clear();
      head_ = 0;
      int i = 1;
      while (buckets_[i].empty()) ++i;
      std::uint64_t least = UINT64_MAX;
      for (const Key& key : buckets_[i]) least = std::min(least, key.time);
      last_ = least;
      for (const Key& key : buckets_[i]) buckets_[bucket(key.time ^ least)].push_back(key);
      buckets_[i].clear();
    }
    const Key key = buckets_[0][head_++];
    const Slot slot = slots_[key.slot];
    free_.push_back(key.slot);
    slot.action(slot.context);
    push(key.time + gaps_.next());
  }
  void fill(std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) push(gaps_.next());
  }

 private:
  struct Key {
    std::uint64_t time;
    std::uint32_t slot;
  };
  struct Slot {
    Action action;
    void* context;
  };
  static std::size_t bucket(std::uint64_t x) { return static_cast<std::size_t>(std::bit_width(x)); }
  std::uint32_t take() {
    if (free_.empty()) {
      slots_.emplace_back();
      return static_cast<std::uint32_t>(slots_.size() - 1);
    }
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    return slot;
  }
  Gaps gaps_;
  std::vector<Key> buckets_[65];
  std::uint64_t last_ = 0;
  std::size_t head_ = 0;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::uint64_t fired_ = 0;
};

class Ours {
 public:
  void fill(std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) again();
  }
  void step() { scheduler_.step(); }

 private:
  void again() {
    const Action action = [](void* context) {
      auto* self = static_cast<Ours*>(context);
      ++self->fired_;
      self->again();
    };
    const Duration gap(static_cast<std::int64_t>(gaps_.next()));
    scheduler_.schedule(scheduler_.now() + gap, action, this);
  }
  Gaps gaps_;
  Scheduler scheduler_;
  std::uint64_t fired_ = 0;
};

template <class Reference>
std::function<void(RatioRun&)> hold(std::size_t pending) {
  return [pending](RatioRun& run) {
    Ours ours;
    Reference reference;
    ours.fill(pending);
    reference.fill(pending);
    const std::size_t settle = 2 * pending;
    for (std::size_t i = 0; i < settle; ++i) {
      ours.step();
      reference.step();
    }
    const std::size_t steps = 500'000;
    run.compare(
        static_cast<double>(steps),
        [&] {
          for (std::size_t i = 0; i < steps; ++i) ours.step();
        },
        [&] {
          for (std::size_t i = 0; i < steps; ++i) reference.step();
        });
  };
}

// A request through the whole world (client, two messages, a station, a timeout, the trace) against one hold step a
// scheduler event it needs (4: two arrivals, the service time, the next request).
void whole_world(RatioRun& run) {
  World world({.seed = 1, .trace_keep = 10'000});
  ServiceOptions server;
  server.time = make_exponential({0.001});
  server.slots = 4;
  const NodeId id = *world.add_service("server", server);
  LoadOptions options;
  options.to = id;
  options.rate = 2000;
  Load* load = *world.add_load("load", options);
  BareQueue reference;
  reference.fill(1000);
  world.run(std::chrono::seconds(1));
  const double requests = 2000 * 10;
  run.compare(
      requests, [&] { world.run(std::chrono::seconds(10)); }, requests,
      [&] {
        for (int i = 0; i < 4 * 2000 * 10; ++i) reference.step();
      });
  benchmark::DoNotOptimize(load->ok());
}

const RatioRow hold_1k("scheduler hold 1k vs priority_queue", 0.8, hold<BareQueue>(1000));
const RatioRow hold_100k("scheduler hold 100k vs priority_queue", 1.5, hold<BareQueue>(100'000));
const RatioRow hold_1m("scheduler hold 1M vs priority_queue", 1.5, hold<BareQueue>(1'000'000));
const RatioRow radix_1k("scheduler hold 1k vs bare radix heap", 0.8, hold<BareRadix>(1000));
const RatioRow radix_100k("scheduler hold 100k vs bare radix heap", 0.8, hold<BareRadix>(100'000));
const RatioRow radix_1m("scheduler hold 1M vs bare radix heap", 0.8, hold<BareRadix>(1'000'000));
const RatioRow world_request("world request vs 4 priority_queue events", 0.15, whole_world);

}  // namespace
}  // namespace syslab::bench
