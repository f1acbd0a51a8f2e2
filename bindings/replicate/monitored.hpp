// What the protocols under a Monitor have in common in Lua: their options, and the node NAME-monitor.
#pragma once

#include "bindings/replicate/protocol.hpp"
#include "core/replicate/monitored_replica.hpp"
#include "core/replicate/primary_backup.hpp"

namespace syslab {

// count, heartbeat, timeout, lease, drift, batch, snapshot_after.
std::vector<Param> monitored_params(std::vector<Param> own);
MonitoredReplicaOptions monitored_options(Arguments& a);
// Adds the group's monitor to the world.
void add_monitor(World& world, const std::string& name, MonitorOptions options);
// Such a group as a Protocol.
int push_primary_backup(lua_State* L, std::string name, std::size_t count,
                        const PrimaryBackupOptions& options);
// What the two protocols have in common that copy only from time to time.
std::vector<Param> shipping_params(std::string every_doc);
int push_shipping(lua_State* L, Arguments& a, std::string name, bool snapshots);

}  // namespace syslab
