// Medium: where a storage engine keeps its bytes, and the exact count of them.
//
// Files are sequences of blocks; a block is what one operation reads or writes. Operations have an order, and
// a number in it (a *ticket*); they may end later than they are given, as they do on the disk of a simulated
// node (disk_medium.hpp), or at once (memory_medium.hpp). What was not synced may be lost in a crash: some of
// the last operations, and half of the oldest one that is lost. So engines write in place only what they do
// not need, and put a checksum over every block.
//
// An engine calls a medium as if everything ended at once, and gives way (StorageEngine::work) where the next
// step must not be seen before the last one has ended.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.hpp"

namespace syslab {

enum class FileKind : std::uint8_t { log, meta, table, page, snapshot };
std::string_view to_string(FileKind kind);

struct FileId {
  FileKind kind;
  std::uint64_t number;
  auto operator<=>(const FileId&) const = default;
};

// What bytes are moved for.
enum class Purpose : std::uint8_t {
  log,         // the write-ahead log
  meta,        // what files there are
  flush,       // a memtable becomes a table
  compaction,  // tables become other tables
  eviction,    // a changed page leaves the buffer pool
  checkpoint,  // pages or a snapshot, so that the log can be shortened
  get,
  write,  // a page is read because it is to be changed
  scan,
  open,   // recovery
  audit,  // a look at what is there that no user asked for: not counted as work
};
inline constexpr std::size_t kPurposes = 11;
std::string_view to_string(Purpose purpose);

struct IoCount {
  std::uint64_t blocks = 0;
  std::uint64_t bytes = 0;
  void add(std::size_t size) {
    ++blocks;
    bytes += size;
  }
};
struct IoCounts {
  std::array<IoCount, kPurposes> written;
  std::array<IoCount, kPurposes> read;
  std::uint64_t syncs = 0;

  IoCount& of_writes(Purpose why) { return written[static_cast<std::size_t>(why)]; }
  IoCount& of_reads(Purpose why) { return read[static_cast<std::size_t>(why)]; }
  const IoCount& of_reads(Purpose why) const { return read[static_cast<std::size_t>(why)]; }
  std::uint64_t bytes_written() const;
};

using Block = std::shared_ptr<const std::string>;

class Medium {
 public:
  using Ticket = std::uint64_t;

  virtual ~Medium() = default;

  // Adds a block to the end of a file; a missing file is empty.
  void append(FileId file, std::string block, Purpose why) {
    counts_.of_writes(why).add(block.size());
    ++issued_;
    do_append(file, std::move(block));
  }
  // Replaces a file by one block.
  void write(FileId file, std::string block, Purpose why) {
    counts_.of_writes(why).add(block.size());
    ++issued_;
    do_write(file, std::move(block));
  }
  void remove(FileId file) {
    ++issued_;
    do_remove(file);
  }
  // Makes everything before durable; the ticket is the sync's own.
  Ticket sync() {
    ++counts_.syncs;
    ++issued_;
    do_sync();
    return issued_;
  }
  // Block `index` of a file as it is now. Errors: io_error, also where there is no such block.
  Expected<Block> read(FileId file, std::size_t index, Purpose why) {
    Expected<Block> block = do_read(file, index, why);
    if (block.ok()) counts_.of_reads(why).add((*block)->size());
    return block;
  }
  // Blocks in a file, 0 where it is missing. Costs nothing. Errors: io_error.
  virtual Expected<std::size_t> blocks(FileId file) const = 0;

  // Operations so far, those that have ended, and those that a crash cannot undo any more. durable() <=
  // ended() <= issued().
  Ticket issued() const { return issued_; }
  virtual Ticket ended() const = 0;
  virtual Ticket durable() const = 0;
  // Why a write or a sync failed, the first of them; from then on nothing can be said of what is on the
  // medium.
  virtual const std::optional<Error>& failure() const = 0;

  const IoCounts& counts() const { return counts_; }

 protected:
  // Where a read is an operation that has to end, too.
  void count_operation() { ++issued_; }

 private:
  virtual void do_append(FileId file, std::string block) = 0;
  virtual void do_write(FileId file, std::string block) = 0;
  virtual void do_remove(FileId file) = 0;
  virtual void do_sync() = 0;
  virtual Expected<Block> do_read(FileId file, std::size_t index, Purpose why) = 0;

  Ticket issued_ = 0;
  IoCounts counts_;
};

// A checksum at the end of a block, over its bytes and its place, so that a block that was torn, damaged, or
// is another one is found out.
inline constexpr std::size_t kSealBytes = 8;
void seal(std::string& block, FileId file, std::size_t index);
// The block without its seal. Errors: io_error.
Expected<std::string_view> unseal(const Block& block, FileId file, std::size_t index);

}  // namespace syslab
