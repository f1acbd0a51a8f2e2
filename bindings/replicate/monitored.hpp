// What the protocols under a Monitor have in common in Lua: their options, and the node NAME-monitor.
#pragma once

#include "bindings/replicate/protocol.hpp"
#include "core/replicate/monitored_replica.hpp"

namespace syslab {

// count, heartbeat, timeout, lease, drift, batch, snapshot_after.
std::vector<Param> monitored_params(std::vector<Param> own);
MonitoredReplicaOptions monitored_options(Arguments& a);
// Adds the group's monitor to the world.
void add_monitor(World& world, const std::string& name, MonitorOptions options);

}  // namespace syslab
