// Store filter: a storage engine in a world, behind a service, on the node's disk.
//
// The service inside says what a request costs besides the disk (its time, its slots); when it has answered,
// the engine does the rest: what it reads and writes takes the disk's time, and background work (flushes,
// compactions, checkpoints) shares the disk with it, one slice at a time. Writes that come together are
// synced together. While background work is behind, writes wait: a little each, or until it has caught up.
//
//   get, read        the value; not_found where there is none
//   put, write, set  stores the entry "value" (or "payload", else true); true
//   delete           true; also where there was nothing
//   cas              stores "value" where the entry equals "expected" (nil: none), else conflict
//   put_many         stores all of {entries = {{key =, value =}, ...}}, where no value deletes, or none; how
//   many scan             a list of {key =, value =}, from "from" on, below "to", `limit` (100) at most
//
// A request of another type, or without a usable key, gets what the service inside answered. Keys are texts
// or numbers; numbers come before texts, and are in the order of how they are written, not of size.
//
// A write is answered when the log says it is there: with the policy `always` it is synced, and no reader has
// seen it before. After a crash the next process reads the log; until the disk has done so, requests wait.
// Errors: where the disk fails a write or a sync, nobody knows what is there. So all writes under way are
// answered with that error (indefinite), and every request is for `retry`; then the store is opened again
// from what the disk has. A store that cannot be opened, because a block that was promised is damaged,
// answers io_error and is tried again every `retry`. A block that is damaged later makes reads of it
// io_error, and never a wrong value. What a lying disk loses is lost.
#pragma once

#include "core/runtime/service.hpp"
#include "core/store/store.hpp"

namespace syslab {

struct StoreFilterOptions {
  StoreConfig store = {};      // inline_work does not count
  std::string name = "store";  // of its files
  Duration slow_by =
      std::chrono::milliseconds(1);  // each write, while background work is close to being behind
  Duration retry = std::chrono::milliseconds(100);
};
Filter make_store_filter(const StoreFilterOptions& options);

}  // namespace syslab
