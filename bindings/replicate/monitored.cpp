#include "bindings/replicate/monitored.hpp"

#include "bindings/host/script_error.hpp"
#include "core/sim/fault/crash.hpp"

namespace syslab {
namespace {

// A machine that was switched off has its power back after this long.
constexpr Duration kReboot = std::chrono::seconds(1);

}  // namespace

std::vector<Param> monitored_params(std::vector<Param> own) {
  std::vector<Param> params = {count("count", "replicas, beside their monitor").at_least(1).at_most(99)};
  std::move(own.begin(), own.end(), std::back_inserter(params));
  for (Param& p : std::vector<Param>{
           duration("heartbeat", "of the replicas to the monitor, and of the copying")
               .above(0)
               .optional("50 ms"),
           duration("timeout", "a replica that is silent for so long is taken for dead")
               .above(0)
               .optional("250 ms"),
           duration("lease", "of fencing by lease: how long one may serve that hears nothing")
               .above(0)
               .optional("200 ms"),
           number("drift", "of leases: how much faster or slower than true a clock may be")
               .at_least(0)
               .at_most(0.5)
               .optional("0.01"),
           count("batch", "entries a message").at_least(1).optional("64"),
           count("snapshot_after", "entries executed since the last snapshot; 0: never").optional("1000")}) {
    params.push_back(std::move(p));
  }
  return params;
}

MonitoredReplicaOptions monitored_options(Arguments& a) {
  MonitoredReplicaOptions o;
  o.heartbeat = a.duration("heartbeat", o.heartbeat);
  o.timeout = a.duration("timeout", o.timeout);
  o.lease = a.duration("lease", o.lease);
  o.drift = a.number("drift", o.drift);
  o.batch = a.count("batch", o.batch);
  o.log.snapshot_after = a.count("snapshot_after", o.log.snapshot_after);
  if (o.timeout <= o.heartbeat) a.reject("timeout", "it is not above heartbeat");
  return o;
}

void add_monitor(World& world, const std::string& name, MonitorOptions options) {
  NodeOptions node;
  node.host.kind = "node";
  const Expected<NodeId> added = world.add_node(
      name + "-monitor", [options] { return std::make_unique<Monitor>(options); }, node);
  if (!added) throw ScriptError(added.error().message);
}

int push_primary_backup(lua_State* L, std::string name, std::size_t count,
                        const PrimaryBackupOptions& options) {
  auto protocol = std::make_shared<Protocol>();
  protocol->name = std::move(name);
  protocol->count = count;
  protocol->watched = [options](std::shared_ptr<const std::vector<NodeId>> members) -> Protocol::Watched {
    PrimaryBackupOptions o = options;
    o.replica.replicas = std::move(members);
    o.replica.log.watch = std::make_shared<LogWatch>(o.mode != PrimaryBackupMode::sync);
    return {[o] { return std::make_unique<PrimaryBackup>(o); }, o.replica.log.watch};
  };
  protocol->beside = [options, count](World& world, const std::string& group,
                                      std::shared_ptr<const std::vector<NodeId>> members) {
    PrimaryBackupOptions o = options;
    o.replica.replicas = std::move(members);
    add_monitor(world, group, monitor_of(o, count, [&world](NodeId node) {
                  world.inject(make_crash({.target = world.name_of(node), .power = true}), kReboot);
                }));
  };
  return push(L, protocol);
}

std::vector<Param> shipping_params(std::string every_doc) {
  return monitored_params(
      {duration("every", std::move(every_doc)).above(0).optional("1 s"),
       choice("failover", {"by hand", "automatic"},
              "who names another publisher: somebody who calls {type = \"promote\", name = , until = } of "
              "NAME-monitor, or the monitor itself")
           .optional("'by hand'"),
       choice("reads", {"publisher", "any"}, "who answers reads; those of a subscriber are old")
           .optional("'publisher'")});
}

int push_shipping(lua_State* L, Arguments& a, std::string name, bool snapshots) {
  PrimaryBackupOptions o;
  o.replica = monitored_options(a);
  o.mode = PrimaryBackupMode::async;
  o.ship_every = a.duration("every", std::chrono::seconds(1));
  o.ships_snapshots = snapshots;
  if (snapshots) o.replica.log.snapshot_after = 0;  // only the ones that are shipped
  o.by_hand = a.string("failover", "by hand") == "by hand";
  o.reads_anywhere = a.string("reads", "publisher") == "any";
  return push_primary_backup(L, std::move(name), a.count("count"), o);
}

}  // namespace syslab
