// A medium on the disk of a node: operations take the disk's time, end in their order, and fail as the disk's
// do.
//
// A block that is appended is a record of a file of the disk, a page a file of its own, both as text; so the
// faults of disks act on blocks: they are lost, torn, damaged, refused. A read is answered with what is there
// now, and takes its time as an operation: whoever asked waits for the ticket. Pages on their way to the disk
// are read as they will be; other files are not read before they have ended (see StorageEngine::work).
// Recovery reads ahead: of 64 blocks of a file the first one takes time.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "core/runtime/env.hpp"
#include "core/store/medium.hpp"

namespace syslab {

class DiskMedium final : public Medium {
 public:
  // `progress` is called whenever an operation has ended. Files are "NAME/log/0" ... . Requires: lives as
  // long as the process.
  DiskMedium(Env& env, std::string name, std::function<void()> progress)
      : env_(env), name_(std::move(name)), progress_(std::move(progress)) {}

  Expected<std::size_t> blocks(FileId file) const override;
  Ticket ended() const override { return ended_; }
  Ticket durable() const override { return durable_; }
  const std::optional<Error>& failure() const override { return failure_; }

  // Whoever calls it reads again what is there. Requires: all operations have ended.
  void forget_failure() { failure_.reset(); }

 private:
  struct OnTheWay {
    Block block;
    int count = 0;
  };

  std::string path(FileId file) const;
  void do_append(FileId file, std::string block) override;
  void do_write(FileId file, std::string block) override;
  void do_remove(FileId file) override;
  void do_sync() override;
  Expected<Block> do_read(FileId file, std::size_t index, Purpose why) override;
  void end(const Result& result);

  Env& env_;
  const std::string name_;
  const std::function<void()> progress_;
  std::map<FileId, OnTheWay> pages_;
  Ticket ended_ = 0;
  Ticket durable_ = 0;
  std::optional<Error> failure_;
};

}  // namespace syslab
