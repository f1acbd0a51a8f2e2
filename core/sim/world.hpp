// The world: one deterministic simulated cluster. It owns the clock, the hosts, the network, the faults, the
// random streams and the trace.
//
// The same program with the same seed gives the same trace digest, in any process and on any machine. Every
// consumer of randomness has a stream of its own, named after what it is (a link by its two nodes, a process
// by its node and incarnation), so adding one does not shift the others. Everything runs on one thread.
// Handlers run inside step() and the run functions and must not call them.
#pragma once

#include <csignal>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/assert.hpp"
#include "core/base/error.hpp"
#include "core/base/rng.hpp"
#include "core/base/time.hpp"
#include "core/observe/trace.hpp"
#include "core/sim/fault.hpp"
#include "core/sim/host.hpp"
#include "core/sim/load.hpp"
#include "core/sim/network.hpp"
#include "core/sim/scheduler.hpp"

namespace syslab {

struct WorldOptions {
  std::uint64_t seed = 1;
  std::size_t trace_keep = 200'000;
  LinkOptions link = {};
  DiskOptions disk = {};
  DistributionPtr zone_latency = nullptr;  // extra, one way, between different zones
  std::string replay_hint = {};            // the command that repeats this run, for failures
};

class World final : private FailureContext {
 public:
  explicit World(WorldOptions options = {});
  ~World() override;

  // Running. Requires of all but next(): not called from within a handler (running() is false).
  Instant now() const { return scheduler_.now(); }
  // The next event or fault action; false where there is none.
  bool step();
  // Everything up to `t`, `t` included; then it is `t`. Requires: t >= now().
  void run_until(Instant t);
  void run(Duration d) { run_until(saturating_add(now(), d)); }
  // Until the predicate holds, which is asked before every event: true. False where the limit is reached
  // (then it is `limit`) or nothing is left to happen.
  bool run_until(const std::function<bool()>& predicate, Instant limit = Instant::max());
  // Everything up to `t`, as above, unless the flag is set meanwhile (by a signal handler, by an event): then it stops
  // after the event that runs. Whether it came to its end.
  bool run_until(Instant t, const volatile std::sig_atomic_t& stop);
  bool running() const { return running_; }
  // When something will happen next.
  std::optional<Instant> next();

  // Hosts. Names are unique; the errors of all add functions are those of a bad name (conflict, unknown).
  Expected<NodeId> add_service(std::string name, ServiceOptions options = {});
  Expected<NodeId> add_node(std::string name, NodeFactory factory, NodeOptions options = {});
  Expected<NodeId> add_process(std::string name, ServiceFactory factory, ProcessOptions options = {});
  // A host that only asks: loads, scripts.
  Expected<NodeId> add_client(std::string name, HostOptions options = {});
  // `count` services NAME-1 .. NAME-count, which are also the group NAME.
  Expected<std::vector<NodeId>> add_fleet(const std::string& name, std::size_t count,
                                          const ServiceOptions& options = {});
  // The same of protocol nodes; `factory(i)` makes the factory of member i (from 0).
  Expected<std::vector<NodeId>> add_group(const std::string& name, std::size_t count,
                                          const std::function<NodeFactory(std::size_t)>& factory,
                                          const NodeOptions& options = {});
  // Makes a name for several nodes, for targets.
  Expected<bool> add_group(const std::string& name, std::vector<NodeId> members);
  Expected<Load*> add_load(std::string name, LoadOptions options);

  std::size_t node_count() const { return hosts_.size(); }
  // Requires: the node is of this world.
  Host& host(NodeId node) { return *hosts_[node.index]; }
  const Host& host(NodeId node) const { return *hosts_[node.index]; }
  Env& env(NodeId node) { return host(node); }
  const std::string& name_of(NodeId node) const { return host(node).name(); }
  // Errors: not_found, naming the nearest.
  Expected<NodeId> find(std::string_view name) const;
  // The members of a group, or the one node of that name; none if there is neither.
  std::vector<NodeId> members(std::string_view name) const;
  std::vector<std::string> zones() const;
  const std::vector<std::unique_ptr<Load>>& loads() const { return loads_; }
  // One map a node; see Host::show().
  Value show() const;

  // Faults (see fault.hpp).
  // Plans a fault, and its end after `lasting`.
  Expected<FaultId> at(Instant at, FaultPtr fault, std::optional<Duration> lasting = std::nullopt);
  // Now: before the next event of this instant if nothing has happened at it, else one nanosecond later. When
  // this returns outside of a run, it has happened.
  Expected<FaultId> inject(FaultPtr fault, std::optional<Duration> lasting = std::nullopt);
  // Takes a fault back, in the same way. Planned faults that have not begun never will.
  void heal(FaultId id);
  void heal_all();
  FaultTimeline& faults() { return faults_; }
  const FaultTimeline& faults() const { return faults_; }
  // Lua source of a function(w) that plans what the journal says with w:at and w:heal_at. In a world that is
  // built the same way from the same seed, but without faults of its own, it gives the same digest.
  std::string schedule_lua() const { return faults_.schedule_lua(); }

  // The digest of everything so far, 16 hexadecimal digits.
  std::string digest() const { return trace_.digest_hex(); }
  std::uint64_t seed() const { return options_.seed; }
  const WorldOptions& options() const { return options_; }
  // The random stream of a named consumer.
  Rng rng(std::string_view name) const { return rng_.split(name); }
  Trace& trace() { return trace_; }
  const Trace& trace() const { return trace_; }
  Network& network() { return network_; }
  const Network& network() const { return network_; }
  Scheduler& scheduler() { return scheduler_; }

  // For the parts of the world: records an event that happens now.
  void record(TraceEvent event);
  // Something was done at this instant from outside (a timer set, a load added): faults of this instant come
  // later.
  void touch() {
    if (!faults_.acting()) touched_ = now();
  }

  std::string describe() const override;

 private:
  Expected<NodeId> add_host(std::string name, HostOptions options, Host::Program program);
  bool step_before(Instant limit);
  Instant fault_instant() const;

  WorldOptions options_;
  Rng rng_;
  Scheduler scheduler_;
  Trace trace_;
  Network network_;
  FaultTimeline faults_;
  std::vector<std::unique_ptr<Host>> hosts_;
  std::map<std::string, NodeId, std::less<>> by_name_;
  std::map<std::string, std::vector<NodeId>, std::less<>> groups_;
  std::vector<std::unique_ptr<Load>> loads_;
  std::optional<Instant> touched_;  // the last instant at which something happened
  bool running_ = false;
};

}  // namespace syslab
