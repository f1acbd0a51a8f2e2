// SortedTable: an immutable file of sorted entries (an SSTable), with an index and a Bloom filter.
//
//     data blocks    entries {key length, value length, tag, key, value} ..., where each begins, how many
//     there are index block    of each data block the last key and tag filter block   the bits of a Bloom
//     filter of the keys
//
// Every block ends with a checksum. Index and filter are kept in memory while the table is in use; a get
// reads one data block at most, and a filter that does not know the key spares it that. The tables' own
// summary (levels, key ranges, counts) is in the tree's meta log.
//
// Cost: a get is O(log blocks + log entries of a block); memory 10 bits a key and a key for each block.
// Design: LevelDB's table format, without compression and restart points.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/sketch/bloom.hpp"
#include "core/store/clock_pool.hpp"
#include "core/store/medium.hpp"
#include "core/store/memtable.hpp"

namespace syslab {

// The entries of a data block.
class DataBlock {
 public:
  DataBlock() = default;
  // Requires: the bytes between header and seal of a sound block, which outlives this.
  explicit DataBlock(std::string_view bytes);
  std::uint32_t size() const { return size_; }
  LsmEntry entry(std::uint32_t i) const;
  // The first entry that is not before (key, tag); size() if there is none.
  std::uint32_t seek(std::string_view key, std::uint64_t tag) const;

 private:
  const char* begin_ = nullptr;
  const char* offsets_ = nullptr;
  std::uint32_t size_ = 0;
};

struct TableSummary {
  std::uint64_t number = 0;  // of its file
  std::uint64_t data_blocks = 0;
  std::uint64_t bytes = 0;
  std::uint64_t entries = 0;
  std::uint64_t tombstones = 0;
  std::string first;  // keys
  std::string last;

  bool overlaps(std::string_view from, std::string_view to) const { return first <= to && last >= from; }
};

using BlockCache = ClockPool<Block>;

class SortedTable {
 public:
  struct Get {
    bool found = false;
    bool filtered = false;  // the filter did not know the key
    std::uint64_t tag = 0;
    std::string value;
  };
  struct IndexEntry {
    std::string key;
    std::uint64_t tag;
  };

  SortedTable(TableSummary summary, std::vector<IndexEntry> index, std::optional<Bloom> filter)
      : summary_(std::move(summary)), index_(std::move(index)), filter_(std::move(filter)) {}
  // Reads index and filter. Errors: io_error.
  static Expected<std::shared_ptr<SortedTable>> open(Medium& medium, TableSummary summary);

  const TableSummary& summary() const { return summary_; }
  std::size_t memory_bytes() const;

  // The newest entry of the key that is not before `tag`. `cache` may be null. Errors: io_error.
  Expected<Get> get(Medium& medium, BlockCache* cache, std::string_view key, std::uint64_t hash,
                    std::uint64_t tag) const;
  // The first block that has entries not before (key, tag); data_blocks if there is none.
  std::size_t find_block(std::string_view key, std::uint64_t tag) const;
  // A checked data block; the pointer keeps its bytes. Errors: io_error.
  struct Loaded {
    Block bytes;
    DataBlock entries;
  };
  Expected<Loaded> load(Medium& medium, BlockCache* cache, std::size_t block, Purpose why) const;

 private:
  FileId file() const { return {FileKind::table, summary_.number}; }

  const TableSummary summary_;
  const std::vector<IndexEntry> index_;
  const std::optional<Bloom> filter_;
};
using TablePtr = std::shared_ptr<const SortedTable>;

struct TableFormat {
  std::size_t block_bytes = 4096;
  double bits_per_key = 10;  // of the filter; 0: none
};

// Writes a table, block by block. Entries come in their order.
class TableWriter {
 public:
  TableWriter(Medium& medium, std::uint64_t number, Purpose why, const TableFormat& format);

  // True where that filled a block, which was appended to the file.
  bool add(const LsmEntry& entry);
  // Data bytes so far.
  std::uint64_t bytes() const { return summary_.bytes + data_.size(); }
  std::string_view last_key() const { return summary_.last; }
  // Appends what is left, the index and the filter. Requires: an entry was added.
  TablePtr finish();

 private:
  void append(std::string block);
  void finish_block();

  Medium& medium_;
  const Purpose why_;
  const TableFormat format_;
  TableSummary summary_;
  std::uint64_t appended_ = 0;
  std::string data_;
  std::vector<std::uint32_t> offsets_;
  std::uint64_t last_tag_ = 0;
  std::vector<SortedTable::IndexEntry> index_;
  std::vector<std::uint64_t> hashes_;
};

// Walks entries in their order; the sources of a merge.
class EntryCursor {
 public:
  virtual ~EntryCursor() = default;
  bool valid() const { return valid_; }
  // Valid until next(). Requires: valid().
  const LsmEntry& entry() const { return entry_; }
  virtual void next() = 0;
  // Why it ended before its end.
  const std::optional<Error>& error() const { return error_; }

 protected:
  LsmEntry entry_;
  bool valid_ = false;
  std::optional<Error> error_;
};

class MemtableCursor final : public EntryCursor {
 public:
  MemtableCursor(const Memtable& table, std::string_view from) : node_(table.seek(from, ~std::uint64_t{0})) {
    show();
  }
  void next() override {
    node_ = node_->next[0];
    show();
  }

 private:
  void show() {
    valid_ = node_ != nullptr;
    if (valid_) entry_ = node_->entry;
  }
  const Memtable::Node* node_;
};

// Tables one after the other, in the order of their keys. Requires: they do not overlap.
class RunCursor final : public EntryCursor {
 public:
  RunCursor(Medium& medium, BlockCache* cache, std::vector<TablePtr> tables, std::string_view from,
            Purpose why);
  void next() override;

 private:
  void load_first(std::string_view from, std::uint64_t tag);

  Medium& medium_;
  BlockCache* cache_;
  const std::vector<TablePtr> tables_;
  const Purpose why_;
  std::size_t table_ = 0;
  std::size_t block_ = 0;
  std::uint32_t at_ = 0;
  SortedTable::Loaded loaded_;
};

// Several cursors as one. Of equal entries (there are none in one tree) the earlier cursor's comes first.
class MergeCursor final : public EntryCursor {
 public:
  explicit MergeCursor(std::vector<std::unique_ptr<EntryCursor>> sources);
  void next() override;

 private:
  bool comes_after(std::size_t a, std::size_t b) const;
  void sift_down();
  void show();

  std::vector<std::unique_ptr<EntryCursor>> sources_;
  std::vector<std::size_t> heap_;  // indices of those that are valid, the first entry's on top
};

}  // namespace syslab
