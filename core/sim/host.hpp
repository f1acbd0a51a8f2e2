// A host: one simulated machine with one process on it, and the Env that the process sees.
//
// The process is a Node or a Service (a station, a balancer, ...), made by its factory at every start.
// Between two starts nothing of it survives but the disk: a crash destroys the object, its timers, its
// pending calls, its queue and the requests it holds, and handlers of a dead incarnation never run.
//
//   crash    the process dies. Whoever waits for a reply gets connection_reset over the network; new requests
//   get
//            connection_refused; other messages are lost.
//   power    the machine dies with it: no resets, no refusals, messages vanish.
//   stop     orderly: a node gets on_stop and ends at once. A service refuses new requests and those that
//   wait in its
//            queue, finishes those it serves, and ends when they are done or after 10 s. The disk is synced.
//   pause    nothing runs: messages, timers and disk completions wait, in order, until resume. Work that ends
//            meanwhile is noticed at resume. Pauses nest; a crash ends what waits, not the pause.
//   slow     service times and node handling times are stretched; what is under way keeps its pace.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/distribution.hpp"
#include "core/observe/metrics.hpp"
#include "core/observe/trace.hpp"
#include "core/runtime/env.hpp"
#include "core/runtime/node.hpp"
#include "core/runtime/service.hpp"
#include "core/sim/clock.hpp"
#include "core/sim/disk.hpp"
#include "core/sim/factors.hpp"
#include "core/sim/station.hpp"

namespace syslab {

class World;

// Makes the service that a process runs; called at every start, with the Env of the process.
using ServiceFactory = std::function<ServicePtr(Env& env)>;

// What every kind of host has. The kind is for pictures: "service", "member", "balancer", "node", "load",
// "clients".
struct HostOptions {
  std::string zone = {};
  std::string kind = {};
  std::optional<DiskOptions> disk = std::nullopt;  // none: the world's
  std::vector<NodeId> targets = {};                // whom it will call, for pictures
};

struct ServiceOptions {
  DistributionPtr time = nullptr;  // service time; null: none
  std::size_t slots = 1;
  std::optional<std::size_t> queue_limit = std::nullopt;
  std::vector<NodeId> calls = {};  // downstream, called one after the other
  std::optional<Duration> call_timeout = std::chrono::seconds(1);
  std::vector<Filter> filters = {};  // the first is the outermost
  ServiceFactory handler = nullptr;
  HostOptions host = {};
};

struct NodeOptions {
  DistributionPtr time = nullptr;  // to handle one message; null: none. Messages are handled one at a time.
  HostOptions host = {};
};

struct ProcessOptions {
  std::vector<Filter> filters = {};
  HostOptions host = {};
};

class Host final : public Env {
 public:
  // What the host runs. One of the factories is set, or none: a client.
  struct Program {
    NodeFactory node;
    ServiceFactory service;
    std::vector<Filter> filters;
    std::optional<ServiceOptions> station;
    DistributionPtr handling_time;
  };
  enum class State : std::uint8_t { down, up, stopping };

  Host(World& world, NodeId id, std::string name, HostOptions options, Program program);
  ~Host() override;

  // Env
  NodeId self() const override { return id_; }
  const std::string& name_of(NodeId node) const override;
  Expected<NodeId> find(std::string_view name) const override;
  Instant now() const override;
  Instant wall_now() const override;
  TimerId after(Duration delay, std::function<void()> action) override;
  TimerId work(Duration time, std::function<void()> action) override;
  bool cancel(TimerId timer) override;
  void send(NodeId to, std::string type, Value body) override;
  void call(NodeId to, Request request, std::optional<Duration> timeout, Reply reply) override;
  Storage& disk() override { return disk_; }
  Rng& rng() override { return rng_; }
  Metrics& metrics() override { return metrics_; }
  void log(std::string_view text, Value fields = {}) override;

  const std::string& name() const { return name_; }
  const std::string& zone() const { return options_.zone; }
  const std::string& kind() const { return options_.kind; }
  const std::vector<NodeId>& targets() const { return options_.targets; }
  // Whether its program is a protocol node.
  bool runs_node() const { return program_.node != nullptr; }
  State state() const { return state_; }
  bool up() const { return state_ != State::down; }
  bool paused() const { return pauses_ > 0; }
  bool powered() const { return powered_; }
  std::uint32_t incarnation() const { return incarnation_; }
  // The process; null where the host is down or runs something else. They die at the next crash.
  Node* node() const { return node_.get(); }
  Service* service() const { return service_.get(); }
  Station* station() const { return station_.get(); }
  Disk& storage() { return disk_; }
  NodeClock& clock() { return clock_; }
  const NodeClock& clock() const { return clock_; }
  World& world() { return world_; }

  // name, kind, zone, state ("up", "paused", "slow", "down", "off", "stopping"), what the process shows of
  // itself, and requests held, calls pending, disk bytes.
  Value show() const;

  // The verbs of process faults. Each says whether it changed anything.
  bool crash(CrashDisk disk, bool power_off, Rng& rng, Value reason = {});
  bool stop();
  bool start();  // also switches the machine on
  // Before the first handler of the process has run: takes it away again, as if it had not been started.
  bool call_off_start();
  void pause();
  void resume();
  void set_slow(double factor, bool on);
  // Changes the rate of the clock by so many parts per billion and moves the pending timers accordingly.
  // Changes add up, within +-5e8; where they are all taken back, the wall clock is put right as well.
  void add_drift(std::int64_t drift_ppb);

  // The handler that runs now has failed (a script raised an error): the process crashes as soon as it
  // returns.
  void fail_soon(std::string reason);

  // For the parts of a host. An action after a time of the world, which dies with the process.
  TimerId after_world_time(Duration delay, std::function<void()> action);
  Instant world_now() const;
  // A message has arrived.
  void deliver(Message message);

 private:
  struct Timer {
    Host* host = nullptr;
    std::function<void()> action;
    TimerId event;
    Instant due;  // on the monotonic clock
    std::uint64_t order = 0;
    std::uint32_t index = 0;
    std::uint32_t generation = 1;
    std::uint32_t next_free = 0;
    bool live = false;
    bool world_time = false;
  };
  struct PendingCall {
    Reply reply;
    TimerId timer;
    std::uint32_t generation = 1;
    std::uint32_t next_free = 0;
    bool live = false;
  };
  struct HeldRequest {  // taken and not yet answered
    NodeId from;
    std::uint64_t call = 0;
    std::string type;
    std::uint32_t generation = 1;
    std::uint32_t next_free = 0;
    bool live = false;
  };
  struct Waiting {  // for the end of a pause, or for its turn
    enum class Kind : std::uint8_t { message, timer, start, stop } kind;
    Message message = {};
    TimerId timer = {};
  };
  friend struct HeldReply;

  static constexpr std::uint32_t kNone = ~0u;
  template <class Slots>
  static std::uint32_t take_slot(Slots& slots, std::uint32_t& free);
  template <class Slot>
  static void free_slot(Slot& slot, std::uint32_t index, std::uint32_t& free);

  TimerId add_timer(Duration delay, bool world_time, std::function<void()> action);
  Duration stretched(Duration time) const;  // by how slow this host is
  static void timer_is_due(void* context);
  void fire(TimerId timer);
  bool must_wait() const { return pauses_ > 0 || !waiting_.empty(); }
  void wait(Waiting item);
  void process_soon();
  void process_waiting();
  void process(Message message);
  void handle_later(std::function<void()> handler);
  void take_request(Message message);
  void take_result(Message message);
  void end_call(std::uint64_t call, Result result);
  void answer(std::uint64_t handle, Result result);
  void refuse(const Message& message, std::string_view code, std::string text);
  void send_result(NodeId to, std::string type, std::uint64_t call, Result result);
  void launch();
  void destroy_process();
  void stop_now();
  void finish_stop();
  void record(TraceEvent::Kind kind, Value detail = {});

  World& world_;
  NodeId id_;
  std::string name_;
  HostOptions options_;
  Program program_;
  NodeClock clock_;
  Rng rng_;
  Rng handling_rng_;
  Disk disk_;
  Metrics metrics_;

  State state_ = State::down;
  bool powered_ = true;
  bool started_before_ = false;
  bool failing_ = false;
  int pauses_ = 0;
  Factors slowness_;
  std::int64_t drift_ppb_ = 0;
  std::uint32_t incarnation_ = 0;
  std::unique_ptr<Node> node_;
  ServicePtr service_;
  std::shared_ptr<Station> station_;
  Instant handling_until_;  // a node with a handling time is busy until then

  std::deque<Timer> timers_;  // stable addresses: the scheduler points to them
  std::uint32_t free_timer_ = kNone;
  std::uint64_t timer_order_ = 0;
  std::vector<PendingCall> calls_;
  std::uint32_t free_call_ = kNone;
  std::size_t calls_pending_ = 0;
  std::vector<HeldRequest> held_;
  std::uint32_t free_held_ = kNone;
  std::size_t requests_held_ = 0;
  std::deque<Waiting> waiting_;
  bool processing_scheduled_ = false;
  TimerId stop_event_;
};

}  // namespace syslab
