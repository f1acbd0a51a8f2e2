// A memcached: cache servers that know nothing of each other, and a client that knows them all.
//
// Each server has several threads on one slab cache (slab.hpp). Which server has a key is the client's
// business: a ketama ring over the servers' names. Nothing is replicated and nothing is written to
// disk: a server that crashes is empty when it comes back, and until then its share of the keys fails and
// goes to the store.
//
// Defaults named after memcached 1.4.39: see slab.hpp; 4 threads. The time an operation takes and the
// client's timeout are ours.
#pragma once

#include <cstdint>
#include <vector>

#include "core/cache/commands.hpp"
#include "core/cache/slab.hpp"
#include "core/runtime/service.hpp"

namespace syslab {

struct MemcachedOptions {
  SlabOptions slab = {};
  std::size_t threads = 4;
  Duration timeout = std::chrono::milliseconds(100);
};

// Around a station with a slot for each thread, which says what a command costs. Its state has `classes`, a
// list of {chunk, pages, chunks, items, item_bytes, evictions}, beside that of the commands.
Filter make_memcached_server(const MemcachedOptions& options);

// The client's side: a request with a key goes to the server that has it; one without, to the first.
// Requires: at least one server; different names.
struct NamedServer {
  std::string name;
  NodeId node;
};
ServicePtr make_memcached_client(const MemcachedOptions& options, const std::vector<NamedServer>& servers);

}  // namespace syslab
