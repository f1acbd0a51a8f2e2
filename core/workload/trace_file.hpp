// Recorded traces from files: text, csv and libCacheSim's binary oracleGeneral.
//
//   text            one id a line
//   csv             an id column, and perhaps a size and a time column, by name or by number
//   oracle_general  24-byte little-endian records: u32 time in seconds, u64 id, u32 size in bytes, i64 next
//   access
//                   (not used)
//
// An id that is a whole number below 2^64 is taken as it is; any other text becomes the xxh3 hash of its
// bytes. Lines may end in \r\n; empty lines are skipped; the last line needs no end. Cost: constant memory
// (one buffer of 256 KiB), about 100 MB/s for text.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/workload/trace.hpp"

namespace syslab {

// A column of a csv file, by its name in the first line or by its number from 1. Neither: there is no such
// column.
struct CsvColumn {
  std::string name = {};
  std::size_t number = 0;
  bool given() const { return number != 0 || !name.empty(); }
};

struct TraceFileOptions {
  enum class Format : std::uint8_t { text, csv, oracle_general };
  std::string path;
  Format format = Format::text;
  // csv only.
  CsvColumn id = {{}, 1};
  CsvColumn size = {};
  CsvColumn time = {};
  double time_unit = 1;  // seconds that one unit of the time column stands for
  char separator = ',';
  bool header = false;  // the first line names the columns; certain, where a column is given by name
};

// Errors: not_found; malformed for a directory, a pipe, an empty file, a file cut in the middle of a record,
// a missing column; io_error.
Expected<std::unique_ptr<RequestTrace>> open_trace_file(const TraceFileOptions& options);

}  // namespace syslab
