// Cache servers in Lua: `lab.cache.memcached{...}` and `lab.cache.redis{...}` are profiles; w:cache(name,
// profile) makes the servers, and what it returns is what a cache filter takes as its place.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bindings/host/component.hpp"
#include "bindings/host/object.hpp"
#include "bindings/world/lab_world.hpp"
#include "core/cache/servers.hpp"

namespace syslab {

struct CacheProfile {
  std::string name;      // "memcached"
  std::string describe;  // "memcached, 3 servers, 64 MiB each"
  // Adds the servers to a world, as NAME-1, NAME-2 ..., in a zone; errors as of World::add_service.
  std::function<Expected<CacheServers>(World& world, const std::string& name, const std::string& zone)> build;
};

struct CacheServersHandle {
  std::shared_ptr<LabWorld> world;
  std::shared_ptr<const CacheServers> servers;
  ServicePtr client;  // of the script
};

// w:cache(name, profile, { zone = })
std::vector<Param> add_cache_params();
int add_cache(lua_State* L, LabWorld& w, Arguments& a);

}  // namespace syslab
