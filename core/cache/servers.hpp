// CacheServers: a group of cache servers as their clients see it, and the place a cache filter has on them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/cache/place.hpp"
#include "core/runtime/service.hpp"

namespace syslab {

struct CacheServers {
  std::string profile;  // "memcached", "redis"
  std::vector<NodeId> nodes;
  // A client: a service that sends a request with a key to the server in charge. One for each process, since
  // it may learn where that is.
  std::function<ServicePtr()> client;
};

// Entries are values of the servers, under the key; they expire there, too. With `lease`, a client that finds
// nothing is granted one for that long.
CachePlaceFactory on_servers(std::shared_ptr<const CacheServers> servers, std::optional<Duration> lease = {});

}  // namespace syslab
