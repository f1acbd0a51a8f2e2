// A medium in memory, whose operations end at once: for engines at the prompt and in tests, where a crash is
// a call.
//
// What is not synced can be undone, from the newest operation to the oldest, and the oldest one that is
// undone can leave half of itself. Cost: O(1) an operation besides a map of the files; an unsynced operation
// takes some 50 bytes until the next sync, and what it replaced.
#pragma once

#include <map>
#include <vector>

#include "core/base/rng.hpp"
#include "core/store/medium.hpp"

namespace syslab {

class MemoryMedium final : public Medium {
 public:
  Expected<std::size_t> blocks(FileId file) const override;
  Ticket ended() const override { return issued(); }
  Ticket durable() const override { return durable_; }
  const std::optional<Error>& failure() const override { return failure_; }

  // Operations that a crash can undo.
  std::size_t pending() const { return undo_.size(); }
  // The power fails: of the operations that were not synced only the `kept` oldest are left, and with `torn`
  // half of the one after them. Works again afterwards. Requires: kept <= pending().
  void crash(std::size_t kept, bool torn);

  // From the operation with this ticket on, nothing reaches the medium any more; nobody notices until
  // crash().
  void lose_power_at(Ticket ticket) { power_until_ = ticket; }
  // From now on writes and syncs fail with this error, and have no effect; nothing: no more.
  void fail_writes(std::optional<Error> error) { fails_with_ = std::move(error); }
  // Forgets what failed. Whoever calls it reads again what is there.
  void forget_failure() { failure_.reset(); }
  // Flips one bit of one block of that kind, whichever `rng` says. Returns the file, if there is one.
  std::optional<FileId> damage(FileKind kind, Rng& rng);
  // Flips a bit of one block. Requires: it is there.
  void damage(FileId file, std::size_t index, Rng& rng);

 private:
  using File = std::vector<Block>;
  struct Undo {
    enum class Kind : std::uint8_t { append, write, remove } kind;
    FileId file;
    File before;  // of a write or a removal
  };

  void do_append(FileId file, std::string block) override;
  void do_write(FileId file, std::string block) override;
  void do_remove(FileId file) override;
  void do_sync() override;
  Expected<Block> do_read(FileId file, std::size_t index, Purpose why) override;
  // Whether the operation that was just issued has an effect.
  bool works();
  File& open(FileId file);

  std::map<FileId, File> files_;
  FileId last_id_{};
  File* last_ = nullptr;  // the file of the last append, which is usually that of the next one
  std::vector<Undo> undo_;
  Ticket durable_ = 0;
  Ticket power_until_ = ~Ticket{0};
  std::optional<Error> fails_with_;
  std::optional<Error> failure_;
};

}  // namespace syslab
