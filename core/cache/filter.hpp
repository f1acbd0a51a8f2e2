// Cache filter: answers reads from a cache, and lets the service inside fill it (read-through).
//
// A request of the type `read` with a key (a string or a number) is a read; its value is kept for `ttl`. Any
// other request with a key is a write: it passes, and the key is forgotten when it comes and when its answer
// does. A value that was read while a write was under way is not kept. Writes that go past the filter show
// only after the ttl. Errors are not kept. Each process has a cache of its own, empty at its start. With
// `single_flight`, reads of a key that is being read wait for that answer, its error included: without it, a
// popular key that expires is read by everybody at once (a stampede).
// Cost: a lookup; for a miss an insertion.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/cache/cache.hpp"
#include "core/runtime/service.hpp"

namespace syslab {

struct CacheFilterOptions {
  std::function<std::unique_ptr<Cache>()> cache = nullptr;  // called once for each process
  std::optional<Duration> ttl = {};               // none: until it is evicted or written
  bool single_flight = false;
  std::string read = "get";
};
Filter make_cache_filter(const CacheFilterOptions& options);

}  // namespace syslab
