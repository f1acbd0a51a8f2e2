#include "bindings/replicate/monitored.hpp"

#include "bindings/host/script_error.hpp"

namespace syslab {

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

}  // namespace syslab
