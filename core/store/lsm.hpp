// LSM tree: writes go to memory and are merged into ever larger sorted files later.
//
//     memtable -> immutable memtables -> flush -> level 0 -> compaction -> level 1 -> ... -> the last level
//
// Two ways to compact. *Levelled* (LevelDB, RocksDB's default): level 0 holds what was flushed, tables that
// overlap; every other level is one sorted run, `fanout` times as large as the one before. When a level is
// over its size, one of its tables (round robin over the keys) is merged into the tables of the next level
// that it overlaps; level 0 goes as a whole. *Tiered* (size-tiered; Cassandra, RocksDB's universal): every
// level holds up to `fanout` sorted runs, and when it has so many they are merged into one run of the next.
// So a levelled tree rewrites an entry up to `fanout` times a level and has one place a level to look for it;
// a tiered one rewrites it once a level, and has `fanout` places, and as many old versions.
//
// A key has as many entries as there are versions that somebody may still see: the newest, and for every
// snapshot the newest before it. A delete is an entry, too (a tombstone), and is dropped when there is
// nothing older below it that it has to hide.
//
// Background work is a flush and one compaction at a time, in slices of one block written; flushes come
// first. A slice gives the medium what it writes; the new tables count when they and the record of them in
// the meta log are durable, and the old ones are deleted after that. While there are more than `memtables`
// memtables, or `stall_runs` runs in level 0, writers have to wait: the debt has to be paid some time.
//
// Cost: a put is an insert into a skip list (0.3 us), and write amplification times its bytes later; a get
// looks at the memtables and then at one table per run, most of which the Bloom filters spare it. Papers:
// O'Neil, Cheng, Gawlick, O'Neil, "The log-structured merge-tree", 1996; Dayan and Idreos, "Dostoevsky",
// SIGMOD 2018. Lab: lsm-compaction.
#pragma once

#include "core/store/sorted_table.hpp"
#include "core/store/store.hpp"

namespace syslab {

enum class Compaction : std::uint8_t { levelled, tiered, none };  // none: tables pile up, and nothing waits
std::string_view to_string(Compaction compaction);

struct LsmOptions {
  Compaction compaction = Compaction::levelled;
  std::size_t memtable_bytes = 1 << 20;
  int memtables = 2;  // the one that is written to, and those that wait to be flushed
  TableFormat format = {};
  std::size_t table_bytes = 1 << 20;  // of a levelled tree's tables, about; a tiered run is one table
  int level0_runs = 4;                // levelled: that many are compacted into level 1
  int fanout = 10;                    // levelled: of level sizes; tiered: runs of a level
  std::size_t level1_bytes = 4 << 20;
  int slow_runs = 8;            // so many runs in level 0 make writers slow
  int stall_runs = 12;          // and so many make them wait
  std::size_t cache_bytes = 0;  // of data blocks; 0: every block is read from the medium
};

// Requires: sizes and counts >= 1 (but cache_bytes and bits_per_key), fanout >= 2, stall_runs >= what begins
// a compaction of level 0.
EngineFactory make_lsm(const LsmOptions& options);

}  // namespace syslab
