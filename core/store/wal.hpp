// Wal: a write-ahead log. What is in it happened, whatever else the crash took.
//
// Records have consecutive numbers (LSN) and are appended to segments, one block of the medium each:
//
//     record    length, check of length and LSN, LSN, checksum of the payload, payload
//     segment   a record that says its number and its first LSN, then its records
//
// Recovery reads the segments in order and stops at the first record that is not whole. A record that is
// shorter than it says is *torn*: the crash came while it was written, so it was never synced, and it is the
// end of the log; a new segment begins after it. A record that is as long as it says, but whose checksum is
// wrong, or one that is torn and has others behind it, is *damaged*: it was whole once, so that to stop there
// would silently lose what was promised, and recovery says io_error instead. (Real disks leave more than
// halves, and real logs cannot always tell the two apart: Alagappan et al., "Protocol-aware recovery for
// consensus-based storage", FAST 2018.) Where whoever recovers knows how much was promised, because a sync
// failed under its eyes, the log ends at the first record that is not right after that. A new segment that
// goes on from the end is what tells later recoveries of it.
//
// One sync is on its way at a time, and the next one is for all that was appended meanwhile: group commit.
// What is needed no more is deleted by segments. Segments are named in a ring of kSlots, so that recovery
// finds them without a list of files; while all are in use the last one grows.
//
// Cost: an append is one block of 24 bytes and the payload, O(1); recovery reads all records that are there.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/time.hpp"
#include "core/store/medium.hpp"

namespace syslab {

using Lsn = std::uint64_t;  // of the first record 1

enum class SyncPolicy : std::uint8_t {
  always,    // a write is answered when it is durable
  interval,  // a sync as soon as a record has waited for `interval`: a crash loses that much
  never,     // the medium decides; a crash loses what it likes
};

struct WalOptions {
  SyncPolicy sync = SyncPolicy::always;
  Duration interval = std::chrono::milliseconds(100);
  std::size_t segment_bytes = 1 << 20;
};

class Wal {
 public:
  static constexpr std::uint64_t kSlots = 256;
  static constexpr std::size_t kHeaderBytes = 24;

  struct Recovery {
    std::uint64_t records = 0;  // replayed
    Lsn last = 0;               // the last one that is known, also where it was not to be replayed
    bool torn = false;          // the log ended in half a record, which is gone
  };
  using Replay = std::function<std::optional<Error>(Lsn lsn, std::string_view payload)>;

  // Files are of `kind`, and what is written is counted under `why`.
  Wal(Medium& medium, FileKind kind, Purpose why, WalOptions options)
      : medium_(medium), kind_(kind), why_(why), options_(options) {}

  static constexpr Lsn kAll = ~Lsn{0};
  // Reads the log and replays the records after `from`, in order (kAll: those that there are); afterwards it
  // can be appended to. Of records after `promised` any may be missing. Errors: io_error where another one is
  // damaged or missing, or what `replay` says. Requires: called once, first.
  Expected<Recovery> recover(Lsn from, const Replay& replay, Lsn promised = kAll);

  // The record's number. It is durable when synced() has reached it.
  Lsn append(std::string_view payload, Instant now = {});
  // Whether it is time for sync(), by the policy; not while one is on its way.
  bool wants_sync(Instant now) const;
  // Begins a sync of all that was appended.
  void sync();
  // The next record begins a new segment.
  void roll() { full_ = true; }
  // Records up to this one are needed no more: deletes the segments that have only such.
  void release(Lsn upto);

  Lsn appended() const { return next_ - 1; }
  Lsn synced() const;
  std::size_t segments() const { return segments_.size(); }
  std::uint64_t size_bytes() const { return size_bytes_; }
  // When the oldest record that no sync was begun for was appended; nothing where there is none.
  std::optional<Instant> waiting_since() const { return waiting_since_; }
  void check_invariants() const;

 private:
  struct Segment {
    std::uint64_t number;
    Lsn first;
    Lsn last;  // first - 1: none
    std::uint64_t bytes;
  };
  FileId file_of(std::uint64_t number) const { return {kind_, number % kSlots}; }
  // The segments that are there, by their numbers.
  Expected<std::deque<Segment>> find_segments(Lsn promised, bool& torn);
  // Replays what is in a segment until a record that is not right, and then says what is wrong with it.
  struct Stop {
    bool torn = false;
    std::string what = {};  // empty: all was right
  };
  Expected<Stop> read_segment(Segment& segment, Lsn from, const Replay& replay, Recovery& recovery);
  void begin_segment();
  void write_record(FileId file, Lsn lsn, std::string_view payload);

  Medium& medium_;
  FileKind kind_;
  Purpose why_;
  WalOptions options_;
  std::deque<Segment> segments_;  // the oldest first; what is appended goes to the last one, unless full_
  bool full_ = true;
  bool stale_ = false;  // all that is there is older than what the owner has
  std::uint64_t next_segment_ = 0;
  Lsn next_ = 1;
  Lsn synced_ = 0;
  Lsn syncing_ = 0;                 // the last record that the sync on its way is for
  Medium::Ticket sync_ticket_ = 0;  // 0: none is on its way
  std::optional<Instant> waiting_since_;
  std::uint64_t size_bytes_ = 0;
};

}  // namespace syslab
