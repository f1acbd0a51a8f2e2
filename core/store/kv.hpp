// In-memory store: an ordered map, and now and then a copy of it on the medium, so that the log can be
// shortened.
//
// This is how Redis keeps its data (RDB and AOF), and most consensus logs theirs. A copy is the state of one
// moment, written block by block while writes go on: keys keep the versions that the copy, or a snapshot,
// still sees. Without a log (StoreConfig::log) it is what a cache is: a crash takes everything.
//
// Cost: O(log n) a get or a change. A copy writes everything that is there, however little has changed: with
// `checkpoint_bytes` c and n live bytes, n / c bytes for each byte written.
#pragma once

#include "core/store/store.hpp"

namespace syslab {

struct KvOptions {
  std::uint64_t checkpoint_bytes =
      4 << 20;                     // written by users since the last copy; 0: only when it is asked for
  std::size_t block_bytes = 4096;  // of the copy
};

EngineFactory make_kv(const KvOptions& options);

}  // namespace syslab
