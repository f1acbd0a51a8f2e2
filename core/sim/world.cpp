#include "core/sim/world.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/nearest.hpp"
#include "core/sim/target.hpp"

namespace syslab {
namespace {

constexpr Duration kTick{1};

// Whatever happens in a run, the flag is taken back: also where a script's error passes through.
class Running {
 public:
  explicit Running(bool& flag) : flag_(flag) {
    SYSLAB_ASSERT(!flag_);
    flag_ = true;
  }
  ~Running() { flag_ = false; }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  bool& flag_;
};

}  // namespace

World::World(WorldOptions options)
    : options_(std::move(options)),
      rng_(options_.seed),
      trace_(options_.trace_keep),
      network_(*this, options_.link, rng_.split("network")),
      faults_(*this, rng_.split("faults")) {
  if (options_.zone_latency) network_.set_zone_latency(options_.zone_latency);
}

// Reply handlers and timers may hold things that look at their host, so hosts go one by one while the world
// is whole.
World::~World() {
  loads_.clear();
  hosts_.clear();
}

// One event or fault action that is due up to `limit`.
bool World::step_before(Instant limit) {
  const Instant fault_at = faults_.next();
  if (fault_at > limit || fault_at == Instant::max()) {
    if (!scheduler_.step(limit)) return false;
  } else if (!(fault_at > now() && scheduler_.step(fault_at - kTick))) {
    scheduler_.advance_to(fault_at);
    faults_.run_next();
    return true;
  }
  touched_ = scheduler_.now();
  return true;
}

bool World::step() {
  const Running running(running_);
  return step_before(Instant::max());
}

void World::run_until(Instant t) {
  SYSLAB_ASSERT(t >= now());
  const Running running(running_);
  while (step_before(t)) {
  }
  scheduler_.advance_to(t);
}

bool World::run_until(Instant t, const volatile std::sig_atomic_t& stop) {
  SYSLAB_ASSERT(t >= now());
  const Running running(running_);
  do {
    if (stop != 0) return false;
  } while (step_before(t));
  // Where nothing is left to happen before the end of time, time stays where it is.
  if (t != Instant::max()) scheduler_.advance_to(t);
  return true;
}

bool World::run_until(const std::function<bool()>& predicate, Instant limit) {
  const Running running(running_);
  for (;;) {
    if (predicate()) return true;
    if (!step_before(limit)) break;
  }
  if (limit != Instant::max()) scheduler_.advance_to(limit);
  return false;
}

std::optional<Instant> World::next() {
  const std::optional<Instant> event = scheduler_.next();
  const Instant fault = faults_.next();
  if (fault == Instant::max()) return event;
  return event ? std::min(*event, fault) : fault;
}

Expected<NodeId> World::add_host(std::string name, HostOptions options, Host::Program program) {
  if (name.empty()) return make_error("unknown", "a node needs a name");
  if (Target::is_reserved(name)) {
    return make_error("unknown",
                      "a node cannot be called '" + name + "': faults use this word to pick targets");
  }
  if (by_name_.contains(name) || groups_.contains(name)) {
    return make_error("conflict", "there is a node '" + name + "' in this world already");
  }
  const NodeId id{static_cast<std::uint32_t>(hosts_.size())};
  by_name_.emplace(name, id);
  hosts_.push_back(
      std::make_unique<Host>(*this, id, std::move(name), std::move(options), std::move(program)));
  hosts_.back()->start();
  return id;
}

Expected<NodeId> World::add_service(std::string name, ServiceOptions options) {
  HostOptions host = options.host;
  if (host.kind.empty()) host.kind = "service";
  if (host.targets.empty()) host.targets = options.calls;
  Host::Program program;
  program.filters = options.filters;
  program.station = std::move(options);
  return add_host(std::move(name), std::move(host), std::move(program));
}

Expected<NodeId> World::add_node(std::string name, NodeFactory factory, NodeOptions options) {
  HostOptions host = std::move(options.host);
  if (host.kind.empty()) host.kind = "node";
  Host::Program program;
  program.node = std::move(factory);
  program.handling_time = std::move(options.time);
  return add_host(std::move(name), std::move(host), std::move(program));
}

Expected<NodeId> World::add_process(std::string name, ServiceFactory factory, ProcessOptions options) {
  HostOptions host = std::move(options.host);
  if (host.kind.empty()) host.kind = "service";
  Host::Program program;
  program.service = std::move(factory);
  program.filters = std::move(options.filters);
  return add_host(std::move(name), std::move(host), std::move(program));
}

Expected<NodeId> World::add_client(std::string name, HostOptions options) {
  if (options.kind.empty()) options.kind = "clients";
  return add_host(std::move(name), std::move(options), {});
}

Expected<std::vector<NodeId>> World::add_fleet(const std::string& name, std::size_t count,
                                               const ServiceOptions& options) {
  std::vector<NodeId> members;
  for (std::size_t i = 1; i <= count; ++i) {
    Expected<NodeId> member = add_service(fmt::format("{}-{}", name, i), options);
    if (!member) return member.error();
    members.push_back(*member);
  }
  if (Expected<bool> added = add_group(name, members); !added) return added.error();
  return members;
}

Expected<std::vector<NodeId>> World::add_group(const std::string& name, std::size_t count,
                                               const std::function<NodeFactory(std::size_t)>& factory,
                                               const NodeOptions& options) {
  std::vector<NodeId> members;
  for (std::size_t i = 0; i < count; ++i) {
    NodeOptions member_options = options;
    if (member_options.host.kind.empty()) member_options.host.kind = "member";
    Expected<NodeId> member =
        add_node(fmt::format("{}-{}", name, i + 1), factory(i), std::move(member_options));
    if (!member) return member.error();
    members.push_back(*member);
  }
  if (Expected<bool> added = add_group(name, members); !added) return added.error();
  return members;
}

Expected<bool> World::add_group(const std::string& name, std::vector<NodeId> members) {
  if (name.empty() || Target::is_reserved(name)) {
    return make_error("unknown", "a group cannot be called '" + name + "'");
  }
  if (by_name_.contains(name) || groups_.contains(name)) {
    return make_error("conflict", "there is a node or group '" + name + "' in this world already");
  }
  groups_.emplace(name, std::move(members));
  return true;
}

Expected<Load*> World::add_load(std::string name, LoadOptions options) {
  HostOptions host;
  host.kind = options.rate > 0 || !options.rates.empty() ? "load" : "clients";
  host.zone = options.zone;
  host.targets = {options.to};
  Expected<NodeId> self = add_host(std::move(name), std::move(host), {});
  if (!self) return self.error();
  loads_.push_back(std::make_unique<Load>(*this, *self, std::move(options)));
  return loads_.back().get();
}

Expected<NodeId> World::find(std::string_view name) const {
  if (const auto found = by_name_.find(name); found != by_name_.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& host : hosts_) names.push_back(host->name());
  return make_error("not_found",
                    "no node '" + std::string(name) + "' in this world" + did_you_mean(name, names));
}

std::vector<NodeId> World::members(std::string_view name) const {
  if (const auto found = groups_.find(name); found != groups_.end()) return found->second;
  if (const auto found = by_name_.find(name); found != by_name_.end()) return {found->second};
  return {};
}

std::vector<std::string> World::zones() const {
  std::vector<std::string> zones;
  for (const auto& host : hosts_) {
    if (!host->zone().empty()) zones.push_back(host->zone());
  }
  std::sort(zones.begin(), zones.end());
  zones.erase(std::unique(zones.begin(), zones.end()), zones.end());
  return zones;
}

Value World::show() const {
  Value::Map nodes;
  for (const auto& host : hosts_) nodes.emplace_back(host->name(), host->show());
  return Value::map(std::move(nodes));
}

// The first instant whose fault actions still come before everything that has happened.
Instant World::fault_instant() const {
  const bool in_handler = running_ && !faults_.acting();
  return in_handler || touched_ == now() ? now() + kTick : now();
}

Expected<FaultId> World::at(Instant at, FaultPtr fault, std::optional<Duration> lasting) {
  if (at == now()) at = fault_instant();
  return faults_.at(at, std::move(fault), lasting);
}

Expected<FaultId> World::inject(FaultPtr fault, std::optional<Duration> lasting) {
  const Instant at = fault_instant();
  Expected<FaultId> id = faults_.at(at, std::move(fault), lasting);
  if (id && !running_) {
    const Running running(running_);
    while (faults_.next() <= at && step_before(at)) {
    }
  }
  return id;
}

void World::heal(FaultId id) {
  const Instant at = fault_instant();
  faults_.heal_at(at, id);
  if (running_) return;
  const Running running(running_);
  while (faults_.next() <= at && step_before(at)) {
  }
}

void World::heal_all() {
  const Instant at = fault_instant();
  faults_.heal_all_at(at);
  if (running_) return;
  const Running running(running_);
  while (faults_.next() <= at && step_before(at)) {
  }
}

void World::record(TraceEvent event) {
  event.at = now();
  touch();
  trace_.record(std::move(event));
}

std::string World::describe() const {
  std::string text = fmt::format("seed {}, at {} s, after {} events, digest {}", options_.seed,
                                 to_seconds(now()), scheduler_.executed(), digest());
  if (!options_.replay_hint.empty()) text += "; replay: " + options_.replay_hint;
  return text;
}

}  // namespace syslab
