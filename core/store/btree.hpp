// B-tree: a sorted tree of pages of one size, of which the most used are in memory.
//
// A leaf has keys and values, an inner page keys and children; what gets too large is split, and a page that
// is less than a quarter full is merged into a neighbour that has room. Pages are read into a buffer pool,
// changed there, and written when the clock evicts them or a checkpoint needs them: a change costs a page
// written, sooner or later, unless more changes came to it in the meantime.
//
// Crash safety is by copy on write, as in WiredTiger, between checkpoints: a page that the last checkpoint
// needs is never overwritten. Time is cut into *epochs* by checkpoints and snapshots; the first change of a
// page in an epoch gives it a new place, and its parents with it up to the root. So the tree of the last
// checkpoint stays whole on the medium whatever is torn, the log has the changes since, and a snapshot is the
// root of its epoch. A place is free again when no checkpoint and no snapshot sees the page that was there.
//
// Cost: a get or a change reads height - 1 pages at most, those that are not in the pool; a change writes a
// page later. Keys and values take an eighth of a page at most, together. Papers: Bayer and McCreight 1972;
// Comer, "The ubiquitous B-tree", 1979; Graefe, "Modern B-tree techniques", 2011. Lab: lsm-compaction.
#pragma once

#include "core/store/store.hpp"

namespace syslab {

struct BtreeOptions {
  std::size_t page_bytes = 4096;
  std::size_t pool_pages = 256;
  std::uint64_t checkpoint_bytes =
      4 << 20;  // written by users since the last one; 0: only when it is asked for
};

// Requires: page_bytes >= 256, pool_pages >= 1.
EngineFactory make_btree(const BtreeOptions& options);

}  // namespace syslab
