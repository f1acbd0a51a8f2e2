// Cache filter: answers reads from a cache, and decides when a write reaches the store inside.
//
// The service inside is the store. A request with a key (a string or a number) of one of the types `reads` is
// a read; of one of the types `writes` it is a write of its entry "value" (or "payload", else true); "delete"
// removes. Any other request with a key passes, and the key is forgotten; requests without a key just pass.
//
// Where entries are kept (`place`): in this process (read-through), or on cache servers, whose client this
// process then is (cache-aside: ask them; on a miss ask the store and tell them; if they are down, ask the
// store).
//
// Reads. A value is good for `ttl`, shortened by a random share of up to `jitter`, so that what was read
// together does not expire together. "Nothing there" (a nil answer or the error not_found) is kept for
// `negative_ttl`; other errors are not kept. What keeps the readers of a popular key from asking the store
// all at once when it expires (a stampede):
//
//   single_flight  reads of a key that this process is reading wait for that answer, its error included,
//                  unless a write has begun or ended since that read began.
//   early          a hit is taken for a miss with a probability that grows towards the end of its ttl: one
//                  reader renews it before the others see it expire. 1 is the optimum where the time to read
//                  it is exponential; more is earlier. Works between processes that share servers.
//                  Paper: Vattani, Chierichetti & Lowenstein 2015, Optimal Probabilistic Cache Stampede
//                  Prevention.
//   ahead          a hit older than this share of the ttl is answered, and renewed in the background.
//
// Writes.
//
//   around   to the store; the key is forgotten.
//   through  to the store, then into the cache, then answered.
//   back     into the cache and answered. Every `flush_interval` what is not yet written (dirty) goes to the
//            store, in requests of up to `flush_batch` entries: one entry as the write it was, more as {type
//            = "put_many", entries = {{key =, value =}, ...}}, where an entry without a value is removed.
//            Writes to a key that is still dirty become one. With `dirty_limit` keys dirty, writes of other
//            keys go around. A crash loses what is dirty. So does an orderly stop.
//
// A value that was read while its key was written is not kept, in this process: one process before a store is
// as consistent as the store. Between processes that share servers nobody sees to that: who read the old
// value may put it there after the writer has removed it; unless the place gives out leases (place.hpp), with
// writes around. Leases are single flight between processes, too: who finds nothing and is granted none asks
// again every 10 ms.
//
// Metrics of the node, which survive a crash: cache_hits_total, cache_misses_total, cache_store_reads_total,
// cache_dirty (what a crash would lose now; after a crash, what it lost), cache_lost_total (counted when the
// process is back; entries that were on their way may have arrived), cache_flushed_total.
// Cost: a lookup; for a miss an insertion; O(log n) in the keys that are dirty or under way.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/cache/place.hpp"
#include "core/runtime/service.hpp"

namespace syslab {

enum class WriteMode : std::uint8_t { around, through, back };

struct CacheFilterOptions {
  CachePlaceFactory place = nullptr;
  WriteMode write = WriteMode::around;  // back: only with a place in the process
  std::optional<Duration> ttl = {};     // none: until it is evicted or written
  double jitter = 0;                    // 0 to 1; needs a ttl, as the next two
  double early = 0;                     // beta of the paper; 0: never
  std::optional<double> ahead = {};     // above 0, below 1
  std::optional<Duration> negative_ttl = {};
  bool single_flight = false;
  Duration flush_interval = std::chrono::seconds(1);
  std::size_t flush_batch = 64;
  std::size_t dirty_limit = 10'000;
  std::vector<std::string> reads = {"get", "read"};
  std::vector<std::string> writes = {"put", "write", "set"};
};
// Requires: the options are as their comments say; durations above 0; at least 1 for the counts.
Filter make_cache_filter(const CacheFilterOptions& options);

}  // namespace syslab
