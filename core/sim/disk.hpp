// The disk of a simulated node: named files with a synced state, pending writes on top, and the ways disks
// fail.
//
// Operations run one after the other, each for its service time, and take effect when they end; an operation
// that a crash interrupts has no effect. What has ended but was not synced is *pending*: the process sees it,
// a crash decides what is left of it. The callbacks of operations belong to the process and die with it; the
// files do not.
// Cost: O(1) an operation besides the copy of names; reading a file of n records after an append costs O(n)
// once.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/distribution.hpp"
#include "core/base/rng.hpp"
#include "core/base/time.hpp"
#include "core/base/value.hpp"
#include "core/runtime/env.hpp"
#include "core/sim/factors.hpp"

namespace syslab {

class Host;

struct DiskOptions {
  DistributionPtr write_time = nullptr;  // of a write, an append or a read; null: 100 us
  DistributionPtr sync_time = nullptr;   // null: 1 ms
  std::optional<std::size_t> capacity_bytes = std::nullopt;
};

// What a crash leaves of the writes that were pending.
enum class CrashDisk : std::uint8_t {
  synced,  // nothing: only what was synced survives
  prefix,  // a random number of them, the oldest first
  all,     // all: a process that dies alone leaves its writes with the operating system
  wiped,   // the files are gone too: a new disk
};
std::optional<CrashDisk> parse_crash_disk(std::string_view name);
std::string_view to_string(CrashDisk what);

class Disk final : public Storage {
 public:
  Disk(Host& host, DiskOptions options, Rng rng);

  void write(const std::string& file, Value content, Done done) override;
  void append(const std::string& file, Value record, Done done) override;
  void sync(Done done) override;
  void read(const std::string& file, Done done) override;
  Result peek(const std::string& file) const override;

  // Bytes that the process sees, and how many of its writes are not yet synced.
  std::size_t size_bytes() const { return size_bytes_; }
  std::size_t pending() const { return pending_.size(); }
  std::vector<std::string> files() const;

  // What happens to the disk when the process dies. Operations under way are gone.
  void crash(CrashDisk what, Rng& rng);
  // An orderly stop: what has ended becomes durable, at once. Operations under way are gone.
  void stop();
  void wipe();

  // Fault switches; each call with `on` is paired with one without.
  void set_torn(bool on) { torn_ += on ? 1 : -1; }    // a crash leaves half of the oldest write it loses
  void set_lying(bool on) { lying_ += on ? 1 : -1; }  // sync says done and does nothing
  void set_full(bool on) { full_ += on ? 1 : -1; }    // writes fail with disk_full
  Factors& slowness() { return slow_; }               // stretch service times
  // The pending writes vanish from the view of the process; the next sync reports io_error, the ones after it
  // succeed again although the writes are gone. This is what some kernels do when write-back fails.
  void lose_pending();

  // Damage to stored records: reads see it until it is repaired or the record is overwritten. A detected
  // damage makes reading its file an io_error, as a checksum would; an undetected one changes the record.
  // Damages each record of `file` (empty: of every file) with `probability`; returns how many it hit.
  std::size_t corrupt(std::uint64_t damage_id, const std::string& file, double probability, bool detected,
                      Rng& rng);
  void repair(std::uint64_t damage_id);

 private:
  struct File {
    bool is_list = false;
    Value content;               // unless it is a list
    std::vector<Value> records;  // of a list
    mutable Value listed;        // the list as a value, made when it is read

    void set(Value value);
    Value value() const;
    std::size_t size_bytes() const;
  };
  struct Write {
    std::string file;
    Value value;
    bool append;
  };
  struct Operation {
    enum class Kind : std::uint8_t { write, append, sync, read } kind;
    std::string file;
    Value value;
    Done done;
  };
  struct Damage {
    std::uint64_t id;
    std::string file;
    std::size_t index;
    Value original;
    Value replacement;
    bool detected;
  };
  using Files = std::map<std::string, File>;

  void sync_now();
  void enqueue(Operation operation);
  void finish_first();
  Result perform(const Operation& operation);
  static void apply(Files& files, const Write& write);
  void recount();

  Host& host_;
  DiskOptions options_;
  Rng rng_;
  Files durable_;
  Files view_;  // durable_ with the pending writes applied
  std::vector<Write> pending_;
  std::deque<Operation> operations_;
  Instant busy_until_;
  std::size_t size_bytes_ = 0;
  int torn_ = 0;
  int lying_ = 0;
  int full_ = 0;
  bool sync_fails_ = false;
  Factors slow_;
  std::vector<Damage> damages_;
};

}  // namespace syslab
