// Rows filter: makes rows out of a service, so that what stands behind a cache remembers what was written.
//
// The service inside says what a request costs (its time, its slots, its queue, and whether it fails); when
// it has answered, the row is read or written. Rows are files of the node's disk, named after their keys (a
// number as JSON writes it; a text as it is, in quotes where it begins as a number does, so that 5 and "5"
// are two rows). A write is answered when it is synced: an answered write survives a crash, unless the disk
// lies.
//
//   get, read        the value; not_found where there is none
//   put, write, set  stores the entry "value" (or "payload", else true); true
//   delete           true; also where there was nothing
//   cas              stores "value" where the row equals "expected" (nil: no row), else conflict
//   put_many         stores all of {entries = {{key =, value =}, ...}}, where no value deletes; how many. One
//                    request and one sync; each entry after the first costs `row_time` more
//
// A request of another type, or without a usable key, gets what the service inside answered.
//
// `rows` keys, the numbers 1 to `rows`, have a row from the beginning: its value is the key, or with
// `row_bytes` a text of that size. Cost: the disk's time for a write and a sync.
#pragma once

#include <cstdint>

#include "core/runtime/service.hpp"

namespace syslab {

struct RowsOptions {
  std::uint64_t rows = 0;
  std::size_t row_bytes = 0;
  Duration row_time = Duration::zero();
};
Filter make_rows_filter(const RowsOptions& options);

}  // namespace syslab
